import { eq } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { recordTrades } from '../../src/playbook/record.ts'
import { startPlaybookReview } from '../../src/playbook/start-review.ts'
import { attributions, playbooks } from '../../src/playbook/table.ts'
import { serveHttp, type HttpServer } from '../../src/server/http.ts'
import { startTelegram, type Telegram } from '../../src/telegram/service.ts'
import { telegramNotices } from '../../src/telegram/table.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { newPlaybook, trades } from '../playbook/books.ts'
import { button, FakeTelegram } from './fake-telegram.ts'

const ANN = 11
const USERS = [{ id: '11', roles: ['APPROVER'] }] as const
const SECRET = 'the-secret-of-the-webhook'

let ctx: TestContext
let fake: FakeTelegram
let telegram: Telegram | null
let server: HttpServer | null
beforeEach(async () => {
  ;[ctx, fake] = await Promise.all([testContext(), FakeTelegram.open()])
  telegram = server = null
})
afterEach(async () => {
  await Promise.all([telegram?.stop(), server?.close()])
  await fake.close()
  await ctx.close()
})

const withBot = (webhook?: { url: string; secret: string }): TestContext => ({
  ...ctx,
  config: { ...ctx.config, port: 0, telegram: fake.config(USERS, webhook) },
})

async function withReview() {
  const book = await newPlaybook(ctx)
  const losing = { TRENDING_UP: 0.2, RANGING: 0.25, HIGH_VOLATILITY: 0.2 }
  await recordTrades(ctx, { playbookId: book.id, trades: trades({ count: 300, winRate: losing }) })
  return { book, review: await startPlaybookReview(ctx, book.id) }
}

const BUSY = {
  status: 429,
  body: { ok: false, error_code: 429, description: 'Too Many', parameters: { retry_after: 1 } },
}
const BROKEN = { status: 502, body: { ok: false, error_code: 502, description: 'Bad Gateway' } }

describe('an outage of the database', () => {
  test('right after a message was sent does not have it sent again', async () => {
    const { book } = await withReview()
    const sent = () => [...fake.messages.values()].filter(({ text }) => text?.includes(`Review: ${book.name}`)).length
    let failures = 0
    const db = new Proxy(ctx.db, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        return (...args: unknown[]) => {
          const isFirstWrite = sent() > 0 && ['insert', 'update', 'transaction'].includes(String(name))
          if (isFirstWrite && failures++ < 3) throw Object.assign(new Error('no database'), { code: 'ECONNREFUSED' })
          return value.apply(target, args) as unknown
        }
      },
    })
    telegram = startTelegram({ ...withBot(), db })
    const isTold = async (): Promise<boolean> => {
      const [notice] = await ctx.db.select().from(telegramNotices).where(eq(telegramNotices.kind, 'REVIEW'))
      return Boolean(notice?.messageId)
    }
    await expect.poll(isTold, { timeout: 60_000 }).toBe(true)
    expect(failures).toBeGreaterThan(2)
    expect(sent()).toBe(1)
  }, 90_000)
})

describe('an outage of Telegram', () => {
  test('delays a review and a command, and loses neither', async () => {
    const { book } = await withReview()
    fake.troubles.push(
      { method: /getMe/, ...BROKEN },
      { method: /getUpdates/, ...BROKEN },
      { method: /getUpdates/, ...BUSY },
      { method: /sendMessage/, ...BUSY },
      ...Array.from({ length: 4 }, () => ({ method: /sendMessage/, ...BROKEN })),
    )
    fake.write(ANN, `/tune status ${book.name}`)
    telegram = startTelegram(withBot())
    await fake.shows(ANN, `Review: ${book.name}`)
    await fake.shows(ANN, 'A review waits for a decision until')
    expect(fake.troubles).toEqual([])
    expect([...fake.messages.values()].filter(({ text }) => text?.includes('Review:'))).toHaveLength(1)
  })

  test('waits as long as Telegram asks', async () => {
    fake.troubles.push({ method: /getUpdates/, ...BUSY })
    telegram = startTelegram(withBot())
    await fake.until(() => fake.calls.find(({ method }) => method === 'getUpdates'), 'it never asked')
    const asked = performance.now()
    await fake.until(
      () => (fake.calls.filter(({ method }) => method === 'getUpdates').length > 1 ? true : undefined),
      'it asked once only',
    )
    expect(performance.now() - asked).toBeGreaterThan(900)
  })

  test('does not keep the server from starting, answering or stopping', async () => {
    const { root } = fake
    const away = { ...withBot(), config: { ...withBot().config, telegram: { ...fake.config(USERS), apiRoot: root } } }
    await fake.close()
    server = await serveHttp(away)
    expect((await fetch(`${server.url}/health/live`)).status).toBe(200)
    const began = performance.now()
    await server.close()
    expect(performance.now() - began).toBeLessThan(5000)
    server = null
    fake = await FakeTelegram.open()
  })

  test('of one person, who has blocked the bot, does not hold up the others', async () => {
    const { book } = await withReview()
    const blocked = { status: 403, body: { ok: false, error_code: 403, description: 'Forbidden: bot was blocked' } }
    fake.troubles.push({ method: /sendMessage/, ...blocked })
    const two = [{ id: '10', roles: ['VIEWER'] }, ...USERS] as const
    telegram = startTelegram({ ...ctx, config: { ...ctx.config, telegram: fake.config(two) } })
    const told = await fake.until(
      () => [...fake.messages.values()].find(({ text }) => text?.includes(book.name)),
      'nobody was told',
    )
    expect([10, 11]).toContain(told.chat_id)
  })
})

