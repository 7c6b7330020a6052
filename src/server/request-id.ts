import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'

const current = new AsyncLocalStorage<string>()

/** Do something on behalf of a request: what is logged and answered meanwhile carries the same id. */
export function withRequestId<T>(id: string, work: () => T): T {
  return current.run(id, work)
}

/** The id of the request that the caller serves; a new one where it came by no socket. */
export function requestId(): string {
  return current.getStore() ?? randomUUID()
}
