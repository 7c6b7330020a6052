import { createYoga, type Plugin, type YogaServerInstance } from 'graphql-yoga'
import type { Door } from '../auth/door.ts'
import type { AppContext } from '../context.ts'
import { admission } from './admission.ts'
import { shortAnswers } from './answer.ts'
import type { Viewer } from '../viewer.ts'
import { refusalBody, refuseContent, refuseOrigin } from './guard.ts'
import { jsonBodies } from './json-body.ts'
import { LIMITS } from './limits.ts'
import { presentError } from './mask.ts'
import { schema } from './schema.ts'
import { introspectionForPeople, signInAt, type RequestContext } from './sign-in.ts'
import { GRAPHQL_PATH } from './paths.ts'

/** The GraphQL API as a function from Request to Response; HTTP, WebSocket and command line all go through it. */
export type Api = YogaServerInstance<RequestContext, AppContext>

/**
 * GraphQL over HTTP and Server-Sent Events. Safe before anybody signs in: no CORS, JSON bodies only, no mutation by
 * GET, no batches, no uploads, no foreign page, no pictures of what went wrong inside; and no more than LIMITS.
 *
 * @param options.door        where requests sign in; without one they are the context's own viewer's, in this process
 * @param options.operationMs how long an operation may take
 */
export function createApi(ctx: AppContext, options: { door?: Door; operationMs?: number } = {}): Api {
  const { door, operationMs = LIMITS.operationMs } = options
  const own = door ? NOBODY : ctx.viewer
  return createYoga<RequestContext, AppContext>({
    schema,
    context: ({ viewer = own }) => ({ ...ctx, viewer }), // its own for each request: answers about rights are kept in it
    graphqlEndpoint: GRAPHQL_PATH,
    graphiql: false,
    landingPage: false,
    cors: false,
    batching: false,
    multipart: false,
    maxRequestBodySize: LIMITS.bodyBytes,
    maskedErrors: { isDev: false, maskError: (error) => presentError(error, ctx.log) },
    logging: { debug: () => {}, info: () => {}, warn: (...text) => ctx.log.warn(text), error: () => {} }, // presentError logs
    parserAndValidationCache: false, // admission keeps what it has read
    plugins: [
      guard,
      ...(door ? [signInAt(door)] : []),
      jsonBodies,
      admission(operationMs),
      introspectionForPeople(),
      shortAnswers(),
    ],
  })
}

/** Should a way past the door ever be found, it leads nowhere. */
const NOBODY: Viewer = { name: 'nobody', roles: [], channel: 'API' }

const guard: Plugin = {
  onRequest(event) {
    const header = (name: string) => event.request.headers.get(name)
    const refusal = refuseOrigin(header) ?? refuseContent(event.request.method, header)
    if (!refusal) return
    const headers = { 'content-type': 'application/json', ...(refusal.status === 405 && { allow: 'GET, POST' }) }
    event.endResponse(new event.fetchAPI.Response(refusalBody(refusal), { status: refusal.status, headers }))
  },
}
