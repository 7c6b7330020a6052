import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import type { AddressInfo } from 'node:net'
import { Door } from '../auth/door.ts'
import type { AppContext } from '../context.ts'
import { ConflictError, ForbiddenError, ValidationError } from '../errors.ts'
import type { Telegram } from '../telegram/service.ts'
import { allows, type Viewer } from '../viewer.ts'
import { addressOf } from './sign-in.ts'
import { createApi } from './api.ts'
import { entranceTo, refuse, refuseBecause } from './entrance.ts'
import { BODY_TOO_LARGE, bracketed, refuseHost } from './guard.ts'
import { isReady } from './health.ts'
import { LIMITS } from './limits.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { withRequestId } from './request-id.ts'
import { SECURITY_HEADERS, send, serveStatic } from './static.ts'
import { acceptWebSockets } from './websocket.ts'
import { GRAPHQL_PATH } from './paths.ts'

/** A listening server. */
export interface HttpServer {
  /** http://127.0.0.1:4000 */
  url: string
  /** Stop accepting, finish calls, close sockets with 1001. Idempotent. */
  close(): Promise<void>
}

const DASHBOARD = fileURLToPath(new URL('../../build/web', import.meta.url))
/** A client that sends its request, or reads its answer, slower than this is cut off. */
export const SLOWEST = { headersTimeout: 10_000, requestTimeout: 25_000, connectionsCheckingInterval: 1000 }
const SECURITY = new Map(Object.entries(SECURITY_HEADERS))
const TELEGRAM_PATH = '/telegram'
const READING_MS = 60_000
/** Should a way past the door ever be found, it leads nowhere. */
const NOBODY: Viewer = { name: 'nobody', roles: [], channel: 'API' }
/** How long calls may go on once the server is stopping. */
const FINISH_WITHIN_MS = 5000

/**
 * Serve the API, the dashboard, the health and the Telegram bot of `ctx` on the configured address.
 *
 * @param dashboard folder of the built pages
 * @param slowest   how long a request may take to arrive, ms
 * @throws ConflictError   the port is taken
 * @throws ValidationError the address cannot be listened on
 */
export async function serveHttp(ctx: AppContext, dashboard = DASHBOARD, slowest = SLOWEST): Promise<HttpServer> {
  const { host, port } = ctx.config
  const door = await Door.open(ctx)
  const api = createApi({ ...ctx, viewer: NOBODY })
  const enter = entranceTo(api, door, ctx)
  const metrics = createMetrics(ctx)
  const watch = watcher(ctx, metrics)
  const streams = new Set<ServerResponse>()
  const open = new Set<ServerResponse>()
  let telegram: Telegram | null = null
  const server = createServer(slowest, (request, response) => {
    const id = randomUUID()
    watch(request, response, id)
    open.add(response)
    response.once('close', () => open.delete(response))
    response.setHeaders(SECURITY)
    response.setHeader('x-request-id', id)
    const path = request.url!.split('?', 1)[0]
    // It comes by the name that Telegram was told, and is known by its secret instead.
    if (path === TELEGRAM_PATH && telegram?.webhook) return void telegram.webhook(request, response).catch(() => {})
    const refusal = refuseHost((name) => request.headers[name] as string | undefined, ctx.config)
    if (refusal) return refuse(response, refusal)
    if (Number(request.headers['content-length']) > LIMITS.bodyBytes) return refuseBody(request, response)
    if (path === GRAPHQL_PATH) {
      response.setHeader('cache-control', 'no-store')
      trackStream(streams, request, response)
      void withRequestId(id, () => enter(request, response))
    } else if (path === '/health/live') send(response, 200, '{"status":"live"}')
    else if (path === '/health/ready') void answerReady(ctx, response)
    else if (path === '/metrics') void answerMetrics(door, metrics, ctx, request, response)
    else void serveStatic(dashboard, request, response)
  })
  server.timeout = READING_MS
  const closeSockets = acceptWebSockets(server, api, door, ctx)
  await listen(server, port, host).catch((error: unknown) => {
    door.close()
    throw error
  })
  // Most servers have no bot, and its library takes long to load.
  if (ctx.config.telegram) telegram = (await import('../telegram/service.ts')).startTelegram(ctx)
  let closed: Promise<void> | undefined
  return {
    url: `http://${bracketed(host)}:${(server.address() as AddressInfo).port}`,
    close: () => {
      door.close()
      return (closed ??= stop(server, { streams, open }, closeSockets, telegram))
    },
  }
}

