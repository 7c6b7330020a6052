import { AsyncLocalStorage } from 'node:async_hooks'

const current = new AsyncLocalStorage<AbortSignal | undefined>()

/**
 * Do something as part of an operation: when `signal` aborts, statements and calculations that were begun inside are
 * cancelled, however deep, without each service function passing the signal on.
 */
export function inOperation<T>(signal: AbortSignal, work: () => T): T {
  return current.run(signal, work)
}

/** Do something that outlives the operation it was begun in, as a job does that a request has created. */
export function outsideOperation<T>(work: () => T): T {
  return current.run(undefined, work)
}

/** The signal of the operation that the caller is part of; undefined outside. */
export function operationSignal(): AbortSignal | undefined {
  return current.getStore()
}
