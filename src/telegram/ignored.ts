import { audit } from '../auth/audit.ts'
import type { AppContext } from '../context.ts'

/** The same stranger with the same reason is written down once in this time. */
const ONCE_IN_MS = 600_000
/** All together in the same time: the log is kept for ever, and whoever wants may write to a bot. */
const MOST = 100

/** Writes down what got no answer, so that it can be seen without letting strangers fill the log. */
export class Ignored {
  readonly #ctx: AppContext
  readonly #seen = new Map<string, number>()

  constructor(ctx: AppContext) {
    this.#ctx = ctx
  }

  async note(reason: string, from: string | null, detail: Record<string, unknown> = {}): Promise<void> {
    const now = performance.now()
    for (const [key, at] of this.#seen) if (now - at > ONCE_IN_MS) this.#seen.delete(key)
    const key = `${reason} ${from}`
    if (this.#seen.has(key) || this.#seen.size >= MOST) return
    this.#seen.set(key, now)
    const viewer = { name: `telegram:${from ?? 'unknown'}`, roles: [], channel: 'TELEGRAM' as const }
    await this.#ctx.db.transaction((tx) => audit(tx, viewer, 'TELEGRAM_IGNORED', null, { reason, ...detail }))
  }
}
