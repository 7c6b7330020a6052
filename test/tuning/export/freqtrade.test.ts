import { describe, expect, test } from 'vitest'
import { DEFAULT_EXECUTION } from '../../../src/engine/execution.ts'
import { className, freqtradeParameters } from '../../../src/tuning/export/freqtrade.ts'

const FREE = { ...DEFAULT_EXECUTION, feeRate: 0, makerFeeRate: 0 }
const strategy = {
  name: 'rsi-adx-volume',
  enterLong: 'rsi(period) < oversold and filter',
  exitLong: 'rsi(period) > overbought',
  stopLoss: 'sl',
  takeProfit: 'tp',
  parameterSpace: [
    { name: 'period', distribution: 'INTEGER', low: 5, high: 30 },
    { name: 'oversold', distribution: 'UNIFORM', low: 10, high: 40 },
    { name: 'filter', distribution: 'BOOLEAN' },
    { name: 'overbought', distribution: 'UNIFORM', low: 60, high: 90 },
    { name: 'sl', distribution: 'UNIFORM', low: 0.01, high: 0.1 },
    { name: 'tp', distribution: 'UNIFORM', low: 0.01, high: 0.1 },
  ] as const,
  constraints: [],
}
const best = { period: 14, oversold: 30.5, filter: 1, overbought: 70, sl: 0.05, tp: 0.04 }
const finishedAt = new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 678))

function exported(changes: object = {}, execution = FREE, parameters: Record<string, number> = best) {
  const job = { strategy: { ...strategy, parameterSpace: [...strategy.parameterSpace], ...changes }, execution }
  return JSON.parse(freqtradeParameters(job, parameters, finishedAt)) as {
    params: { roi: Record<string, number>; stoploss: { stoploss: number }; trailing: Record<string, unknown> }
  }
}

describe("the best parameters in freqtrade's form", () => {
  test('go to buy where an entry reads them, else to sell, with stop and target in their places', () => {
    expect(exported()).toEqual({
      strategy_name: 'RsiAdxVolume',
      params: {
        buy: { period: 14, oversold: 30.5, filter: true },
        sell: { overbought: 70, sl: 0.05, tp: 0.04 },
        roi: { '0': 0.04 },
        stoploss: { stoploss: -0.05 },
        trailing: {
          trailing_stop: false,
          trailing_stop_positive: null,
          trailing_stop_positive_offset: 0,
          trailing_only_offset_is_reached: false,
        },
      },
      ft_stratparam_v: 1,
      export_time: '2026-01-02 03:04:05.678000+00:00',
    })
  })

  test('measure stop and target on the margin', () => {
    const { params } = exported({ leverage: '3' })
    expect(params.stoploss.stoploss).toBe(-0.15)
    expect(params.roi).toEqual({ '0': 0.12 })
  })

  // freqtrade: close_rate = (open · roi / leverage + open · (1 + fee)) / (1 − fee) for a long position
  test('reach the target at the same price, whatever the fees are', () => {
    const { params } = exported({}, { ...FREE, feeRate: 0.002, makerFeeRate: 0.001 })
    expect((params.roi['0'] + 1 + 0.002) / (1 - 0.001)).toBeCloseTo(1.04, 12)
    const short = exported(
      { enterShort: strategy.enterLong, enterLong: null, exitLong: null, exitShort: 'rsi(period) > overbought' },
      {
        ...FREE,
        feeRate: 0.002,
        makerFeeRate: 0.001,
      },
    )
    expect((1 - 0.002 - short.params.roi['0']) / (1 + 0.001)).toBeCloseTo(0.96, 12)
  })

  test('turn a trailing stop into one that trails from the start', () => {
    const { params } = exported({ stopLoss: null, trailingStop: 'sl' })
    expect(params.stoploss.stoploss).toBe(-0.05)
    expect(params.trailing).toMatchObject({ trailing_stop: true, trailing_stop_positive: 0.05 })
  })

  test('name a class of Python', () => {
    expect(['ema cross', 'Mine', '3 ducks', '—'].map(className)).toEqual([
      'EmaCross',
      'Mine',
      'Strategy3Ducks',
      'Strategy',
    ])
  })
})
