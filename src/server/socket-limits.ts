/** Subscriptions at once on a socket, and sockets at once of a user. */
export const SOCKET_LIMITS = { subscriptions: 100, perUser: 20, messageBytes: 1024 * 1024, initWithinMs: 3000 } as const

/** The close code for whoever has too many of something (graphql-ws takes it for a second connection_init too). */
export const TOO_MANY = 4429

/** Counts the sockets of each user. */
export class SocketCount {
  readonly #open = new Map<string, number>()

  /** @returns how to give the place back, once; null where the user has all that are allowed */
  enter(user: string): (() => void) | null {
    const open = this.#open.get(user) ?? 0
    if (open >= SOCKET_LIMITS.perUser) return null
    this.#open.set(user, open + 1)
    let left = false
    return () => {
      if (left) return
      left = true
      const rest = this.#open.get(user)! - 1
      if (rest === 0) this.#open.delete(user)
      else this.#open.set(user, rest)
    }
  }
}
