import { createConnection } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { SOCKET_LIMITS } from '../../src/server/socket-limits.ts'
import { SIGNED_IN } from '../helpers.ts'
import { target, type Target } from './server.ts'

let server: Target
let hasty: Target
beforeAll(async () => {
  server = await target()
  hasty = await target({ slowest: { headersTimeout: 1000, requestTimeout: 1500, connectionsCheckingInterval: 50 } })
})
afterAll(async () => {
  await server.close()
  await hasty.close()
})

const closed = (socket: WebSocket) => new Promise<number>((resolve) => socket.once('close', resolve))
const opened = (socket: WebSocket) => new Promise((resolve) => socket.once('open', resolve))
const INIT = JSON.stringify({ type: 'connection_init', payload: SIGNED_IN })
const subscribe = (id: string, query = 'subscription { tuningJobChanged { id } }') =>
  JSON.stringify({ id, type: 'subscribe', payload: { query } })

/** An open socket, with connection_init answered. */
async function ready(): Promise<WebSocket> {
  const socket = server.socket()
  await opened(socket)
  socket.send(INIT)
  await new Promise((resolve) => socket.once('message', resolve))
  return socket
}

describe('a WebSocket', () => {
  test.each([
    ['says who it is twice', [INIT], 4429],
    ['sends no JSON', ['{'], 4400],
    ['sends what means nothing', ['{"type":"hello"}'], 4400],
    ['uses an id twice', [subscribe('1'), subscribe('1')], 4409],
  ])('that %s is closed', async (_, messages, code) => {
    const socket = await ready()
    for (const message of messages) socket.send(message)
    expect(await closed(socket)).toBe(code)
  })

  test('that subscribes before it has said who it is is closed', async () => {
    const socket = server.socket()
    await opened(socket)
    socket.send(subscribe('1'))
    expect(await closed(socket)).toBe(4401)
  })

  test('that says nothing is closed after three seconds', async () => {
    const started = performance.now()
    expect(await closed(server.socket())).toBe(4408)
    expect(performance.now() - started).toBeLessThan(4000)
  })

  test.each(['graphql-ws', 'soap'])('of the protocol %s is refused', async (protocol) => {
    const socket = new WebSocket(`${server.server.url.replace('http', 'ws')}/graphql`, protocol)
    socket.on('error', () => {})
    const code = await closed(socket)
    expect([4406, 1006]).toContain(code)
  })

  test('that sends more than 1 MB at once is closed with 1009', async () => {
    const socket = await ready()
    socket.on('error', () => {})
    socket.send(' '.repeat(SOCKET_LIMITS.messageBytes + 1))
    expect(await closed(socket)).toBe(1009)
  })

  test('carries a hundred subscriptions and is closed with 4429 at the next one', async () => {
    const socket = await ready()
    for (let i = 0; i < SOCKET_LIMITS.subscriptions; i++) socket.send(subscribe(String(i)))
    await expect.poll(() => server.ctx.events.size).toBe(SOCKET_LIMITS.subscriptions)
    socket.send(subscribe('one more'))
    expect(await closed(socket)).toBe(4429)
    await expect.poll(() => server.ctx.events.size).toBe(0)
  })

  test('floods nobody: 20,000 subscriptions at once end it', async () => {
    const socket = await ready()
    for (let i = 0; i < 20_000; i++) socket.send(subscribe(String(i)))
    expect(await closed(socket)).toBe(4429)
    await expect.poll(() => server.ctx.events.size).toBe(0)
  })

  test('is one of twenty of a user; a place that is left is free again', async () => {
    const sockets = await Promise.all(Array.from({ length: SOCKET_LIMITS.perUser }, ready))
    const more = server.socket()
    await opened(more)
    more.send(INIT)
    expect(await closed(more)).toBe(4429)
    const left = closed(sockets[0])
    sockets[0].close()
    await left
    sockets[0] = await ready()
    for (const socket of sockets) socket.close()
    await Promise.all(sockets.map(closed))
  })
})

/** What a server says to bytes that are sent as they are, and how long it waits for more, in ms. */
async function raw(text: string): Promise<{ answer: string; ms: number }> {
  const { hostname, port } = new URL(hasty.server.url)
  const started = performance.now()
  const socket = createConnection(Number(port), hostname)
  let answer = ''
  socket.on('data', (bytes: Buffer) => (answer += bytes.toString()))
  socket.on('error', () => {})
  socket.write(text.replaceAll('HOST', `${hostname}:${port}`))
  await new Promise((resolve) => socket.once('close', resolve))
  return { answer, ms: performance.now() - started }
}

describe('a request', () => {
  test('whose headers trickle in is cut off', async () => {
    const { ms } = await raw('POST /graphql HTTP/1.1\r\nHost: HOST\r\nX-Slow: ')
    expect(ms).toBeLessThan(3000)
  })

  test('whose body trickles in is cut off', async () => {
    const { ms } = await raw(
      'POST /graphql HTTP/1.1\r\nHost: HOST\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"que',
    )
    expect(ms).toBeLessThan(3000)
  })

  test('holds up nobody while it trickles in', async () => {
    const slow = Array.from({ length: 200 }, () => raw('POST /graphql HTTP/1.1\r\nHost: HOST\r\nX-Slow: '))
    const answer = await hasty.ask('{ __typename }')
    expect(answer).toMatchObject({ status: 200 })
    await Promise.all(slow)
  })

  test.each([
    [
      'two lengths',
      'POST /graphql HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['bare line feeds', 'GET /health/live HTTP/1.1\nHost: HOST\n\n', 400],
    ['64 kB of headers', `GET /health/live HTTP/1.1\r\nHost: HOST\r\nX-Long: ${'x'.repeat(65_536)}\r\n\r\n`, 431],
    ['a path out of the folder', 'GET /../../etc/passwd HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n', 404],
  ])('with %s is refused', async (_, text, status) => {
    expect((await raw(text)).answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  })
})
