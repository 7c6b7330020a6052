import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import type { Logger } from 'pino'
import { WebSocket } from 'ws'
import { serveHttp, SLOWEST, type HttpServer } from '../../src/server/http.ts'
import { SIGNED_IN, testContext, type TestContext } from '../helpers.ts'

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  text: string
  /** ms from the first byte sent to the last one read */
  ms: number
}

/** A listening server of its own for a suite, and ways to be rude to it. */
export interface Target {
  ctx: TestContext
  server: HttpServer
  /** POST a body as it is, signed in unless the headers say otherwise. */
  send(body: string | Buffer, headers?: Record<string, string>, path?: string, method?: string): Promise<Answer>
  /** POST a GraphQL question and insist on GraphQL's own media type, which gives errors their status. */
  ask(query: string, variables?: string): Promise<Answer>
  /** The same question by WebSocket: what is answered first. */
  askSocket(query: string, variables?: string, signedIn?: object): Promise<{ type: string; payload: unknown }>
  socket(headers?: Record<string, string>): WebSocket
  close(): Promise<void>
}

export const GRAPHQL_RESPONSE = 'application/graphql-response+json'

export interface TargetOptions {
  threads?: number
  slowest?: typeof SLOWEST
  log?: Logger
  /** while it says what, every query fails with it */
  failure?: () => Error | false
}

export async function target(options: TargetOptions = {}): Promise<Target> {
  const opened = await testContext(options)
  const { log = opened.log, failure = () => false } = options
  const ctx = { ...opened, log, db: failing(opened.db, failure), config: { ...opened.config, port: 0 } }
  const server = await serveHttp(ctx, '/nowhere', options.slowest)
  const { hostname, port } = new URL(server.url)
  const send: Target['send'] = (body, headers = {}, path = '/graphql', method = 'POST') =>
    new Promise((resolve, reject) => {
      const started = performance.now()
      const request = httpRequest(
        { hostname, port, path, method, headers: { ...SIGNED_IN, ...headers } },
        (response) => {
          let text = ''
          response.on('data', (chunk) => (text += chunk))
          response.on('end', () =>
            resolve({
              status: response.statusCode!,
              headers: response.headers,
              text,
              ms: performance.now() - started,
            }),
          )
          response.on('error', reject)
        },
      )
      request.on('error', reject)
      request.end(body)
    })
  const socket = (headers = {}) =>
    new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers })
  return {
    ctx,
    server,
    send,
    ask: (query, variables = '{}') =>
      send(`{"query":${JSON.stringify(query)},"variables":${variables}}`, {
        'content-type': 'application/json',
        accept: GRAPHQL_RESPONSE,
      }),
    socket,
    askSocket: (query, variables, signedIn) => askSocket(socket(), query, variables ?? '{}', signedIn ?? SIGNED_IN),
    close: async () => {
      await server.close()
      await ctx.close()
    },
  }
}

/** The same database, whose selects fail while there is a failure. */
function failing(db: TestContext['db'], failure: () => Error | false): TestContext['db'] {
  return new Proxy(db, {
    get(target, name) {
      const error = name === 'select' && failure()
      if (error) throw error
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

function askSocket(
  socket: WebSocket,
  query: string,
  variables: string,
  signedIn: object,
): Promise<{ type: string; payload: unknown }> {
  return new Promise((resolve, reject) => {
    socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload: signedIn })))
    socket.on('error', reject)
    socket.on('close', (code) => reject(new Error(`closed with ${code}`)))
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as { type: string; payload: unknown }
      if (message.type === 'connection_ack') {
        const payload = `{"query":${JSON.stringify(query)},"variables":${variables}}`
        socket.send(`{"id":"1","type":"subscribe","payload":${payload}}`)
      } else if (message.type !== 'ping') {
        resolve(message)
        socket.removeAllListeners('close')
        socket.close()
      }
    })
  })
}

export function errorsOf(answer: Pick<Answer, 'text'>): { message: string; extensions: Record<string, unknown> }[] {
  return (JSON.parse(answer.text) as { errors: { message: string; extensions: Record<string, unknown> }[] }).errors
}
