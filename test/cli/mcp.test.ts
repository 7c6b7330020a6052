import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApiToken } from '../../src/auth/service.ts'
import { serveHttp, type HttpServer } from '../../src/server/http.ts'
import { recordTrades } from '../../src/playbook/record.ts'
import { startPlaybookReview } from '../../src/playbook/start-review.ts'
import { startWorker } from '../../src/tuning/worker.ts'
import type { Role } from '../../src/viewer.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { newPlaybook, trades } from '../playbook/books.ts'
import { smallMarket } from '../server/small-job.ts'
import { seedStrategies } from '../../src/strategy/service.ts'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const home = mkdtempSync(join(tmpdir(), 'tunebook-mcp-'))
const DECISIONS = ['approve_review', 'reject_review']

let ctx: TestContext
let server: HttpServer
const clients: Client[] = []
beforeAll(async () => {
  ctx = await testContext()
  await seedStrategies(ctx)
  await smallMarket(ctx)
  await startWorker(ctx)
  server = await serveHttp({ ...ctx, config: { ...ctx.config, port: 0 } }, '/nowhere')
})
afterAll(async () => {
  for (const client of clients) await client.close()
  await server.close()
  await ctx.close()
  rmSync(home, { recursive: true, force: true })
})

/** An assistant that has started the command line with a token of these roles. */
async function assistant(...roles: Role[]): Promise<Client> {
  const { secret } = await createApiToken(ctx, { name: `assistant ${clients.length}`, roles })
  const client = new Client({ name: 'test', version: '1.0.0' })
  const { PATH = '', NODE_COMPILE_CACHE = '' } = process.env
  const env = { PATH, NODE_COMPILE_CACHE, TUNEBOOK_HOME: home, TUNEBOOK_TOKEN: secret }
  const args = [CLI, '--url', server.url, 'mcp']
  await client.connect(new StdioClientTransport({ command: process.execPath, args, env, stderr: 'inherit' }))
  clients.push(client)
  return client
}

async function namesOf(client: Client): Promise<string[]> {
  return (await client.listTools()).tools.map(({ name }) => name)
}

interface Called {
  isError: boolean
  text: string
  // oxlint-disable-next-line typescript/no-explicit-any -- answers are compared as they are
  data: any
}

async function call(client: Client, name: string, given: Record<string, unknown> = {}): Promise<Called> {
  const { content, isError } = await client.callTool({ name, arguments: given })
  const [{ text }] = content as unknown as [{ text: string }]
  return { isError: isError === true, text, data: isError ? null : JSON.parse(text) }
}

// Each assistant is a process of its own: on a machine that is busy with other tests it takes its time to start.
describe('an assistant', { timeout: 180_000 }, () => {
  test('that may only look is offered only that', async () => {
    const viewer = await assistant('VIEWER')
    const names = await namesOf(viewer)
    expect(names).toContain('list_jobs')
    expect(names).not.toContain('start_tuning_job')
    for (const name of DECISIONS) expect(names).not.toContain(name)
    const { data } = await call(viewer, 'list_markets')
    expect(data.markets.nodes).toMatchObject([{ symbol: 'TEST/USDT', synthetic: true }])
    const { data: listed } = await call(viewer, 'list_strategies')
    expect(listed.strategies.nodes.map(({ name }: { name: string }) => name)).toContain('rsi-adx-volume')
  })

  test('tunes, reads the verdict, what drives it, and predicts', async () => {
    const tuner = await assistant('TUNER')
    for (const name of DECISIONS) expect(await namesOf(tuner)).not.toContain(name)
    const market = { exchange: 'synthetic', symbol: 'TEST/USDT', timeframe: '5m' }
    const wish = { strategy: 'rsi-adx-volume', market, training: '20 days', test: '10 days', sampleCount: 40 }
    const started = await call(tuner, 'start_tuning_job', { ...wish, objective: 'ROI', algorithm: 'RANDOM_FOREST' })
    expect(started.text).toContain('job_')
    const { id } = started.data
    const status = async () => (await call(tuner, 'job_status', { id })).data.status as string
    await expect.poll(status, { timeout: 150_000, interval: 100 }).toBe('COMPLETED')

    const { data: verdict } = await call(tuner, 'job_verdict', { id })
    expect(verdict.readiness).toMatchObject({ productionReady: expect.any(Boolean), explanation: expect.any(String) })
    const { data: explained } = await call(tuner, 'explain_job', { id })
    expect(explained.featureImportance.length).toBeGreaterThan(0)
    const predicted = await call(tuner, 'predict', { jobId: id, parameters: verdict.bestParameters })
    expect(predicted.data).toMatchObject({ metric: 'ROI', interval: { level: 0.8 } })
    const { data: jobs } = await call(tuner, 'list_jobs')
    expect(jobs.tuningJobs.nodes).toMatchObject([{ id, status: 'COMPLETED' }])
  })

  test('is told what is wrong in the words of the API', async () => {
    const viewer = await assistant('TUNER')
    const none = await call(viewer, 'job_verdict', { id: 'job_none' })
    expect(none).toMatchObject({ isError: true, text: expect.stringContaining('There is no tuning job job_none') })
    const market = { exchange: 'synthetic', symbol: 'NONE/USDT', timeframe: '5m' }
    const wish = { strategy: 'rsi-adx-volume', market, training: '20 days', test: '10 days' }
    expect(await call(viewer, 'start_tuning_job', wish)).toMatchObject({
      isError: true,
      text: expect.stringContaining('there is no market'),
    })
  })

  test('with APPROVER decides, and only once', async () => {
    const book = await newPlaybook(ctx, { name: 'live' })
    const log = trades({ count: 400, winRate: { HIGH_VOLATILITY: 0.2 }, regimes: ['HIGH_VOLATILITY', 'RANGING'] })
    await recordTrades(ctx, { playbookId: book.id, trades: log })
    const review = await startPlaybookReview(ctx, book.id)
    const approver = await assistant('APPROVER')
    const { data: playbooks } = await call(approver, 'list_playbooks')
    expect(playbooks.playbooks.nodes).toMatchObject([{ name: 'live', version: 1 }])
    const { data: listed } = await call(approver, 'list_reviews', { playbook: 'live' })
    expect(listed.playbook.reviews.nodes[0].id).toBe(review.id)
    const decision = await call(approver, 'reject_review', { reviewId: review.id, reason: 'not now' })
    expect(decision.data.review).toMatchObject({ id: review.id, status: 'REJECTED' })
    const again = await call(approver, 'approve_review', { reviewId: review.id, mode: 'ALL' })
    expect(again.isError).toBe(true)
  })
})
