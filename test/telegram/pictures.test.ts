import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { WIDTH } from '../../src/picture/png.ts'
import { approveRecommendations } from '../../src/playbook/decide.ts'
import { recordTrades } from '../../src/playbook/record.ts'
import { startPlaybookReview } from '../../src/playbook/start-review.ts'
import { startTelegram, type Telegram } from '../../src/telegram/service.ts'
import { startWorker } from '../../src/tuning/worker.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { inkOf, pixelsOf } from '../picture/pixels.ts'
import { newPlaybook, trades } from '../playbook/books.ts'
import { runJob } from '../tuning/jobs.ts'
import { FakeTelegram, type Call } from './fake-telegram.ts'

const ANN = 11
let ctx: TestContext
let fake: FakeTelegram
let telegram: Telegram
beforeAll(async () => {
  fake = await FakeTelegram.open()
  const opened = await testContext()
  ctx = { ...opened, config: { ...opened.config, telegram: fake.config([{ id: '11', roles: ['APPROVER'] }]) } }
  await startWorker(ctx)
  telegram = startTelegram(ctx)!
})
afterAll(async () => {
  await telegram.stop()
  await fake.close()
  await ctx.close()
})

const photos = (): Call[] => fake.calls.filter(({ method }) => method === 'sendPhoto')
const photo = (at: number) => fake.until(() => photos()[at], `there was no photo ${at}`)

/** A picture that is not empty in any of the stretches of rows. */
function expectPicture({ payload }: Call, ...stretches: [from: number, to: number][]): void {
  const pixels = pixelsOf(payload.upload)
  expect(pixels.width).toBe(WIDTH)
  for (const [from, to] of stretches) expect(inkOf(pixels, from, to)).toBeGreaterThan(1000)
}

test('a review comes with what it would change, and its history with how the numbers came to be', async () => {
  const name = 'Bo<ok> & "co"'
  const book = await newPlaybook(ctx, { name })
  const losing = { TRENDING_UP: 0.2, RANGING: 0.25, HIGH_VOLATILITY: 0.2 }
  await recordTrades(ctx, { playbookId: book.id, trades: trades({ count: 300, winRate: losing }) })
  const review = await startPlaybookReview(ctx, book.id)
  const message = await fake.shows(ANN, 'Review: Bo&lt;ok&gt;')
  const behind = await photo(0)
  expect(behind.payload).toMatchObject({ chat_id: '11', reply_parameters: { message_id: message.message_id } })
  expectPicture(behind, [20, 80], [140, 440], [500, 700])

  await approveRecommendations(ctx, { reviewId: review.id, mode: 'ALL' })
  fake.write(ANN, `/tune history ${name}`)
  await fake.shows(ANN, 'Version 2</b> · review')
  expectPicture(await photo(1), [20, 80], [130, 290])
})

test('a finished job comes as a picture with its verdict below it', { timeout: 120_000 }, async () => {
  const before = photos().length
  const job = await runJob(ctx, { name: 'edge <i>or</i> luck?' })
  const told = await photo(before)
  expect(told.payload.caption).toContain('<b>edge &lt;i&gt;or&lt;/i&gt; luck?</b>')
  expect(told.payload.caption).toContain(`score ${Math.round(job.result!.readiness.score)} of 100`)
  expectPicture(told, [20, 100], [170, 440], [530, 640], [700, 900])
})

test('a picture that cannot be drawn does not hold up the words', { timeout: 120_000 }, async () => {
  const broken = vi.spyOn(ctx.engine, 'detail').mockRejectedValue(new Error('no memory for pictures'))
  const before = photos().length
  await runJob(ctx, { name: 'in words', seed: 2, placeboRuns: 0 }).finally(() => broken.mockRestore())
  await fake.shows(ANN, 'in words')
  expect(photos()).toHaveLength(before)
})
