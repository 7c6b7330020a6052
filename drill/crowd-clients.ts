/**
 * Many clients in a process of their own, so that neither what they cost nor what the drill itself does counts as the
 * server's delay. They speak WebSocket by hand: a library would compute more to open a socket than the server does.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Command, Heard } from './crowd.ts'
import { monotonicMs } from './process.ts'

const CLOSED = 0x8
const PING = 0x9

/** One that signs in, follows, and keeps of each state its id, its name and when it came. */
class Client {
  readonly heard: Heard[] = []
  mostBytes = 0
  readonly #socket: Socket
  readonly #authorization: string
  readonly #ready = Promise.withResolvers<void>()
  #rest: Buffer = Buffer.alloc(0)
  #isUpgraded = false

  constructor(port: number, authorization: string) {
    this.#authorization = authorization
    this.#socket = connect(port, '127.0.0.1')
    this.#socket.on('data', (bytes) => this.#take(bytes))
    this.#socket.on('error', (error) => this.#ready.reject(error))
    this.#socket.on('close', () => this.#ready.reject(new Error('The server closed the socket.')))
    this.#socket.write(
      `GET /graphql HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n' +
        'Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n',
    )
  }

  /** It is signed in. */
  get ready(): Promise<void> {
    return this.#ready.promise
  }

  send(message: object): void {
    this.#write(0x1, Buffer.from(JSON.stringify(message)))
  }

  async close(): Promise<void> {
    const closed = once(this.#socket, 'close')
    this.#socket.destroy()
    await closed
  }

  /** Masked with zeros: the protocol wants a mask, and any will do. */
  #write(opcode: number, payload: Buffer): void {
    const length = payload.length < 126 ? [payload.length] : [126, payload.length >> 8, payload.length & 255]
    const head = Buffer.from([0x80 | opcode, 0x80 | length[0], ...length.slice(1), 0, 0, 0, 0])
    this.#socket.write(Buffer.concat([head, payload]))
  }

  #take(bytes: Buffer): void {
    let rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, bytes]) : bytes
    if (!this.#isUpgraded) {
      const end = rest.indexOf('\r\n\r\n')
      if (end < 0) return void (this.#rest = rest)
      if (!rest.subarray(0, 12).equals(Buffer.from('HTTP/1.1 101'))) throw new Error(rest.subarray(0, end).toString())
      this.#isUpgraded = true
      this.send({ type: 'connection_init', payload: { authorization: this.#authorization } })
      rest = rest.subarray(end + 4)
    }
    for (let frame = frameOf(rest); frame; frame = frameOf(rest)) {
      this.#hear(frame.opcode, frame.payload)
      rest = rest.subarray(frame.size)
    }
    this.#rest = rest
  }

  #hear(opcode: number, payload: Buffer): void {
    if (opcode === PING) return this.#write(0xa, payload)
    if (opcode === CLOSED) return void this.#socket.end()
    const text = payload.toString('latin1')
    this.mostBytes = Math.max(this.mostBytes, payload.length)
    if (text.includes('"type":"next"'))
      this.heard.push([wordIn(text, '"id":"'), wordIn(text, '"name":"'), monotonicMs()])
    else if (text.includes('"type":"connection_ack"')) this.#ready.resolve()
    else throw new Error(`The drill itself is wrong: ${text}`)
  }
}

/** The first whole frame. A server does not mask. */
function frameOf(bytes: Buffer): { opcode: number; payload: Buffer; size: number } | null {
  if (bytes.length < 2) return null
  const short = bytes[1]
  const start = short === 127 ? 10 : short === 126 ? 4 : 2
  if (bytes.length < start) return null
  const length = short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short
  if (bytes.length < start + length) return null
  return { opcode: bytes[0] & 15, payload: bytes.subarray(start, start + length), size: start + length }
}

/** What stands in the quotes after `before` in the data of a message: ids and names here have no quotes inside. */
function wordIn(text: string, before: string): string {
  const start = text.indexOf(before, text.indexOf('"data":')) + before.length
  return text.slice(start, text.indexOf('"', start))
}

let clients: Client[] = []

const COMMANDS: { [Name in keyof Command]: (input: Command[Name]) => Promise<unknown> } = {
  async open({ port, authorizations }) {
    const started = monotonicMs()
    clients = authorizations.map((authorization) => new Client(port, authorization))
    await Promise.all(clients.map((client) => client.ready))
    return monotonicMs() - started
  },
  async follow({ query }) {
    for (const client of clients) client.send({ id: '1', type: 'subscribe', payload: { query } })
  },
  async heard() {
    return clients.map((client) => client.heard)
  },
  async mostBytes() {
    return Math.max(...clients.map((client) => client.mostBytes))
  },
  async close() {
    await Promise.all(clients.map((client) => client.close()))
    process.exit()
  },
}

process.on('message', ({ name, input }: { name: keyof Command; input: never }) => {
  void COMMANDS[name](input).then((answer) => process.connected && process.send!(answer ?? null))
})
// The drill may have been cut off.
process.on('disconnect', () => process.exit())