describe('the webhook of the server', () => {
  const send = (update: object, secret: string | null = SECRET) =>
    fetch(`${server!.url}/telegram`, {
      method: 'POST',
      body: JSON.stringify(update),
      headers: { ...(secret !== null && { 'x-telegram-bot-api-secret-token': secret }) },
    })

  test('takes updates from who knows the secret, and each of them once', async () => {
    const { review, book } = await withReview()
    server = await serveHttp(withBot({ url: 'https://host/telegram', secret: SECRET }))
    const set = await fake.until(() => fake.calls.find(({ method }) => method === 'setWebhook'), 'no webhook was set')
    expect(set.payload).toMatchObject({ url: 'https://host/telegram', secret_token: SECRET })
    expect(fake.calls.some(({ method }) => method === 'getUpdates')).toBe(false)

    const message = await fake.shows(ANN, `Review: ${book.name}`)
    const pressed = fake.pressing(ANN, button(message, 'Reject'), message.message_id)
    for (const wrong of [null, 'x', SECRET.slice(1), `${SECRET}x`])
      expect((await send(pressed, wrong)).status).toBe(401)
    expect((await send({ nonsense: true })).status).toBe(400)
    expect((await send(pressed)).status).toBe(200)
    expect((await send(pressed)).status).toBe(200)
    await fake.answers('Rejected.')
    await fake.shows(ANN, '✖️ Rejected by telegram:11')
    expect(fake.calls.filter(({ method }) => method === 'answerCallbackQuery')).toHaveLength(1)
    expect(review.id).toMatch(/^review_/)
  })

  test('is not there where updates are fetched', async () => {
    server = await serveHttp(withBot())
    expect((await send({ update_id: 1 })).status).not.toBe(200)
  })
})

describe('a notice', () => {
  test('tells of a version that made results worse, once', async () => {
    const { book } = await withReview()
    const interval = { low: -0.02, high: -0.004, level: 0.95 }
    const figures = { effect: -0.012, pValue: 0.004, interval, meanProfitBefore: 0.01, meanProfitAfter: -0.002 }
    const result = { ...figures, tradesBefore: 80, tradesAfter: 60 } as never
    await ctx.db
      .insert(attributions)
      .values({ playbookId: book.id, version: 1, verdict: 'WORSENED', result, final: false })
    await ctx.db.update(playbooks).set({ name: 'A <i>name</i>' }).where(eq(playbooks.id, book.id))
    telegram = startTelegram(withBot())
    const told = await fake.shows(ANN, 'made results worse')
    expect(told.text).toContain('A &lt;i&gt;name&lt;/i&gt;: version 1')
    expect(told.text).toContain('effect -1.20 % (-2.00 % to -0.40 %), p 0.004')
    await telegram!.stop()
    telegram = startTelegram(withBot())
    await fake.until(
      () => (fake.calls.filter(({ method }) => method === 'getMe').length > 1 ? true : undefined),
      'no start',
    )
    fake.write(ANN, '/help')
    await fake.shows(ANN, '/tune rollback')
    expect([...fake.messages.values()].filter(({ text }) => text?.includes('made results worse'))).toHaveLength(1)
    expect(await ctx.db.select().from(telegramNotices).where(eq(telegramNotices.kind, 'WORSENED'))).toHaveLength(1)
  })
})
