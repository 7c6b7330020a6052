import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { Door } from '../../src/auth/door.ts'
import { newSecret } from '../../src/auth/secret.ts'
import { createApiToken, REVOKED_CHANNEL, revokeApiToken, type NewToken } from '../../src/auth/service.ts'
import { apiTokens } from '../../src/auth/table.ts'
import { serveHttp } from '../../src/server/http.ts'
import { cancelTuningJob, createTuningJob } from '../../src/tuning/service.ts'
import type { Viewer } from '../../src/viewer.ts'
import { TEST_TOKEN } from '../helpers.ts'
import { smallJob } from '../tuning/jobs.ts'
import { errorsOf, GRAPHQL_RESPONSE, target, type Answer, type Target } from './server.ts'

let server: Target
beforeAll(async () => {
  server = await target()
})
afterAll(() => server.close())

const INTROSPECTION = '{ __schema { queryType { name } } }'
const WHO = '{ viewer { name roles } }'

function post(query: string, authorization: string, at: Target = server): Promise<Answer> {
  const headers = { 'content-type': 'application/json', accept: GRAPHQL_RESPONSE, authorization }
  return at.send(JSON.stringify({ query }), headers)
}

async function makeToken(input: Partial<NewToken> = {}) {
  const { token, secret } = await createApiToken(server.ctx, { name: 'somebody', roles: ['VIEWER'], ...input })
  return { id: token.id, secret, bearer: `Bearer ${secret}` }
}

/** Sign in by WebSocket. @returns the socket once it is acknowledged, or the code by which it was closed */
function connect(authorization: string | undefined, url = server.server.url): Promise<WebSocket | number> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  const payload = authorization === undefined ? undefined : { authorization }
  return new Promise((resolve, reject) => {
    socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload })))
    socket.on('message', () => resolve(socket))
    socket.on('close', (code) => resolve(code))
    socket.on('error', reject)
  })
}

function closing(socket: WebSocket): Promise<number> {
  return new Promise((resolve) => socket.once('close', resolve))
}

