import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { WebSocket } from 'ws'

type OnState = (state: Record<string, unknown>) => void

/** A client that follows things by WebSocket. */
export class Listener {
  readonly socket: WebSocket
  readonly #following = new Map<string, { onState: OnState; onEnd: () => void }>()

  private constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('error', () => {})
    socket.on('message', (data: Buffer) => this.#hear(data))
  }

  /** Connect and sign in. Rejects where the server closes instead. */
  static async open(url: string, authorization: string): Promise<Listener> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    socket.on('error', () => {})
    const closed = once(socket, 'close').then(([code]) => Promise.reject(new Error(`closed with ${code}`)))
    closed.catch(() => {})
    await Promise.race([once(socket, 'open'), closed])
    socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization } }))
    await Promise.race([once(socket, 'message'), closed])
    return new Listener(socket)
  }

  /** @param onState what comes under the only field that is asked for */
  follow(id: string, query: string, onState: OnState, onEnd: () => void = () => {}): void {
    this.#following.set(id, { onState, onEnd })
    this.socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query } }))
  }

  leave(id: string): void {
    this.#following.delete(id)
    this.socket.send(JSON.stringify({ id, type: 'complete' }))
  }

  async close(): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return
    const closed = once(this.socket, 'close')
    this.socket.close()
    await closed
  }

  #hear(data: Buffer): void {
    const { id, type, payload } = JSON.parse(data.toString()) as { id: string; type: string; payload: unknown }
    if (type === 'ping') this.socket.send('{"type":"pong"}')
    const one = this.#following.get(id)
    if (type === 'next') one?.onState(stateIn(payload))
    if (type === 'error') throw new Error(`The drill itself is wrong: ${JSON.stringify(payload)}`)
    if (type === 'complete') one?.onEnd()
  }
}

/** The same by an event stream, until the response is paused or destroyed. */
export async function followStream(
  url: string,
  authorization: string,
  query: string,
  onState: OnState,
): Promise<IncomingMessage> {
  const headers = { 'content-type': 'application/json', accept: 'text/event-stream', authorization }
  const asking = request(`${url}/graphql`, { method: 'POST', headers })
  asking.end(JSON.stringify({ query }))
  const [response] = (await once(asking, 'response')) as [IncomingMessage]
  let rest = ''
  response.on('data', (bytes: Buffer) => {
    const parts = (rest + bytes.toString()).split('\n\n')
    rest = parts.pop()!
    for (const part of parts) {
      const data = /^event: next\ndata: (.*)$/m.exec(part)?.[1]
      if (data) onState(stateIn(JSON.parse(data)))
    }
  })
  response.on('error', () => {})
  return response
}

function stateIn(payload: unknown): Record<string, unknown> {
  const { data } = payload as { data: Record<string, Record<string, unknown>> }
  return Object.values(data)[0]
}
