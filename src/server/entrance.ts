import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Door, Session } from '../auth/door.ts'
import type { AppContext } from '../context.ts'
import { RateLimitedError } from '../errors.ts'
import type { Api } from './api.ts'
import { refusalBody, refuseContent, refuseOrigin, type Refusal } from './guard.ts'
import { presentError } from './mask.ts'
import { addressOf, channelOf } from './sign-in.ts'
import { send } from './static.ts'

/** Answers a request that came to the API by HTTP. */
export type Entrance = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/**
 * Who may ask the API by HTTP: no page of somebody else, nothing but JSON, nobody who is not signed in; for queries,
 * mutations and event streams alike. What is refused has cost no more than its headers: nothing of its body is read.
 */
export function entranceTo(api: Api, door: Door, { log }: Pick<AppContext, 'log'>): Entrance {
  return async (request, response) => {
    const header = (name: string) => request.headers[name] as string | undefined
    const refusal = refuseOrigin(header) ?? refuseContent(request.method!, header)
    if (refusal) return refuse(response, refusal, refusal.status === 405 ? { allow: 'GET, POST' } : {})
    let session: Session
    try {
      session = await door.signIn({
        authorization: header('authorization'),
        address: addressOf(request),
        channel: channelOf(header),
      })
    } catch (error) {
      return refuseBecause(response, error, log)
    }
    if (response.destroyed) return // nobody waits any more, and its close would never be heard
    if (header('accept')?.includes('text/event-stream')) {
      response.once(
        'close',
        door.watch(session, () => response.destroy()),
      )
    }
    await api(request, response, { viewer: session.viewer })
  }
}

/** Somebody may not come in, or that cannot be decided now. */
export function refuseBecause(response: ServerResponse, error: unknown, log: AppContext['log']): void {
  const { message, extensions } = presentError(error, log)
  const code = String(extensions.code)
  const status = STATUS[code] ?? 503
  refuse(response, { status, code, message }, headersOf(error, status))
}

/** Everything else may pass. */
const STATUS: Record<string, number> = { UNAUTHENTICATED: 401, FORBIDDEN: 403, RATE_LIMITED: 429, INTERNAL: 500 }

function headersOf(error: unknown, status: number): Record<string, string> {
  if (error instanceof RateLimitedError) return { 'retry-after': String(error.retryAfterSeconds) }
  return status === 401 ? { 'www-authenticate': 'Bearer' } : {}
}

export function refuse(response: ServerResponse, refusal: Refusal, headers: Record<string, string> = {}): void {
  send(response, refusal.status, refusalBody(refusal), headers)
}