function subscribe(authorization: string): Promise<Response> {
  return fetch(`${server.server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization },
    body: JSON.stringify({ query: 'subscription { tuningJobChanged { id } }' }),
  })
}

describe('nobody', () => {
  test.each([WHO, INTROSPECTION, '{ __typename }', '{', 'mutation { deleteTuningJobs(ids: []) { __typename } }'])(
    'gets the same answer to %j: 401 UNAUTHENTICATED',
    async (query) => {
      const headers = { 'content-type': 'application/json' }
      const answer = await fetch(`${server.server.url}/graphql`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ query }),
      })
      expect(answer.status).toBe(401)
      expect(answer.headers.get('www-authenticate')).toBe('Bearer')
      expect(await answer.json()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] })
    },
  )

  test('gets no event stream and no socket', async () => {
    expect((await subscribe('')).status).toBe(401)
    expect(await connect(undefined)).toBe(4403)
  })

  test('still sees that the service lives', async () => {
    expect((await fetch(`${server.server.url}/health/live`)).status).toBe(200)
  })
})

describe('a token', () => {
  test('signs in by HTTP and by WebSocket, with its name and its roles', async () => {
    const { bearer } = await makeToken({ name: 'reader', roles: ['VIEWER', 'BOT'] })
    const answer = await post(WHO, bearer)
    expect(JSON.parse(answer.text)).toEqual({ data: { viewer: { name: 'reader', roles: ['VIEWER', 'BOT'] } } })
    const socket = await connect(bearer)
    expect(typeof socket).toBe('object')
    ;(socket as WebSocket).close()
  })

  test('is kept as a hash only, and its use is noted', async () => {
    const { id, secret, bearer } = await makeToken()
    await post(WHO, bearer)
    const [row] = await server.ctx.db.select().from(apiTokens).where(eq(apiTokens.id, id))
    expect(secret).toMatch(/^tb_[\w-]{43}$/)
    expect(JSON.stringify(row)).not.toContain(secret)
    expect(row.prefix).toBe(secret.slice(0, 9))
    expect(row.lastUsedAt).toBeInstanceOf(Date)
    const dump = await server.ctx.db.execute(sql`select detail from audit_entries where subject = ${id}`)
    expect(JSON.stringify(dump)).not.toContain(secret)
  })

  test('of a viewer can look at the schema, one of a bot cannot, on either transport', async () => {
    const viewer = await makeToken()
    const bot = await makeToken({ roles: ['BOT'] })
    expect((await post(INTROSPECTION, viewer.bearer)).status).toBe(200)
    expect(errorsOf(await post(INTROSPECTION, bot.bearer))[0].extensions.code).toBe('FORBIDDEN')
    const socket = (await connect(bot.bearer)) as WebSocket
    const reply = new Promise<string>((resolve) => socket.on('message', (data: Buffer) => resolve(data.toString())))
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: INTROSPECTION } }))
    expect(await reply).toContain('FORBIDDEN')
    socket.close()
  })

  test('lets its bearer stay as long as the database says, at a server whose clock is ahead', async () => {
    const door = await Door.open(server.ctx)
    const out: string[] = []
    const stay = async (name: string) => {
      const { token } = await createApiToken(server.ctx, { name, roles: ['VIEWER'] })
      const viewer: Viewer = { name, roles: ['VIEWER'], channel: 'API', tokenId: token.id }
      door.watch({ viewer, expiresAt: Date.now() - 1, revocable: true }, () => out.push(name))
      return token.id
    }
    const [first, second] = [await stay('first'), await stay('second')]
    await revokeApiToken(server.ctx, first)
    await expect.poll(() => out).toEqual(['first'])
    await revokeApiToken(server.ctx, second)
    await expect.poll(() => out).toEqual(['first', 'second'])
    door.close()
  })

  test('lets its bearer in also where a full disk keeps its use from being noted', async () => {
    const { secret } = await createApiToken(server.ctx, { name: 'reader', roles: ['VIEWER'] })
    const full = () => {
      throw Object.assign(new Error('could not extend file'), { code: '53100' })
    }
    const db = new Proxy(server.ctx.db, {
      get: (target, name) => {
        const value: unknown = name === 'update' ? full : Reflect.get(target, name)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
    const door = await Door.open({ ...server.ctx, db })
    const caller = { authorization: `Bearer ${secret}`, address: '127.0.0.1', channel: 'API' } as const
    expect((await door.signIn(caller)).viewer.name).toBe('reader')
    door.close()
  })

  test('is not looked up for each request, and yet is out at once when it is revoked, at every server', async () => {
    let looks = 0
    const own = await target({ failure: () => (looks++, false) })
    const other = await serveHttp(own.ctx, '/nowhere')
    const { token, secret } = await createApiToken(own.ctx, { name: 'busy', roles: ['VIEWER'] })
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${secret}` }
    const body = JSON.stringify({ query: WHO })
    const ask = async (url: string) => (await fetch(`${url}/graphql`, { method: 'POST', headers, body })).status
    const both = () => Promise.all([ask(own.server.url), ask(other.url)])
    looks = 0
    for (let count = 0; count < 20; count++) expect(await both()).toEqual([200, 200])
    expect(looks).toBeLessThan(20)
    const news: string[] = []
    await own.ctx.storage.listen(REVOKED_CHANNEL, (id) => news.push(id))
    await revokeApiToken(own.ctx, token.id)
    await expect.poll(() => news).toContain(token.id) // which the servers have heard before us
    expect(await both()).toEqual([401, 401])
    await other.close()
    await own.close()
  })

  test('that is revoked or expired closes sockets with 4403 and cuts streams, within five seconds', async () => {
    const revoked = await makeToken()
    const expiring = await makeToken({ expiresAt: new Date(Date.now() + 1500) })
    const sockets = (await Promise.all([connect(revoked.bearer), connect(expiring.bearer)])) as WebSocket[]
    const ends = sockets.map(closing)
    const stream = await subscribe(revoked.bearer)
    const admin = (await connect(`Bearer ${TEST_TOKEN}`)) as WebSocket
    const other = (await connect((await makeToken()).bearer)) as WebSocket
    const heard = { revoked: 0, other: 0 } // of equal subscriptions with equal rights, which share their results
    sockets[0].on('message', () => heard.revoked++)
    other.on('message', () => heard.other++)
    const query = 'subscription { tuningJobChanged { id } }'
    for (const one of [sockets[0], other]) one.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }))
    await expect.poll(() => server.ctx.events.size).toBe(3)
    const { id } = await createTuningJob(server.ctx, await smallJob(server.ctx))
    await expect.poll(() => heard).toEqual({ revoked: 1, other: 1 })
    const started = performance.now()
    await revokeApiToken(server.ctx, revoked.id)
    expect(await Promise.all(ends)).toEqual([4403, 4403])
    await cancelTuningJob(server.ctx, id)
    await expect.poll(() => heard).toEqual({ revoked: 1, other: 2 })
    other.close()
    await expect(stream.text()).rejects.toThrow()
    expect(performance.now() - started).toBeLessThan(5000)
    expect(admin.readyState).toBe(admin.OPEN)
    admin.close()
    await expect.poll(() => server.ctx.events.size).toBe(0)
    expect((await post(WHO, revoked.bearer)).status).toBe(401)
    expect((await post(WHO, expiring.bearer)).status).toBe(401)
  })
})

