import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { errorsOf, GRAPHQL_RESPONSE, target, type Target } from './server.ts'

let server: Target
beforeAll(async () => {
  server = await target()
})
afterAll(() => server.close())

const EVIL = { origin: 'https://evil.example' }
const JSON_TYPE = { 'content-type': 'application/json' }
const STRATEGY = 'mutation { deleteStrategy(id: "strategy_1") { __typename } }'
const BODY = JSON.stringify({ query: STRATEGY })

describe('a web page of somebody else', () => {
  test.each([
    ['a GET with a query', '', {}, `/graphql?query={__typename}`, 'GET'],
    ['a GET with a mutation', '', {}, `/graphql?query=${encodeURIComponent(STRATEGY)}`, 'GET'],
    ['a form', `query=${encodeURIComponent(STRATEGY)}`, { 'content-type': 'application/x-www-form-urlencoded' }],
    ['text', BODY, { 'content-type': 'text/plain' }],
    [
      'multipart',
      `--x\r\ncontent-disposition: form-data; name="operations"\r\n\r\n${BODY}\r\n--x--`,
      { 'content-type': 'multipart/form-data; boundary=x' },
    ],
    ['JSON without a preflight', BODY, {}],
    ['JSON', BODY, JSON_TYPE],
  ])('changes nothing by %s', async (_, body, headers, path = '/graphql', method = 'POST') => {
    const answer = await server.send(body, { ...headers, ...EVIL }, path, method)
    expect(answer.status).toBe(403)
    expect(errorsOf(answer)[0].extensions).toMatchObject({ code: 'CSRF_BLOCKED' })
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin')
    expect(answer.headers).not.toHaveProperty('access-control-allow-credentials')
  })

  test.each([
    ['a form', `query=${encodeURIComponent(STRATEGY)}`, 'application/x-www-form-urlencoded', 415],
    ['text', BODY, 'text/plain', 415],
    ['a bare document', STRATEGY, 'application/graphql', 415],
    ['multipart', `--x--`, 'multipart/form-data; boundary=x', 415],
    ['a compressed body', BODY, 'application/json', 415, { 'content-encoding': 'gzip' }],
  ])(
    'would not be understood by %s even without an Origin',
    async (_, body, type, status, more: Record<string, string> = {}) => {
      expect((await server.send(body, { 'content-type': type, ...more })).status).toBe(status)
    },
  )

  test('that the browser calls cross-site is refused without an Origin, too', async () => {
    const image = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }
    expect((await server.send('', image, '/graphql?query={__typename}', 'GET')).status).toBe(403)
  })

  test.each(['https://evil.example', 'null', 'http://localhost.evil.example'])(
    'gets no leave to ask from %s',
    async (origin) => {
      const preflight = {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      }
      const answer = await server.send('', preflight, '/graphql', 'OPTIONS')
      expect(answer.status).toBe(403)
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([])
    },
  )

  test('opens no WebSocket', async () => {
    const socket = server.socket(EVIL)
    const status = await new Promise((resolve) => {
      socket.on('unexpected-response', (_, { statusCode }) => resolve(statusCode))
      socket.on('open', () => resolve(101))
      socket.on('error', () => {})
    })
    expect(status).toBe(403)
  })
})

describe('every answer', () => {
  test.each(['/', '/graphql?query={__typename}', '/health/live', '/health/ready', '/nothing.js'])(
    'of %s may not be framed, sniffed or made to run what did not come with it',
    async (path) => {
      const { headers } = await server.send('', {}, path, 'GET')
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'x-frame-options': 'DENY',
        'x-request-id': expect.any(String),
      })
      expect(headers['content-security-policy']).toMatch(
        /default-src 'self'.*object-src 'none'.*frame-ancestors 'none'/,
      )
      expect(headers['content-security-policy']).not.toMatch(/unsafe|\*/)
    },
  )

  test('of the API is kept by nobody', async () => {
    const answer = await server.send('{"query":"{ __typename }"}', { ...JSON_TYPE, accept: GRAPHQL_RESPONSE })
    expect(answer.headers['cache-control']).toBe('no-store')
  })

  test('to a page that asks for GraphiQL is none', async () => {
    const answer = await server.send('', { accept: 'text/html' }, '/graphql', 'GET')
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.text).not.toMatch(/<html|graphiql/i)
  })
})
