import { setTimeout as sleep } from 'node:timers/promises'
import type { Transformer } from 'grammy'

const ATTEMPTS = 4
const FIRST_PAUSE_MS = 250
/** Telegram may ask for minutes; an answer that late is of no use, and what must arrive is in the outbox. */
const LONGEST_PAUSE_MS = 20_000

/**
 * Call Telegram again where it was busy or out of reach, as long as it asks to wait where it says so.
 *
 * @param stopping nobody waits any more
 */
export function retrying(stopping: AbortSignal): Transformer {
  return async (previous, method, payload, signal) => {
    for (let attempt = 1; ; attempt++) {
      const isLast = attempt === ATTEMPTS || method === 'getUpdates' || stopping.aborted
      try {
        const answer = await previous(method, payload, signal)
        if (answer.ok || isLast) return answer
        const pause = pauseFor(answer.error_code, answer.parameters?.retry_after, attempt)
        if (pause === null || pause > LONGEST_PAUSE_MS) return answer
        await rest(pause, stopping)
      } catch (error) {
        if (isLast) throw error
        await rest(FIRST_PAUSE_MS * (1 << attempt), stopping)
      }
    }
  }
}

/** How long to wait before asking again, ms; null where asking again does not help. */
export function pauseFor(code: number, retryAfterSeconds: number | undefined, attempt: number): number | null {
  if (code === 429) return 1000 * (retryAfterSeconds ?? 1)
  return code >= 500 ? FIRST_PAUSE_MS * (1 << attempt) : null
}

/** Wait, but not beyond the end. */
export async function rest(ms: number, stopping: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal: stopping }).catch(() => {})
}
