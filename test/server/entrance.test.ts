import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Door } from '../../src/auth/door.ts'
import { newSecret } from '../../src/auth/secret.ts'
import type { Api } from '../../src/server/api.ts'
import { entranceTo } from '../../src/server/entrance.ts'
import { localViewer } from '../../src/viewer.ts'
import { SIGNED_IN } from '../helpers.ts'
import { errorsOf, target, type Target } from '../security/server.ts'

let server: Target
let failure: Error | false = false
beforeAll(async () => {
  server = await target({ failure: () => failure })
})
afterAll(() => server.close())

const JSON_TYPE = { 'content-type': 'application/json' }
const BODY = '{"query":"{ __typename }"}'

describe('a sign-in that the database cannot decide', () => {
  test.each([
    ['does not answer', Object.assign(new Error('connect postgres://admin:hunter2@db'), { code: 'ECONNREFUSED' }), 503],
    ['fails as it never should', new Error('Failed query: select * from api_tokens, hunter2'), 500],
  ])('because it %s tells nothing of it', async (_, error, status) => {
    failure = error
    const answer = await server.send(BODY, { ...JSON_TYPE, authorization: `Bearer ${newSecret()}` })
    failure = false
    expect(answer.status).toBe(status)
    expect(errorsOf(answer)[0].extensions.code).toBe(status === 503 ? 'SERVICE_UNAVAILABLE' : 'INTERNAL')
    expect(answer.text).not.toMatch(/hunter2|api_tokens| at /)
  })
})

/** Send some headers, and of the body only what `write` writes. */
async function begin(headers: object, write: (request: ReturnType<typeof httpRequest>) => void): Promise<string> {
  const { hostname, port } = new URL(server.server.url)
  const request = httpRequest({ hostname, port, path: '/graphql', method: 'POST', headers: { ...headers } })
  request.on('error', () => {}) // an answer that comes early ends the connection
  write(request)
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const body = await text(response)
  request.destroy()
  return `${response.statusCode} ${body}`
}

describe('a request', () => {
  test('whose client has gone while it was signed in is watched by nobody', async () => {
    const session = { viewer: localViewer('API', 'tester'), expiresAt: null, revocable: false }
    const [asked, decided] = [Promise.withResolvers<ServerResponse>(), Promise.withResolvers<typeof session>()]
    const seen = { watched: 0, answered: 0 }
    const door = { signIn: () => decided.promise, watch: () => (seen.watched++, () => {}) } as unknown as Door
    const api = (async () => void seen.answered++) as unknown as Api
    const enter = entranceTo(api, door, server.ctx)
    const entered = Promise.withResolvers<void>()
    const own = createServer((request, response) => {
      asked.resolve(response)
      void enter(request, response).then(entered.resolve)
    }).listen(0, '127.0.0.1')
    await once(own, 'listening')
    const { port } = own.address() as AddressInfo
    const headers = { ...JSON_TYPE, accept: 'text/event-stream' }
    const client = httpRequest({ host: '127.0.0.1', port, path: '/graphql', method: 'POST', headers })
    client.on('error', () => {})
    client.end(BODY)
    const response = await asked.promise
    const closed = once(response, 'close')
    client.destroy()
    await closed
    decided.resolve(session)
    await entered.promise
    own.close()
    expect(seen).toEqual({ watched: 0, answered: 0 })
  })

  test.each([
    [401, 'UNAUTHENTICATED', { ...JSON_TYPE, authorization: `Bearer ${newSecret()}` }],
    [403, 'CSRF_BLOCKED', { ...JSON_TYPE, ...SIGNED_IN, origin: 'https://evil.example' }],
    [415, 'UNSUPPORTED_MEDIA_TYPE', { ...SIGNED_IN, 'content-type': 'application/graphql' }],
  ])('that is refused with %d is not waited for until it is complete', async (status, code, headers) => {
    const answer = await begin({ ...headers, 'content-length': 1000 }, (request) => request.flushHeaders())
    expect(answer).toMatch(new RegExp(`^${status} .*${code}`))
  })

  test('whose body does not say how long it is may come in pieces, up to 4 MB', async () => {
    const headers = { ...JSON_TYPE, ...SIGNED_IN }
    const [start, ...rest] = BODY
    const whole = await begin(headers, (request) => {
      request.write(start)
      request.end(rest.join(''))
    })
    expect(whole).toBe('200 {"data":{"__typename":"Query"}}')
    const marked = await server.send(`\ufeff${BODY}`, JSON_TYPE) // as some editors begin a file
    expect(marked.status).toBe(200)
    const endless = await begin(headers, (request) => {
      for (let megabytes = 0; megabytes < 5; megabytes++) request.write(Buffer.alloc(2 ** 20, 32))
    })
    expect(endless).toMatch(/^413 .*PAYLOAD_TOO_LARGE/)
  })
})
