import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { createApiToken } from '../../src/auth/service.ts'
import { importTrades } from '../../src/cli/import-trades.ts'
import { listTrades } from '../../src/playbook/trade-list.ts'
import { serveHttp, type HttpServer } from '../../src/server/http.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { newPlaybook } from '../playbook/books.ts'
import { market } from '../tuning/jobs.ts'

const folder = mkdtempSync(join(tmpdir(), 'tunebook-trades-'))
let ctx: TestContext
let server: HttpServer
beforeAll(async () => {
  ctx = await testContext()
  server = await serveHttp({ ...ctx, config: { ...ctx.config, port: 0 } }, '/nowhere')
})
afterAll(async () => {
  await server.close()
  await ctx.close()
  rmSync(folder, { recursive: true, force: true })
})
afterEach(() => vi.restoreAllMocks())

const DAY_MS = 86_400_000
const date = (ms: number): string => new Date(ms).toISOString().replace('T', ' ').replace('.000Z', '+00:00')

/** Trades as freqtrade's backtest exports them, every six hours from a day on. */
function exported(first: number, count: number) {
  return Array.from({ length: count }, (_, at) => {
    const opened = first + at * (DAY_MS / 4)
    const closeRate = at % 3 ? 101 : 99
    return {
      pair: 'BTC/USDT:USDT',
      is_short: false,
      enter_tag: at % 2 ? 'breakout' : 'pullback',
      open_date: date(opened),
      close_date: date(opened + 7_200_000),
      open_rate: 100,
      close_rate: closeRate,
      min_rate: 98,
      max_rate: 102,
      profit_ratio: 3 * (closeRate / 100 - 1),
      profit_abs: 300 * (closeRate / 100 - 1),
      leverage: 3,
      stake_amount: 100,
      fee_open: 0.0005,
      fee_close: 0.0005,
      exit_reason: 'roi',
    }
  })
}

test("an export of freqtrade's becomes trades with regimes from candles; again it changes nothing", async () => {
  const { firstOpenTime } = await market(ctx, 'BTC/USDT')
  const book = await newPlaybook(ctx, { name: 'from freqtrade' })
  const { secret } = await createApiToken(ctx, { name: 'bot', roles: ['BOT'], playbookId: book.id })
  const file = join(folder, 'backtest-result.json')
  const rows = exported(firstOpenTime! + 50 * DAY_MS, 40)
  writeFileSync(file, JSON.stringify({ strategy: { Trend: { trades: rows } } }))

  const printed: string[] = []
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0)
  const run = () => importTrades(file, { playbook: 'from freqtrade', url: server.url, token: secret, json: true })
  expect(await run()).toBe(0)
  expect(JSON.parse(printed.splice(0).join(''))).toEqual({ recorded: 40, duplicates: 0 })
  expect(await run()).toBe(0)
  expect(JSON.parse(printed.splice(0).join(''))).toEqual({ recorded: 0, duplicates: 40 })

  const stored = await listTrades(ctx, book.id, {}, { limit: 200, inverted: false })
  expect(stored).toHaveLength(40)
  expect(stored.every(({ volatilityPercentile }) => volatilityPercentile !== null)).toBe(true)
  expect(stored[0]).toMatchObject({ side: 'LONG', strategy: 'Trend', leverage: 3, entryPrice: 100 })
  expect(stored[0].fees).toBeCloseTo(0.3, 12)
  const total = stored.reduce((sum, { profitAbs }) => sum + profitAbs, 0)
  expect(total).toBeCloseTo(
    rows.reduce((sum, { profit_abs: profit }) => sum + profit, 0),
    9,
  )

  writeFileSync(file, JSON.stringify({ strategy: { Trend: { trades: [{ ...rows[0], profit_abs: 7 }] } } }))
  await expect(run()).rejects.toThrow(/trades\.0\.externalId: .* was recorded before with other content/)
})
