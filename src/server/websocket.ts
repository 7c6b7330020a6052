import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { GraphQLError, type ExecutionArgs, type FormattedExecutionResult, type GraphQLFormattedError } from 'graphql'
import { handleProtocols, type SubscribePayload } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import type { Logger } from 'pino'
import { WebSocketServer, type WebSocket } from 'ws'
import type { Door, Session } from '../auth/door.ts'
import type { Config } from '../config.ts'
import type { AppContext } from '../context.ts'
import { RateLimitedError } from '../errors.ts'
import type { Viewer } from '../viewer.ts'
import { shortErrors } from './answer.ts'
import type { Api } from './api.ts'
import { delivered } from './delivery.ts'
import { refuseHost, refuseOrigin, type Refusal } from './guard.ts'
import { presentError } from './mask.ts'
import { addressOf, channelOf } from './sign-in.ts'
import type { SharedResult } from './shared-results.ts'
import { SOCKET_LIMITS, SocketCount, TOO_MANY } from './socket-limits.ts'
import { GRAPHQL_PATH } from './paths.ts'

/** How long a client may take to answer our farewell. */
const FAREWELL_MS = 1000
/** The close code for a token that does not count, or not any more. */
const FORBIDDEN = 4403

/** What is known of a socket; its session from connection_init on. */
interface Connection extends Record<PropertyKey, unknown> {
  socket: WebSocket
  request: IncomingMessage
  session?: Session
}

/** An operation with the functions that run it: Yoga's, so that a socket gets what HTTP gets. */
type Operation = ExecutionArgs & { run: Pick<ReturnType<Api['getEnveloped']>, 'execute' | 'subscribe'> }

/**
 * GraphQL over WebSocket (the graphql-transport-ws protocol) on the path of the HTTP API, for pages of this server
 * and for programs that send no Origin.
 *
 * @returns how to end it: every client is told to come back later (1001)
 */
export function acceptWebSockets(
  server: Server,
  api: Api,
  door: Door,
  { config, log }: Pick<AppContext, 'config' | 'log'>,
): () => Promise<void> {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: SOCKET_LIMITS.messageBytes, handleProtocols })
  const count = new SocketCount()
  const protocol = useServer<Record<string, unknown>, Connection>(
    {
      connectionInitWaitTimeout: SOCKET_LIMITS.initWithinMs,
      onConnect: ({ extra, connectionParams }) => enter(door, count, extra, connectionParams?.authorization),
      execute: (args) => (args as Operation).run.execute(args) as never,
      subscribe: (args) => (args as Operation).run.subscribe(args) as never,
      onSubscribe: ({ subscriptions, extra }, _, payload) => {
        if (Object.keys(subscriptions).length <= SOCKET_LIMITS.subscriptions)
          return prepare(api, payload, extra.session!.viewer, log)
        const reason = `At most ${SOCKET_LIMITS.subscriptions} subscriptions at once.`
        extra.socket.close(TOO_MANY, reason)
        return [new GraphQLError(reason)]
      },
      onOperation: ({ extra }, id, _, __, result) =>
        Symbol.asyncIterator in result
          ? delivered(extra.socket, id, result as AsyncIterableIterator<Result>, textOf)
          : undefined,
      onNext: (_, __, ___, ____, result) => presented(result),
      onError: (_, __, ___, errors) => toClient(errors),
      isProd: true,
    },
    sockets,
  )
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refusal = refuseUpgrade(request, config)
    if (refusal) return turnAway(socket, refusal)
    sockets.handleUpgrade(request, socket, head, (client) => {
      sockets.emit('connection', client, request)
      client.removeAllListeners('error') // graphql-ws would print it; ws has closed the socket with the right code
      client.on('error', (error) => log.debug({ err: error }, 'a WebSocket failed'))
    })
  })
  return async () => {
    const force = setTimeout(() => sockets.clients.forEach((client) => client.terminate()), FAREWELL_MS)
    await protocol.dispose()
    clearTimeout(force)
  }
}

