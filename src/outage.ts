import { setTimeout as wait } from 'node:timers/promises'
import { databaseFailure } from './db-failure.ts'
import { StorageFullError, UnavailableError } from './errors.ts'

const TRY_AGAIN_AFTER_MS = 1000

/** Whether the database is away or full: it will be back, and what was being done is not to blame. */
export function isOutage(thrown: unknown): boolean {
  const error = databaseFailure(thrown) ?? thrown
  return error instanceof UnavailableError || error instanceof StorageFullError
}

/**
 * Do work that may be done again and again until the database lets it be done.
 *
 * @throws every other error, and the outage itself once the signal aborts
 */
export async function outlasting<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!isOutage(error)) throw error
      await wait(TRY_AGAIN_AFTER_MS, undefined, { signal }).catch(() => {})
      if (signal.aborted) throw error
    }
  }
}
