import type { Session } from './door.ts'

/** For so long a session counts as it was found, should the news of its revocation be lost. */
const FRESH_MS = 2000
const MAX_KEPT = 1000

interface Found {
  session: Promise<Session | null>
  /** ms, monotonic, when it was begun to be looked for */
  at: number
}

/**
 * Sessions as they were found a moment ago: whoever asks a hundred times a second is looked for once in two, and a
 * thousand sockets that open at once with one token ask the database once. Whoever revokes a token has all forgotten.
 */
export class RecentSessions {
  /** the longest known first */
  readonly #found = new Map<string, Found>()
  readonly #clock: () => number

  /** @param clock ms, monotonic */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock
  }

  /**
   * The session that `look` finds, or has found a moment ago. That there is none, or that it cannot be told, is not
   * kept.
   *
   * @param key what was shown to sign in, hashed, and all else that the session depends on
   */
  async find(key: string, look: () => Promise<Session | null>): Promise<Session | null> {
    const known = this.#found.get(key)
    if (!known || this.#clock() - known.at >= FRESH_MS) return this.#lookNow(key, look)
    const session = await known.session
    return session && isOver(session) ? this.#lookNow(key, look) : session
  }

  /** A token was revoked: nothing that was found before counts, not even what is being looked for. */
  forget(): void {
    this.#found.clear()
  }

  async #lookNow(key: string, look: () => Promise<Session | null>): Promise<Session | null> {
    const found: Found = { session: look(), at: this.#clock() }
    this.#found.delete(key)
    if (this.#found.size >= MAX_KEPT) this.#found.delete(this.#found.keys().next().value!)
    this.#found.set(key, found)
    const session = await found.session.catch((error: unknown) => {
      this.#drop(key, found)
      throw error
    })
    if (!session) this.#drop(key, found)
    return session
  }

  #drop(key: string, found: Found): void {
    if (this.#found.get(key) === found) this.#found.delete(key)
  }
}

function isOver({ expiresAt }: Session): boolean {
  return expiresAt !== null && expiresAt <= Date.now()
}