/** Connections that wait to be accepted. Beyond (Node's 511) a client is not answered, and tries again after a second. */
const BACKLOG = 4096

/** Wait until the port is ours, or say why it cannot be. */
export function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenProblem(error, port, host)))
    server.listen({ port, host, backlog: BACKLOG }, resolve)
  })
}

function listenProblem(error: NodeJS.ErrnoException, port: number, host: string): Error {
  if (error.code === 'EADDRINUSE') {
    return new ConflictError(
      `PORT: ${port} on ${host} is taken by another process. Stop that one, or set PORT to a free port.`,
    )
  }
  if (error.code === 'EACCES')
    return ValidationError.at('PORT', `${port} needs administrator rights. Use one above 1023.`)
  if (error.code === 'EADDRNOTAVAIL') return ValidationError.at('HOST', `${host} is not an address of this machine.`)
  return error
}

/** A subscription over HTTP has no end of its own, so it is remembered until its client leaves. */
function trackStream(streams: Set<ServerResponse>, request: IncomingMessage, response: ServerResponse): void {
  if (!request.headers.accept?.includes('text/event-stream')) return
  streams.add(response)
  response.once('close', () => streams.delete(response))
}

/** A body that says it is too long is not read: the connection ends with the answer. */
function refuseBody(request: IncomingMessage, response: ServerResponse): void {
  refuse(response, BODY_TOO_LARGE, { connection: 'close' })
  response.once('finish', () => setTimeout(() => request.destroy(), 100).unref()) // time to read it
}

/** Paths that are told apart in metrics; what a client invents is one of the dashboard's. */
const ROUTES = [GRAPHQL_PATH, '/health/live', '/health/ready', '/metrics']

/** Times each answer, and logs it under the id that its headers carry. Nothing of its query or its body is logged. */
function watcher({ log }: Pick<AppContext, 'log'>, metrics: Metrics) {
  return (request: IncomingMessage, response: ServerResponse, requestId: string): void => {
    const began = performance.now()
    response.once('close', () => {
      const path = request.url!.split('?', 1)[0]
      const { statusCode: status } = response
      const ms = Math.round(performance.now() - began)
      metrics.answered(ROUTES.includes(path) ? path : 'dashboard', status, ms / 1000)
      const level = status >= 500 ? 'warn' : status >= 400 ? 'info' : 'debug'
      log[level]({ requestId, method: request.method, path: path.slice(0, 200), status, ms }, 'answered')
    })
  }
}

/** For those who may look at jobs: the figures tell how busy somebody is, and with what. */
async function answerMetrics(
  door: Door,
  metrics: Metrics,
  { log }: Pick<AppContext, 'log'>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const { authorization } = request.headers
    const { viewer } = await door.signIn({ authorization, address: addressOf(request), channel: 'API' })
    if (!allows(viewer, 'VIEWER')) throw new ForbiddenError('/metrics needs the role VIEWER.')
    send(response, 200, await metrics.text(), { 'content-type': metrics.contentType })
  } catch (error) {
    refuseBecause(response, error, log)
  }
}

async function answerReady(ctx: AppContext, response: ServerResponse): Promise<void> {
  if (await isReady(ctx)) send(response, 200, '{"status":"ready"}')
  else send(response, 503, '{"status":"unavailable","reason":"The database does not answer."}')
}

/** Subscribers are cut, not completed: "complete" would tell them that there is nothing more to come. */
async function stop(
  server: Server,
  { streams, open }: { streams: Set<ServerResponse>; open: Set<ServerResponse> },
  closeSockets: () => Promise<void>,
  telegram: Telegram | null,
): Promise<void> {
  const done = new Promise((resolve) => server.close(resolve))
  for (const stream of streams) stream.destroy()
  // who has asked nothing is not waited for
  const sweep = setInterval(() => (open.size > 0 ? server.closeIdleConnections() : server.closeAllConnections()), 50)
  const force = setTimeout(() => server.closeAllConnections(), FINISH_WITHIN_MS)
  await Promise.all([done, closeSockets(), telegram?.stop()])
  clearInterval(sweep)
  clearTimeout(force)
}
