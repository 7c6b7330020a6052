import { describe, expect, test } from 'vitest'
import { replayedEquity, type ReplayedChange } from '../../src/playbook/replayed-equity.ts'
import { tradeLog, type LoggedTrade } from '../../src/playbook/trade-log.ts'

const trade = (profitRatio: number, more: Partial<LoggedTrade> = {}): LoggedTrade => ({
  side: 'LONG',
  strategy: 'trend',
  regime: 'RANGING',
  regimeAtExit: null,
  volatilityPercentile: null,
  confidence: 70,
  leverage: 2,
  entryTime: 0,
  exitTime: 1,
  entryPrice: 100,
  exitPrice: 101,
  stopLoss: 0.01,
  minPrice: 99,
  maxPrice: 103,
  profitRatio,
  profitAbs: 1,
  ...more,
})
const change = (changes: Partial<ReplayedChange>): ReplayedChange => ({
  regime: 'RANGING',
  parameter: 'LEVERAGE',
  strategy: null,
  current: 2,
  recommended: 1,
  ...changes,
})
const after = (log: LoggedTrade[], ...changes: ReplayedChange[]) => [...replayedEquity(tradeLog(log), changes).after]

describe('the logged trades, replayed', () => {
  const log = [trade(0.1), trade(-0.2, { confidence: 55 }), trade(0.1, { regime: 'TRENDING_UP', strategy: 'other' })]

  test('are compounded as they were', () => {
    const { before, time } = replayedEquity(tradeLog(log), [])
    expect([...before]).toEqual([1.1, 1.1 * 0.8, 1.1 * 0.8 * 1.1])
    expect([...time]).toEqual([1, 1, 1])
  })

  test('change in the regime that the change is for, and nowhere else', () => {
    expect(after(log, change({}))).toEqual([1.05, 1.05 * 0.9, 1.05 * 0.9 * 1.1])
    expect(after(log, change({ parameter: 'CONFIDENCE_THRESHOLD', current: 50, recommended: 60 }))).toEqual([
      1.1,
      1.1,
      1.1 * 1.1,
    ])
    const weight = { parameter: 'STRATEGY_WEIGHT', strategy: 'trend', current: 0.5, recommended: 0.25 } as const
    expect(after(log, change(weight))[0]).toBe(1.05)
    expect(after(log, change({ ...weight, strategy: 'other' }))[2]).toBe(1.1 * 0.8 * 1.1)
  })

  test('end at a nearer target before they are scaled, and not at a farther one', () => {
    const target = { parameter: 'RISK_REWARD_RATIO', current: 3, recommended: 2 } as const
    // the best price was 3 % above the entry; twice the stop of 1 % was reached, at leverage 2: 4 %, then halved
    expect(after([trade(0.1)], change({}), change(target))[0]).toBeCloseTo(1.02, 12)
    expect(after([trade(0.1)], change({ ...target, current: 2, recommended: 3 }))).toEqual([1.1])
  })

  test('never come back from nothing', () => {
    expect(after([trade(-0.6), trade(0.5)], change({ current: 1, recommended: 2 }))).toEqual([0, 0])
  })
})