/**
 * Sign a client in by what it sent with connection_init, for as long as that counts.
 *
 * @returns false: graphql-ws closes the socket with 4403, unless it is being closed already
 */
async function enter(door: Door, count: SocketCount, connection: Connection, authorization: unknown): Promise<boolean> {
  const { socket } = connection
  const session = await signIn(door, connection, authorization)
  if (!session || socket.readyState !== socket.OPEN) return false // its close would never be heard
  const leave = count.enter(session.viewer.tokenId!)
  if (!leave) {
    socket.close(TOO_MANY, `At most ${SOCKET_LIMITS.perUser} sockets at once. Use one for everything.`)
    return false
  }
  connection.session = session
  const forget = door.watch(session, () => socket.close(FORBIDDEN, 'The token does not count any more.'))
  socket.once('close', () => {
    leave()
    forget()
  })
  return true
}

async function signIn(door: Door, { socket, request }: Connection, authorization: unknown): Promise<Session | null> {
  const header = (name: string) => request.headers[name] as string | undefined
  try {
    return await door.signIn({
      authorization: typeof authorization === 'string' ? authorization : undefined,
      address: addressOf(request),
      channel: channelOf(header),
    })
  } catch (error) {
    if (error instanceof RateLimitedError) socket.close(TOO_MANY, 'Too many failed sign-ins. Try again later.')
    return null
  }
}

/** Parse and validate as Yoga does. Errors are returned: thrown ones would close the socket and all it carries. */
async function prepare(
  api: Api,
  payload: SubscribePayload,
  viewer: Viewer,
  log: Logger,
): Promise<Operation | readonly GraphQLError[]> {
  const { schema, parse, validate, contextFactory, execute, subscribe } = api.getEnveloped({ params: payload, viewer })
  try {
    const document = parse(payload.query)
    const errors: readonly GraphQLError[] = validate(schema, document)
    if (errors.length > 0) return errors.map((error) => withoutStatus(presentError(error, log)))
    return {
      schema,
      document,
      contextValue: await contextFactory(),
      run: { execute, subscribe },
      ...(payload.operationName && { operationName: payload.operationName }),
      ...(payload.variables && { variableValues: payload.variables }),
    }
  } catch (error) {
    return [withoutStatus(presentError(error, log))]
  }
}

/** Of the one graphql or of the other: graphql-ws has its own idea of an absent list of errors. */
type Result = { data?: unknown; errors?: readonly GraphQLError[] | undefined }

function presented({ errors, ...result }: Result): FormattedExecutionResult | undefined {
  return errors && ({ ...result, errors: toClient(errors) } as FormattedExecutionResult)
}

/** Errors carry the id of a request, so they are written for each client. */
function textOf(result: Result): string {
  if (result.errors) return JSON.stringify(presented(result))
  return (result as Partial<SharedResult>).stringify?.() ?? JSON.stringify(result)
}

function toClient(errors: readonly GraphQLError[]): GraphQLFormattedError[] {
  return shortErrors(errors).map((error) => withoutStatus(error).toJSON())
}

/** An HTTP status means nothing here. */
function withoutStatus(error: GraphQLError): GraphQLError {
  delete error.extensions.http
  delete error.extensions.unexpected
  return error
}

function refuseUpgrade(request: IncomingMessage, config: Config): Refusal | null {
  const header = (name: string) => request.headers[name] as string | undefined
  if (request.url?.split('?')[0] !== GRAPHQL_PATH) {
    return { status: 404, code: 'NOT_FOUND', message: `WebSockets are at ${GRAPHQL_PATH}.` }
  }
  return refuseHost(header, config) ?? refuseOrigin(header)
}

function turnAway(socket: Duplex, { status, message }: Refusal): void {
  socket.on('error', () => {}) // the client may be gone already
  socket.end(
    `HTTP/1.1 ${status} ${status === 404 ? 'Not Found' : 'Forbidden'}\r\nConnection: close\r\n` +
      `Content-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(message)}\r\n\r\n${message}`,
  )
}
