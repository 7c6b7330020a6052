import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { GraphQLError, type ExecutionArgs, type FormattedExecutionResult, type GraphQLFormattedError } from 'graphql'
import { handleProtocols, type SubscribePayload } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import type { Logger } from 'pino'
import { WebSocketServer, type WebSocket } from 'ws'
import type { AppContext } from '../context.ts'
import { shortErrors } from './answer.ts'
import { GRAPHQL_PATH, type Api } from './api.ts'
import { refuseHost, refuseOrigin, type Refusal } from './guard.ts'
import { presentError } from './mask.ts'
import { SOCKET_LIMITS, SocketCount, TOO_MANY } from './socket-limits.ts'

/** How long a client may take to answer our farewell. */
const FAREWELL_MS = 1000

/** What graphql-ws knows of a socket. */
type SocketExtra = { socket: WebSocket } & Record<PropertyKey, unknown>

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
  { config: { host }, log, viewer }: Pick<AppContext, 'config' | 'log' | 'viewer'>,
): () => Promise<void> {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: SOCKET_LIMITS.messageBytes, handleProtocols })
  const count = new SocketCount()
  const protocol = useServer<Record<string, unknown>, SocketExtra>(
    {
      connectionInitWaitTimeout: SOCKET_LIMITS.initWithinMs,
      onConnect: ({ extra }) => {
        const leave = count.enter(viewer.name)
        if (leave) return void extra.socket.once('close', leave)
        extra.socket.close(TOO_MANY, `At most ${SOCKET_LIMITS.perUser} sockets at once. Use one for everything.`)
        return false
      },
      execute: (args) => (args as Operation).run.execute(args) as never,
      subscribe: (args) => (args as Operation).run.subscribe(args) as never,
      onSubscribe: ({ subscriptions, extra }, _, payload) => {
        if (Object.keys(subscriptions).length <= SOCKET_LIMITS.subscriptions) return prepare(api, payload, log)
        const reason = `At most ${SOCKET_LIMITS.subscriptions} subscriptions at once.`
        extra.socket.close(TOO_MANY, reason)
        return [new GraphQLError(reason)]
      },
      onNext: (_, __, ___, ____, { errors, ...result }) =>
        errors && ({ ...result, errors: toClient(errors) } as FormattedExecutionResult),
      onError: (_, __, ___, errors) => toClient(errors),
      isProd: true,
    },
    sockets,
  )
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refusal = refuseUpgrade(request, host)
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

/** Parse and validate as Yoga does. Errors are returned: thrown ones would close the socket and all it carries. */
async function prepare(api: Api, payload: SubscribePayload, log: Logger): Promise<Operation | readonly GraphQLError[]> {
  const { schema, parse, validate, contextFactory, execute, subscribe } = api.getEnveloped({ params: payload })
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

function toClient(errors: readonly GraphQLError[]): GraphQLFormattedError[] {
  return shortErrors(errors).map((error) => withoutStatus(error).toJSON())
}

/** An HTTP status means nothing here. */
function withoutStatus(error: GraphQLError): GraphQLError {
  delete error.extensions.http
  delete error.extensions.unexpected
  return error
}

function refuseUpgrade(request: IncomingMessage, host: string): Refusal | null {
  const header = (name: string) => request.headers[name] as string | undefined
  if (request.url?.split('?')[0] !== GRAPHQL_PATH) {
    return { status: 404, code: 'NOT_FOUND', message: `WebSockets are at ${GRAPHQL_PATH}.` }
  }
  return refuseHost(header, host) ?? refuseOrigin(header)
}

function turnAway(socket: Duplex, { status, message }: Refusal): void {
  socket.on('error', () => {}) // the client may be gone already
  socket.end(
    `HTTP/1.1 ${status} ${status === 404 ? 'Not Found' : 'Forbidden'}\r\nConnection: close\r\n` +
      `Content-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(message)}\r\n\r\n${message}`,
  )
}
