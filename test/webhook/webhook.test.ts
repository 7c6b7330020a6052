import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { approveRecommendations } from '../../src/playbook/decide.ts'
import { recordTrades } from '../../src/playbook/record.ts'
import { startPlaybookReview } from '../../src/playbook/start-review.ts'
import { startWebhook } from '../../src/webhook/service.ts'
import { sign } from '../../src/webhook/signature.ts'
import { webhookEvents } from '../../src/webhook/table.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { newPlaybook, trades } from '../playbook/books.ts'

const SECRET = 'a secret of the test'

interface Received {
  path: string
  headers: IncomingHttpHeaders
  body: string
}

const received: Received[] = []
/** statuses of the next answers; then 204 */
const answers: number[] = []
let heard = Promise.withResolvers<void>()
const receiver = createServer(async (request, response) => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  received.push({ path: request.url!, headers: request.headers, body: Buffer.concat(chunks).toString() })
  response.writeHead(answers.shift() ?? 204, { location: '/elsewhere' }).end()
  heard.resolve()
  heard = Promise.withResolvers<void>()
})

let ctx: TestContext
let stop: () => Promise<void>
beforeAll(async () => {
  await new Promise<void>((resolve) => void receiver.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook/`
  ctx = await testContext()
  stop = await startWebhook(ctx, { url, secret: SECRET }, { retryDelay: 1, retryDelayMax: 1 })
})
afterAll(async () => {
  await stop()
  await ctx.close()
  receiver.closeAllConnections()
  await new Promise((resolve) => receiver.close(resolve))
})

const parsed = ({ body }: Received) => JSON.parse(body) as { id: string; event: string; data: Record<string, unknown> }

async function untilReceived(event: string, count: number): Promise<Received[]> {
  for (;;) {
    const found = received.filter((one) => parsed(one).event === event)
    if (found.length >= count) return found
    await heard.promise
  }
}

async function withReview() {
  const book = await newPlaybook(ctx)
  const losing = { TRENDING_UP: 0.2, RANGING: 0.25, HIGH_VOLATILITY: 0.2 }
  await recordTrades(ctx, { playbookId: book.id, trades: trades({ count: 300, winRate: losing }) })
  return { book, review: await startPlaybookReview(ctx, book.id) }
}

describe('the webhook', () => {
  test('tells of a review and of the change that it led to, signed, each once', async () => {
    const { book, review } = await withReview()
    const [told] = await untilReceived('review.created', 1)
    expect(parsed(told).data).toMatchObject({
      reviewId: review.id,
      playbook: book.name,
      baseVersion: 1,
      status: 'PENDING',
    })
    const timestamp = String(told.headers['x-tunebook-timestamp'])
    const expected = createHmac('sha256', SECRET).update(`${timestamp}.${told.body}`).digest('hex')
    expect(told.headers['x-tunebook-signature']).toBe(`sha256=${expected}`)
    expect(Math.abs(Number(timestamp) - Date.now() / 1000)).toBeLessThan(60)

    await approveRecommendations(ctx, { reviewId: review.id, mode: 'ALL' })
    const [change] = await untilReceived('change.applied', 1)
    expect(parsed(change).data).toMatchObject({
      playbookId: book.id,
      version: 2,
      origin: 'REVIEW',
      reviewId: review.id,
    })
    expect(received).toHaveLength(2)
    expect(await ctx.db.select().from(webhookEvents)).toHaveLength(2)
  })

  test('tries again with the same bytes until it is taken, and follows no redirect', async () => {
    received.length = 0
    answers.push(500, 302)
    await withReview()
    const attempts = await untilReceived('review.created', 3)
    expect(new Set(attempts.map(({ body }) => body)).size).toBe(1)
    expect(new Set(attempts.map(({ path }) => path))).toEqual(new Set(['/hook/']))
    expect(received).toHaveLength(3)
  })

  test('gives a message up where the receiver says that it is gone', async () => {
    received.length = 0
    answers.push(410)
    const { review } = await withReview()
    await untilReceived('review.created', 1)
    await approveRecommendations(ctx, { reviewId: review.id, mode: 'ALL' })
    await untilReceived('change.applied', 1)
    expect(received.map((one) => parsed(one).event)).toEqual(['review.created', 'change.applied'])
    const rows = await ctx.db.select().from(webhookEvents).where(eq(webhookEvents.subjectId, review.id))
    expect(rows).toHaveLength(1)
  })
})

describe('its settings', () => {
  test.each([
    ['file:///etc/passwd', 'https://host:port'],
    ['gopher://host/', 'https://host:port'],
    ['nonsense', 'https://host:port'],
    ['https://user:password@host/', 'may not carry a password'],
  ])('refuse %s, without showing it', (url, problem) => {
    const read = () => readConfig({ WEBHOOK_URL: url, WEBHOOK_SECRET: SECRET })
    expect(read).toThrow(problem)
    expect(read).not.toThrow(url)
  })

  test('want a secret with the address', () => {
    expect(() => readConfig({ WEBHOOK_URL: 'https://host/' })).toThrow('WEBHOOK_URL needs it')
    expect(readConfig({ WEBHOOK_URL: 'https://host/a/', WEBHOOK_SECRET: SECRET }).webhook?.url).toBe('https://host/a/')
  })
})

test('a signature depends on the time, the body and the secret', () => {
  const all = [sign('a', 1, 'x'), sign('a', 2, 'x'), sign('a', 1, 'y'), sign('b', 1, 'x')]
  expect(new Set(all).size).toBe(4)
  expect(all[0]).toMatch(/^sha256=[0-9a-f]{64}$/)
})
