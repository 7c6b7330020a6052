/** A text counts as repeated from this time on. */
const TIMES = 3
/** Each costs some kilobytes a connection, here and at the server. */
const KEPT = 150
/** Longer ones are written for their values, as a list of ids is. */
const MAX_LENGTH = 8000
/** Texts that are counted before counting begins again. */
const COUNTED = 2000

/**
 * Which statements come again and again. These are worth preparing: the server then reads and plans them once a
 * connection, and answers in one round trip instead of two. Bounded, because a statement can be built for its values.
 */
export class Repeated {
  readonly #kept = new Set<string>()
  #times = new Map<string, number>()

  /** Count a use of this statement. @returns whether it is to be prepared */
  has(text: string): boolean {
    if (this.#kept.has(text)) return true
    if (this.#kept.size === KEPT || text.length > MAX_LENGTH) return false
    const times = (this.#times.get(text) ?? 0) + 1
    if (this.#times.size === COUNTED) this.#times = new Map()
    this.#times.set(text, times)
    if (times < TIMES) return false
    this.#times.delete(text)
    this.#kept.add(text)
    return true
  }
}