describe('what is no token', () => {
  let own: Target
  beforeAll(async () => {
    own = await target()
  })
  afterAll(() => own.close())
  let fresh: Awaited<ReturnType<typeof serveHttp>>
  beforeEach(async () => {
    fresh = await serveHttp(own.ctx, '/nowhere') // counts failures afresh
    return () => fresh.close()
  })

  const attempt = (authorization: string) =>
    fetch(`${fresh.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
      body: JSON.stringify({ query: WHO }),
    })

  test('gets one and the same answer, whatever is wrong with it', async () => {
    const wrong = [
      `Bearer ${newSecret()}`,
      'Bearer',
      'Basic YWRtaW46YWRtaW4=',
      `Bearer ${TEST_TOKEN}x`,
      `Bearer ${'x'.repeat(9000)}`,
      'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJtZSJ9.',
    ]
    const answers = await Promise.all(wrong.map(attempt))
    expect(answers.map(({ status }) => status)).toEqual(wrong.map(() => 401))
    const words = await Promise.all(answers.map(async (answer) => errorsOf({ text: await answer.text() })))
    expect(new Set(words.map(([{ message, extensions }]) => `${message} ${String(extensions.code)}`)).size).toBe(1)
  })

  test('gets it a thousand times over, from a hundred addresses', async () => {
    const door = await Door.open(own.ctx)
    const guesses = Array.from({ length: 1000 }, (_, at) => {
      const caller = { authorization: `Bearer ${newSecret()}`, address: `10.0.0.${at % 100}`, channel: 'API' as const }
      return door.signIn(caller).then(
        () => 'in',
        (error: Error) => `${error.name} ${error.message}`,
      )
    })
    const answers = await Promise.all(guesses)
    door.close()
    expect(new Set(answers)).toEqual(new Set([expect.stringContaining('UnauthenticatedError')]))
  })

  test('is not tried more than ten times a minute from one address; who is known there goes on', async () => {
    const known = await createApiToken(own.ctx, { name: 'known', roles: ['VIEWER'] })
    expect((await attempt(`Bearer ${known.secret}`)).status).toBe(200)
    const unknown = await createApiToken(own.ctx, { name: 'not seen yet', roles: ['VIEWER'] })
    const answers: Response[] = []
    for (let count = 0; count < 200; count++) answers.push(await attempt(`Bearer ${newSecret()}`))
    expect(answers.slice(0, 10).every(({ status }) => status === 401)).toBe(true)
    const late = answers.slice(10)
    expect(late.every(({ status }) => status === 429)).toBe(true)
    expect(Number(late[0].headers.get('retry-after'))).toBeGreaterThan(0)
    expect(errorsOf({ text: await late[0].text() })[0].extensions.code).toBe('RATE_LIMITED')
    expect((await attempt(`Bearer ${known.secret}`)).status).toBe(200)
    expect((await attempt(`Bearer ${unknown.secret}`)).status).toBe(429)
  })

  test('is not tried more often by WebSocket either', async () => {
    const codes: (number | WebSocket)[] = []
    for (let count = 0; count < 12; count++) codes.push(await connect(`Bearer ${newSecret()}`, fresh.url))
    expect(codes).toEqual([...Array.from({ length: 10 }, () => 4403), 4429, 4429])
  })
})
