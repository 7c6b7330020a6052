import { describe, expect, test } from 'vitest'
import { parseTradeFile } from '../../src/cli/trade-file.ts'

const row = {
  pair: 'BTC/USDT:USDT',
  is_short: true,
  enter_tag: 'breakout',
  open_date: '2024-01-01 00:00:00+00:00',
  close_date: '2024-01-01 04:00:00+00:00',
  open_rate: 42000,
  close_rate: 41000,
  profit_ratio: 0.046,
  profit_abs: 46,
  leverage: 2,
  min_rate: 40900,
  max_rate: 42100,
  fee_open: 0.0005,
  fee_close: 0.0005,
  stake_amount: 1000,
  exit_reason: 'roi',
}
const trade = {
  externalId: 'BTC/USDT:USDT 2024-01-01T00:00:00+00:00 breakout',
  symbol: 'BTC/USDT:USDT',
  side: 'SHORT',
  strategy: 'Mine',
  confidence: 100,
  leverage: 2,
  entryTime: '2024-01-01T00:00:00+00:00',
  exitTime: '2024-01-01T04:00:00+00:00',
  entryPrice: 42000,
  exitPrice: 41000,
  minPrice: 40900,
  maxPrice: 42100,
  profitRatio: 0.046,
  profitAbs: 46,
  fees: 2,
  exitReason: 'roi',
}

describe('a file of trades', () => {
  test("may be a result of freqtrade's backtest", () => {
    expect(parseTradeFile(JSON.stringify({ strategy: { Mine: { trades: [row] } } }))).toEqual([trade])
  })

  test('may be rows of its database, which have an id', () => {
    const [{ externalId, strategy }] = parseTradeFile(JSON.stringify([{ ...row, trade_id: 7 }]))
    expect({ externalId, strategy }).toEqual({ externalId: '7', strategy: 'breakout' })
  })

  test('may have our own fields as JSON, one object a line, or CSV', () => {
    expect(parseTradeFile(JSON.stringify([trade, trade]))).toEqual([trade, trade])
    expect(parseTradeFile(`${JSON.stringify(trade)}\n${JSON.stringify(trade)}\n`)).toEqual([trade, trade])
    const names = Object.keys(trade)
    const csv = `${names.join(',')}\n${Object.values(trade)
      .map((value) => `"${value}"`)
      .join(',')}\n`
    expect(parseTradeFile(csv)).toEqual([trade])
  })

  test('says which line is none', () => {
    expect(() => parseTradeFile('{"a":1}\nhello')).toThrow('line 2')
  })
})
