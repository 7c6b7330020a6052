import type { IncomingMessage, ServerResponse } from 'node:http'
import { GraphQLError, visit, type DocumentNode } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import type { Door } from '../auth/door.ts'
import { DomainError, RateLimitedError } from '../errors.ts'
import { allows, type Channel, type Viewer } from '../viewer.ts'
import { refusalBody, type HeaderOf } from './guard.ts'

/** What a request brings along: its connection, and who sent it once that is known. */
export interface RequestContext {
  req?: IncomingMessage
  res?: ServerResponse
  viewer?: Viewer
}

/** Lets nobody by who is not signed in: before a document is read, for queries, mutations and event streams alike. */
export function signInAt(door: Door): Plugin<object, RequestContext> {
  return {
    async onRequest(event) {
      const { request, serverContext } = event
      const { req, res } = serverContext
      const header = (name: string) => request.headers.get(name)
      try {
        const session = await door.signIn({
          authorization: header('authorization') ?? undefined,
          address: addressOf(req),
          channel: channelOf(header),
        })
        serverContext.viewer = session.viewer
        if (res && header('accept')?.includes('text/event-stream')) {
          res.once(
            'close',
            door.watch(session, () => res.destroy()),
          )
        }
      } catch (error) {
        if (!(error instanceof DomainError)) throw error
        event.endResponse(refusal(error, event.fetchAPI.Response))
      }
    },
  }
}

export function addressOf(request: IncomingMessage | undefined): string {
  return request?.socket.remoteAddress ?? 'unknown'
}

/** By which door somebody comes, as far as the client says so; it is written down, and decides nothing. */
export function channelOf(header: HeaderOf): Channel {
  if (header('sec-fetch-site') || header('origin')) return 'DASHBOARD'
  return header('user-agent')?.startsWith('tunebook/') ? 'CLI' : 'API'
}

function refusal(error: DomainError, Answer: typeof Response): Response {
  const late = error instanceof RateLimitedError
  const status = late ? 429 : error.code === 'UNAUTHENTICATED' ? 401 : 503
  const headers = {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    ...(status === 401 && { 'www-authenticate': 'Bearer' }),
    ...(late && { 'retry-after': String(error.retryAfterSeconds) }),
  }
  return new Answer(refusalBody({ status, code: error.code, message: error.message }), { status, headers })
}

/** The schema is for people and their tools; a bot has no business with it. Holds for every transport. */
export function introspectionForPeople(): Plugin<object, RequestContext> {
  return {
    onValidate({ context, params }) {
      const { viewer } = context as RequestContext
      if (!viewer || allows(viewer, 'VIEWER')) return undefined
      return ({ setResult }) => {
        if (asksForSchema(params.documentAST as DocumentNode)) setResult([NOT_FOR_BOTS])
      }
    },
  }
}

const NOT_FOR_BOTS = new GraphQLError('Introspection needs the role VIEWER. The schema is in schema.graphql.', {
  extensions: { code: 'FORBIDDEN' },
})

function asksForSchema(document: DocumentNode): boolean {
  let found = false
  visit(document, { Field: ({ name }) => void (found ||= name.value === '__schema' || name.value === '__type') })
  return found
}
