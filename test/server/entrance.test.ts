import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newSecret } from '../../src/auth/secret.ts'
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
    const endless = await begin(headers, (request) => {
      for (let megabytes = 0; megabytes < 5; megabytes++) request.write(Buffer.alloc(2 ** 20, 32))
    })
    expect(endless).toMatch(/^413 .*PAYLOAD_TOO_LARGE/)
  })
})
