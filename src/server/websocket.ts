import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ExecutionArgs, GraphQLError } from 'graphql'
import { handleProtocols, type SubscribePayload } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import type { Logger } from 'pino'
import { WebSocketServer } from 'ws'
import { GRAPHQL_PATH, type Api } from './api.ts'
import { refuseHost, refuseOrigin, type Refusal } from './guard.ts'
import { presentError } from './mask.ts'

const MAX_MESSAGE_BYTES = 1024 * 1024
/** How long a client may take to answer our farewell. */
const FAREWELL_MS = 1000

/** An operation with the functions that run it: Yoga's, so that a socket gets what HTTP gets. */
type Operation = ExecutionArgs & { run: Pick<ReturnType<Api['getEnveloped']>, 'execute' | 'subscribe'> }

/**
 * GraphQL over WebSocket (the graphql-transport-ws protocol) on the path of the HTTP API, for pages of this server
 * and for programs that send no Origin.
 *
 * @returns how to end it: every client is told to come back later (1001)
 */
export function acceptWebSockets(server: Server, api: Api, host: string, log: Logger): () => Promise<void> {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, handleProtocols })
  const protocol = useServer(
    {
      execute: (args) => (args as Operation).run.execute(args) as never,
      subscribe: (args) => (args as Operation).run.subscribe(args) as never,
      onSubscribe: (_, __, payload) => prepare(api, payload, log),
      isProd: true,
    },
    sockets,
  )
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refusal = refuseUpgrade(request, host)
    if (refusal) return turnAway(socket, refusal)
    sockets.handleUpgrade(request, socket, head, (client) => sockets.emit('connection', client, request))
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
