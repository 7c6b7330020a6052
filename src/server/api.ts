import { createYoga, type Plugin, type YogaServerInstance } from 'graphql-yoga'
import type { AppContext } from '../context.ts'
import { admission } from './admission.ts'
import { shortAnswers } from './answer.ts'
import { refusalBody, refuseContent, refuseOrigin } from './guard.ts'
import { LIMITS } from './limits.ts'
import { presentError } from './mask.ts'
import { schema } from './schema.ts'

/** The GraphQL API as a function from Request to Response; HTTP, WebSocket and command line all go through it. */
export type Api = YogaServerInstance<object, AppContext>

export const GRAPHQL_PATH = '/graphql'

/**
 * GraphQL over HTTP and Server-Sent Events. Safe before anybody signs in: no CORS, JSON bodies only, no mutation by
 * GET, no batches, no uploads, no foreign page, no pictures of what went wrong inside; and no more than LIMITS.
 *
 * @param operationMs how long an operation may take
 */
export function createApi(ctx: AppContext, operationMs: number = LIMITS.operationMs): Api {
  return createYoga<object, AppContext>({
    schema,
    context: () => ctx,
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
    plugins: [guard, admission(operationMs), shortAnswers()],
  })
}

const guard: Plugin = {
  onRequest(event) {
    const header = (name: string) => event.request.headers.get(name)
    const refusal = refuseOrigin(header) ?? refuseContent(event.request.method, header)
    if (!refusal) return
    const headers = { 'content-type': 'application/json', ...(refusal.status === 405 && { allow: 'GET, POST' }) }
    event.endResponse(new event.fetchAPI.Response(refusalBody(refusal), { status: refusal.status, headers }))
  },
}
