import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from 'graphql-ws'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { serveHttp, type HttpServer } from '../../src/server/http.ts'
import { startWorker } from '../../src/tuning/worker.ts'
import { SIGNED_IN, testContext, type TestContext } from '../helpers.ts'
import { CREATE, PROGRESS, smallJob } from './small-job.ts'

let ctx: TestContext
let server: HttpServer
const dashboard = mkdtempSync(join(tmpdir(), 'tunebook-web-'))

beforeAll(async () => {
  mkdirSync(join(dashboard, 'assets'))
  writeFileSync(join(dashboard, 'index.html'), '<!doctype html><title>Tunebook</title>')
  writeFileSync(join(dashboard, 'assets', 'app-1a2b.js'), 'export {}')
  writeFileSync(join(dashboard, '..', 'tunebook-secret.txt'), 'secret')
  symlinkSync(join(dashboard, '..', 'tunebook-secret.txt'), join(dashboard, 'link.txt'))
  const opened = await testContext()
  ctx = { ...opened, config: { ...opened.config, port: 0 } }
  await startWorker(ctx)
  server = await serveHttp(ctx, dashboard)
})
afterAll(async () => {
  await server.close()
  await ctx.close()
  rmSync(dashboard, { recursive: true })
  rmSync(join(tmpdir(), 'tunebook-secret.txt'))
})

interface Answer {
  status: number
  headers: Record<string, unknown>
  text: string
}

/** A request as it is written, without a client that tidies the path or sets headers of its own. */
function send(path: string, headers: Record<string, string> = {}, method = 'GET', body = ''): Promise<Answer> {
  const { hostname, port } = new URL(server.url)
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { hostname, port, path, method, headers: { host: `${hostname}:${port}`, ...headers } },
      (response) => {
        let text = ''
        response.on('data', (chunk) => (text += chunk))
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }))
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}

const HTML = { accept: 'text/html' }

describe('health', () => {
  test('says that the process lives and that the database answers', async () => {
    expect(await send('/health/live')).toMatchObject({ status: 200, text: '{"status":"live"}' })
    expect(await send('/health/ready')).toMatchObject({ status: 200, text: '{"status":"ready"}' })
  })

  test('is not ready while the database does not answer', async () => {
    const db = { execute: () => Promise.reject(new Error('down')) } as never
    const broken = await serveHttp({ ...ctx, db }, dashboard)
    expect((await fetch(`${broken.url}/health/ready`)).status).toBe(503)
    expect((await fetch(`${broken.url}/health/live`)).status).toBe(200)
    await broken.close()
  })
})

describe('the Host header', () => {
  test.each(['/', '/graphql', '/health/ready'])(
    'must name this server on %s, so that DNS rebinding fails',
    async (path) => {
      const answer = await send(path, { host: 'evil.example' })
      expect(answer.status).toBe(403)
      expect(answer.text).toContain('FORBIDDEN')
    },
  )
})

describe('the dashboard', () => {
  test('is served with its type, kept by its ETag, and may not be framed', async () => {
    const page = await send('/', HTML)
    expect(page).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' },
    })
    expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'")
    const again = await send('/', { ...HTML, 'if-none-match': String(page.headers.etag) })
    expect(again).toMatchObject({ status: 304, text: '' })
  })

  test('keeps files with a hash in their name for ever', async () => {
    const answer = await send('/assets/app-1a2b.js')
    expect(answer.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
    })
  })

  test('answers a place inside it with its page, and a missing file with 404', async () => {
    expect(await send('/jobs/job_1?tab=verdict', HTML)).toMatchObject({
      status: 200,
      text: expect.stringContaining('Tunebook'),
    })
    expect((await send('/assets/missing.js', HTML)).status).toBe(404)
    expect((await send('/jobs/job_1', { accept: 'application/json' })).status).toBe(404)
  })

  test.each([
    '/../tunebook-secret.txt',
    '/assets/../../tunebook-secret.txt',
    '/%2e%2e/tunebook-secret.txt',
    '/..%2ftunebook-secret.txt',
    '/..%5ctunebook-secret.txt',
    '/../../etc/passwd',
    '/%00',
    '/%',
    '/link.txt',
  ])('does not leave its folder for %s', async (path) => {
    const answer = await send(path, HTML)
    expect(answer.status).toBe(404)
    expect(answer.text).not.toContain('secret')
  })

  test('is not written to', async () => {
    expect((await send('/', {}, 'POST')).status).toBe(405)
  })

  test('that is not built yet says how to build it', async () => {
    const bare = await serveHttp(ctx, join(dashboard, 'nothing'))
    const response = await fetch(bare.url, { headers: HTML })
    expect(await response.text()).toContain('npm run build')
    await bare.close()
  })
})

