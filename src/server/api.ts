import { createYoga, type YogaServerInstance } from 'graphql-yoga'
import type { AppContext } from '../context.ts'
import { admission } from './admission.ts'
import { shortAnswers } from './answer.ts'
import { jsonBodies } from './json-body.ts'
import { LIMITS } from './limits.ts'
import { presentError } from './mask.ts'
import { schema } from './schema.ts'
import { sharedResults } from './shared-results.ts'
import { introspectionForPeople, type RequestContext } from './sign-in.ts'
import { GRAPHQL_PATH } from './paths.ts'

/** The GraphQL API as a function from Request to Response; HTTP, WebSocket and command line all go through it. */
export type Api = YogaServerInstance<RequestContext, AppContext>

/**
 * GraphQL over HTTP and Server-Sent Events: no CORS, JSON bodies only, no mutation by GET, no batches, no uploads, no
 * pictures of what went wrong inside; and no more than LIMITS. Who may ask is decided before, at the entrance.
 *
 * @param ctx                 its viewer is who asks without being named
 * @param options.operationMs how long an operation may take
 */
export function createApi(ctx: AppContext, { operationMs = LIMITS.operationMs }: { operationMs?: number } = {}): Api {
  return createYoga<RequestContext, AppContext>({
    schema,
    context: ({ viewer = ctx.viewer }) => ({ ...ctx, viewer }), // its own for each request: answers about rights are kept in it
    graphqlEndpoint: GRAPHQL_PATH,
    graphiql: false,
    landingPage: false,
    cors: false,
    batching: false,
    multipart: false,
    maxRequestBodySize: false, // jsonBodies counts
    maskedErrors: { isDev: false, maskError: (error) => presentError(error, ctx.log) },
    logging: { debug: () => {}, info: () => {}, warn: (...text) => ctx.log.warn(text), error: () => {} }, // presentError logs
    parserAndValidationCache: false, // admission keeps what it has read
    plugins: [jsonBodies, admission(operationMs), introspectionForPeople(), sharedResults(ctx), shortAnswers()],
  })
}
