import { lt, sql } from 'drizzle-orm'
import { type Api, GrammyError, type Bot } from 'grammy'
import type { Update } from 'grammy/types'
import type { AppContext } from '../context.ts'
import { type Talk, UPDATE_KINDS } from './bot.ts'
import { pauseFor, rest } from './resilience.ts'
import { telegramUpdates } from './table.ts'

/** Telegram keeps an update for a day. */
const KEPT_DAYS = 7
/** How long Telegram holds a request while nothing happens. */
const HOLD_SECONDS = 25
const LONGEST_PAUSE_MS = 60_000

/**
 * Takes updates, each once, however often it is delivered. What one person does happens in its order; people do not
 * wait for each other.
 */
export class Updates {
  readonly #ctx: AppContext
  readonly #bot: Bot<Talk>
  /** by person, what is still being done */
  readonly #busy = new Map<number, Promise<void>>()

  constructor(ctx: AppContext, bot: Bot<Talk>) {
    this.#ctx = ctx
    this.#bot = bot
  }

  /** @throws Error where the database does not answer: Telegram has to deliver it again */
  async take(update: Update): Promise<void> {
    const rows = await this.#ctx.db
      .insert(telegramUpdates)
      .values({ updateId: update.update_id })
      .onConflictDoNothing()
      .returning()
    if (rows.length === 0) return
    const person = update.callback_query?.from.id ?? update.message?.from?.id ?? 0
    const before = this.#busy.get(person) ?? Promise.resolve()
    const done = before.then(() => this.#handle(update))
    this.#busy.set(person, done)
    void done.then(() => this.#busy.get(person) === done && this.#busy.delete(person))
  }

  async #handle(update: Update): Promise<void> {
    try {
      await this.#bot.handleUpdate(update)
    } catch (error) {
      const { message } = error as Error
      this.#ctx.log.error({ error: message, update: update.update_id }, 'a Telegram update came to nothing')
    }
  }

  /** Wait for what is being done. */
  async settled(): Promise<void> {
    await Promise.all(this.#busy.values())
  }

  /** Fetch updates until the end. An outage, a wrong token or a second fetcher is waited out. */
  async poll(stopping: AbortSignal): Promise<void> {
    let offset = 0
    for (let failures = 0; !stopping.aborted;) {
      try {
        const updates = await this.#fetch(offset, stopping)
        for (const update of updates) {
          await this.take(update)
          offset = update.update_id + 1
        }
        failures = 0
      } catch (error) {
        if (stopping.aborted) return
        const pause = pauseAfter(error, ++failures)
        this.#ctx.log.warn({ reason: (error as Error).message, pauseMs: pause }, 'Telegram gives no updates')
        await rest(pause, stopping)
      }
    }
  }

  #fetch(offset: number, stopping: AbortSignal): Promise<Update[]> {
    const options = { offset, timeout: HOLD_SECONDS, allowed_updates: UPDATE_KINDS }
    return this.#bot.api.getUpdates(options, stopping as Parameters<Api['getUpdates']>[1])
  }

  async prune(): Promise<void> {
    const old = sql`now() - ${KEPT_DAYS}::integer * interval '1 day'`
    await this.#ctx.db.delete(telegramUpdates).where(lt(telegramUpdates.createdAt, old))
  }
}

/** What Telegram asks for, else longer each time, ms. */
export function pauseAfter(error: unknown, failures: number): number {
  const asked = error instanceof GrammyError ? pauseFor(error.error_code, error.parameters.retry_after, failures) : null
  const growing = 250 * (1 << Math.min(10, failures))
  return Math.min(LONGEST_PAUSE_MS, Math.max(asked ?? 0, growing))
}