describe('a WebSocket', () => {
  const address = () => `${server.url.replace('http', 'ws')}/graphql`
  const refusal = (headers: Record<string, string>, url = address()) =>
    new Promise<number>((resolve) => {
      const socket = new WebSocket(url, 'graphql-transport-ws', { headers })
      socket.on('unexpected-response', (request, { statusCode }) => {
        request.destroy()
        resolve(statusCode!)
      })
      socket.on('open', () => resolve(101))
      socket.on('error', () => {})
    })

  test('of a foreign page is refused at the upgrade', async () => {
    expect(await refusal({ origin: 'https://evil.example' })).toBe(403)
    expect(await refusal({ host: 'evil.example' })).toBe(403)
    expect(await refusal({}, address().replace('/graphql', '/other'))).toBe(404)
  })

  test('of our own page follows a real job to its end', async () => {
    const client = createClient({
      url: address(),
      connectionParams: SIGNED_IN,
      webSocketImpl: class extends WebSocket {
        constructor(url: string, protocol: string) {
          super(url, protocol, { origin: server.url })
        }
      },
    })
    const [created] = await Array.fromAsync(
      client.iterate({ query: CREATE, variables: { input: await smallJob(ctx) } }),
    )
    const { id } = (created.data as { createTuningJob: { job: { id: string } } }).createTuningJob.job
    const states = await Array.fromAsync(client.iterate({ query: PROGRESS, variables: { id } }))
    expect(states.at(-1)!.data).toMatchObject({ tuningJobProgress: { status: 'COMPLETED' } })
    await client.dispose()
  })

  test('gets errors as HTTP does: with a code, and without closing', async () => {
    const client = createClient({ url: address(), connectionParams: SIGNED_IN, webSocketImpl: WebSocket })
    const run = (query: string) => Array.fromAsync(client.iterate({ query }))
    await expect(run('{')).rejects.toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }])
    await expect(run('{ nothing }')).rejects.toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }])
    const [page] = await run('{ markets(first: -1) { totalCount } }')
    expect(page.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }])
    await client.dispose()
  })
})

describe('stopping', () => {
  test('closes sockets with 1001, cuts streams, and is quick', async () => {
    const own = await serveHttp(ctx, dashboard)
    const socket = new WebSocket(`${own.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    await new Promise((resolve) => socket.once('open', resolve))
    const stream = await fetch(`${own.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...SIGNED_IN },
      body: JSON.stringify({ query: 'subscription { tuningJobChanged { id } }' }),
    })
    const closed = new Promise<number>((resolve) => socket.once('close', resolve))
    const started = performance.now()
    await Promise.all([own.close(), own.close()])
    expect(performance.now() - started).toBeLessThan(3000)
    expect(await closed).toBe(1001)
    await expect(stream.text()).rejects.toThrow()
    await expect.poll(() => ctx.events.size).toBe(0)
  })

  test('answers the calls that are under way', async () => {
    const db = { execute: () => sleep(300) } as never
    const own = await serveHttp({ ...ctx, db }, dashboard)
    const answer = fetch(`${own.url}/health/ready`)
    await sleep(100)
    await own.close()
    expect((await answer).status).toBe(200)
    await expect(fetch(`${own.url}/health/ready`)).rejects.toThrow()
  })

  test('a port that is taken is said so, with what to do', async () => {
    const port = Number(new URL(server.url).port)
    await expect(serveHttp({ ...ctx, config: { ...ctx.config, port } }, dashboard)).rejects.toThrow(
      `PORT: ${port} on 127.0.0.1 is taken by another process.`,
    )
  })

  test('a client that sends nothing does not hold it up', async () => {
    const own = await serveHttp(ctx, dashboard)
    const idle = createConnection(Number(new URL(own.url).port), '127.0.0.1')
    await new Promise((resolve) => idle.once('connect', resolve))
    const started = performance.now()
    await own.close()
    expect(performance.now() - started).toBeLessThan(3000)
    idle.destroy()
  })
})
