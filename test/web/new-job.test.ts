import { describe, expect, test } from 'vitest'
import type { ParameterRangeFragment } from '../../web/generated/graphql.ts'
import { newDraft, type Choices, type Draft } from '../../web/screens/new-job/draft.ts'
import { errorsOf, inputOf } from '../../web/screens/new-job/input-of.ts'
import { suggestPeriods, toInstant } from '../../web/screens/new-job/periods.ts'

const NOTHING = { step: null, mean: null, standardDeviation: null, values: null }
const SPACE: ParameterRangeFragment[] = [
  { ...NOTHING, name: 'period', distribution: 'INTEGER', low: 5, high: 50, default: 20 },
  { ...NOTHING, name: 'sl', distribution: 'UNIFORM', low: 0.01, high: 0.05, default: 0.02 },
  { ...NOTHING, name: 'width', distribution: 'DISCRETE', low: null, high: null, values: [1, 2], default: 2 },
]
const MARKET = {
  id: 'market_1',
  symbol: 'BTC/USDT',
  exchange: 'binance',
  timeframe: '5m',
  synthetic: false,
  candleCount: 28_800,
  from: '2025-01-01T00:00:00.000Z',
  to: '2025-04-11T00:00:00.000Z',
  quality: { score: 100, missingCandles: 0 },
}
const CHOICES: Choices = {
  strategies: {
    nodes: [
      { id: 'strategy_1', name: 'one', description: null, enterLong: null, enterShort: null, parameterSpace: SPACE },
    ],
  },
  markets: { nodes: [MARKET] },
  algorithms: [{ algorithm: 'RANDOM_FOREST', description: '', hyperparameters: [] }],
}

const draft = (changes: Partial<Draft> = {}): Draft => ({
  ...newDraft(CHOICES, { strategyId: null, marketId: null }),
  ...changes,
})

describe('a new form', () => {
  test('can be sent as it stands', () => {
    const { input, errors } = inputOf(draft(), SPACE)
    expect(errors).toEqual({})
    expect(input).toMatchObject({
      strategyId: 'strategy_1',
      marketId: 'market_1',
      timeframe: '5m',
      trainingPeriod: { from: '2025-01-01T00:00:00.000Z', to: '2025-03-22T00:00:00.000Z' },
      testPeriod: { from: '2025-03-22T00:00:00.000Z', to: '2025-04-11T00:00:00.000Z' },
      parameterSpace: [],
      sampleCount: 200,
      execution: { feeRate: 0.001, initialCapital: 10_000 },
      riskLimits: {},
    })
    expect(input!.execution).not.toHaveProperty('makerFeeRate')
  })
})

describe('what is typed', () => {
  test('as per cent is sent as a fraction without a rounding error', () => {
    const { costs, limits } = draft()
    const { input } = inputOf(
      draft({ costs: { ...costs, feeRate: '0.07' }, limits: { ...limits, maxDrawdown: '20' } }),
      SPACE,
    )
    expect(input!.execution!.feeRate).toBe(0.0007)
    expect(input!.riskLimits).toEqual({ maxDrawdown: 0.2 })
  })

  test('and is no number is refused at its field, and nothing is sent', () => {
    const { costs } = draft()
    const { input, errors } = inputOf(
      draft({ sampleCount: '2.5', seed: '', costs: { ...costs, slippage: 'low' } }),
      SPACE,
    )
    expect(input).toBeNull()
    expect(errors).toEqual({
      sampleCount: 'Type a whole number.',
      seed: 'Type a whole number.',
      'costs.slippage': 'Type a number.',
    })
  })

  test('as a range sends that parameter as a whole, and only that one', () => {
    const { space } = draft()
    const { input } = inputOf(draft({ space: { ...space, sl: { ...space.sl, high: '0.1' } } }), SPACE)
    expect(input!.parameterSpace).toEqual([
      { ...NOTHING, name: 'sl', distribution: 'UNIFORM', low: 0.01, high: 0.1, default: 0.02 },
    ])
  })

  test('as listed values may be divided by commas or spaces', () => {
    const { space } = draft()
    const { input } = inputOf(draft({ space: { ...space, width: { ...space.width, values: '1, 2.5 4' } } }), SPACE)
    expect(input!.parameterSpace![0].values).toEqual([1, 2.5, 4])
  })
})

test('what the API finds wrong stands at the field that was typed', () => {
  const { space } = draft()
  const typed = draft({ space: { ...space, sl: { ...space.sl, low: '0.9' } } })
  const errors = errorsOf(
    [
      { path: ['parameterSpace', '0', 'low'], message: 'too high' },
      { path: ['execution', 'feeRate'], message: 'too much' },
      { path: ['trainingPeriod'], message: 'no candles' },
    ],
    typed,
    SPACE,
  )
  expect(errors).toEqual({ 'space.sl.low': 'too high', 'costs.feeRate': 'too much', training: 'no candles' })
})

describe('suggested periods', () => {
  test('divide the last days 80 to 20 at a midnight', () => {
    expect(suggestPeriods(MARKET, 30 * 86_400_000)).toEqual({
      training: { from: '2025-03-12T00:00', to: '2025-04-05T00:00' },
      test: { from: '2025-04-05T00:00', to: '2025-04-11T00:00' },
    })
  })

  test('divide a short market at one of its candles', () => {
    const { training, test: rest } = suggestPeriods({ ...MARKET, to: '2025-01-01T10:00:00.000Z' })
    expect([training.to, rest.from]).toEqual(['2025-01-01T08:00', '2025-01-01T08:00'])
  })
})

test('a date-time input is read as UTC', () => {
  expect([toInstant('2025-03-01T14:05'), toInstant('2025-03-01'), toInstant('')]).toEqual([
    '2025-03-01T14:05:00.000Z',
    '2025-03-01T00:00:00.000Z',
    null,
  ])
})
