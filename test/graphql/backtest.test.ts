import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DAYS, FROM, market } from '../tuning/jobs.ts'
import { createSyntheticMarket } from '../../src/market/service.ts'
import { createStrategy, findStrategyByName, seedStrategies, updateStrategy } from '../../src/strategy/service.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { answered, asker, type Ask } from './ask.ts'
import { everyField } from './every-field.ts'

let ctx: TestContext
let ask: Ask
let input: Record<string, unknown>
beforeAll(async () => {
  ctx = await testContext()
  ask = asker(ctx)
  await seedStrategies(ctx)
  input = {
    strategyId: (await findStrategyByName(ctx, 'rsi-adx-volume'))!.id,
    marketId: (await market(ctx)).id,
    parameters: { rsi_oversold: 32, rsi_overbought: 68, adx_min: 19, volume_multiplier: 1.2, sl: 0.03, tp: 0.05 },
  }
})
afterAll(() => ctx.close())

/** @param selection fields of Backtest; `$maxPoints` may stand in it */
function question(selection: string): string {
  const maxPoints = selection.includes('$maxPoints') ? ', $maxPoints: Int' : ''
  return `query ($input: BacktestInput!${maxPoints}) { backtest(input: $input) ${selection} }`
}

const CURVE = 'equity(maxPoints: $maxPoints) { time equity drawdown }'

// oxlint-disable-next-line typescript/no-explicit-any -- answers are compared as they are
async function backtest(changes: object, selection: string, maxPoints?: number): Promise<any> {
  const fields = maxPoints === undefined ? selection : `${selection} ${CURVE}`
  return (await answered(ask(question(`{ ${fields} }`), { input: { ...input, ...changes }, maxPoints }))).backtest
}

/** Messages of a refused backtest, by their fields. */
async function refusal(changes: object, maxPoints = 10): Promise<string[]> {
  const { errors } = await ask(question(`{ ${CURVE} }`), { input: { ...input, ...changes }, maxPoints })
  const [{ extensions, message }] = errors!
  expect(extensions.code).toBe(extensions.fieldErrors ? 'BAD_USER_INPUT' : 'NOT_FOUND')
  return extensions.fieldErrors?.map((field) => `${field.path.join('.')}: ${field.message}`) ?? [message]
}

describe('a backtest', () => {
  test('answers with every field', async () => {
    const report = (await answered(ask(question(everyField('Backtest')), { input }))).backtest
    const { parameters, metrics, trades, equity, fingerprint, durationMs } = report
    expect(parameters).toEqual(input.parameters)
    expect(metrics.tradeCount).toBe(trades.length)
    expect(trades.length).toBeGreaterThan(10)
    const profit = trades.reduce((sum: number, { profitAbs }: { profitAbs: number }) => sum + profitAbs, 0)
    expect(10_000 + profit).toBeCloseTo(metrics.finalEquity, 6)
    expect(equity.at(-1).equity).toBeCloseTo(metrics.finalEquity, 9)
    expect(fingerprint).toMatch(/^[0-9a-f]{64}$/)
    expect(durationMs).toBeGreaterThan(0)
    for (const trade of trades) {
      expect(Date.parse(trade.exitTime)).toBeGreaterThanOrEqual(Date.parse(trade.entryTime))
      expect(trade.side).toBe('LONG')
    }
  })

  test('of a coarser timeframe and of a part of the market has its own result', async () => {
    const whole = await backtest({}, 'fingerprint metrics { tradeCount }')
    const hourly = await backtest({ timeframe: '1h' }, 'fingerprint metrics { tradeCount }')
    const part = await backtest({ from: '2025-01-10', to: '2025-01-20' }, 'fingerprint metrics { tradeCount }', 10_000)
    expect(new Set([whole.fingerprint, hourly.fingerprint, part.fingerprint]).size).toBe(3)
    expect(part.equity).toHaveLength(10 * 96)
    expect(part.equity[0].time).toBe('2025-01-10T00:15:00.000Z')
    expect(part.equity.at(-1).time).toBe('2025-01-20T00:00:00.000Z')
  })
})

describe('of rules that are not stored', () => {
  const rules = async () => (await findStrategyByName(ctx, 'rsi-adx-volume'))!.definition

  test('a backtest has the bits of the stored strategy, and stores nothing', async () => {
    const stored = await backtest({}, 'fingerprint')
    const strategy = { ...(await rules()), name: 'not stored' }
    expect(await backtest({ strategyId: null, strategy }, 'fingerprint')).toEqual(stored)
    expect(await findStrategyByName(ctx, 'not stored')).toBeNull()
  })

  test('every problem is named below strategy; and it is one of the two', async () => {
    const strategy = await rules()
    const [problem] = await refusal({ strategyId: null, strategy: { ...strategy, enterLong: 'rsi(14) < ' } })
    expect(problem).toMatch(/^strategy\.enterLong: The expression ends at column 10/)
    const space = [{ name: 'x', distribution: 'DISCRETE' }]
    const [broken] = await refusal({ strategyId: null, strategy: { ...strategy, parameterSpace: space } })
    expect(broken).toMatch(/^strategy\.parameterSpace\.0\.values/)
    const both = 'strategyId: Give either strategyId or strategy, one of the two.'
    expect(await refusal({ strategy })).toEqual([both])
    expect(await refusal({ strategyId: null })).toEqual([both])
  })
})

describe('its equity curve', () => {
  const bars = DAYS * 96

  test.each([1, 2, 7, 1000, 5759, 5760, 10_000])(
    'has at most %i points, the last of each stretch',
    async (maxPoints) => {
      const { equity, metrics } = await backtest({}, 'metrics { finalEquity maxDrawdown }', maxPoints)
      expect(equity.length).toBeLessThanOrEqual(maxPoints)
      expect(equity.length).toBeGreaterThan(Math.min(maxPoints, bars) / 2 - 1)
      expect(equity.at(-1)).toMatchObject({
        time: new Date(FROM + bars * 900_000).toISOString(),
        equity: metrics.finalEquity,
      })
      const drawdowns = equity.map(({ drawdown }: { drawdown: number }) => drawdown)
      expect(Math.min(...drawdowns)).toBeGreaterThanOrEqual(0)
      expect(Math.max(...drawdowns)).toBeLessThanOrEqual(metrics.maxDrawdown + 1e-12)
      if (maxPoints >= bars) expect(Math.max(...drawdowns)).toBeCloseTo(metrics.maxDrawdown, 12)
    },
  )

  test.each([0, -1, 10_001])('does not have %i points', async (maxPoints) => {
    expect(await refusal({}, maxPoints)).toEqual([
      `maxPoints: ${maxPoints} is not a number of points; ask for 1 to 10000.`,
    ])
  })
})

describe('its fingerprint', () => {
  const fingerprint = async (changes: object = {}): Promise<string> =>
    (await backtest(changes, 'fingerprint')).fingerprint

  test('is the same for the same question', async () => {
    const first = await fingerprint()
    expect(await fingerprint()).toBe(first)
    expect(await fingerprint({ timeframe: '15m', execution: { feeRate: 0.001 } })).toBe(first)
    expect(await fingerprint({ from: '2025-01-01', to: '2025-03-02' })).toBe(first)
    const { parameters } = input as { parameters: Record<string, number> }
    expect(await fingerprint({ parameters: Object.fromEntries(Object.entries(parameters).toReversed()) })).toBe(first)
    const [report, again] = [
      await backtest({}, 'metrics { roi finalEquity }'),
      await backtest({}, 'metrics { roi finalEquity }'),
    ]
    expect(again).toEqual(report)
  })

  test('changes with everything that decides the result', async () => {
    const { parameters } = input as { parameters: Record<string, number> }
    const other = await createSyntheticMarket(ctx, {
      symbol: 'OTHER/USDT',
      timeframe: '15m',
      bars: DAYS * 96,
      from: FROM,
      edge: 2,
      seed: 4,
    })
    const sibling = (await findStrategyByName(ctx, 'bollinger-reversion'))!.id
    const prints = [
      await fingerprint(),
      await fingerprint({ parameters: { ...parameters, sl: parameters.sl + 1e-16 * 4 } }),
      await fingerprint({ execution: { feeRate: 0.0010000001 } }),
      await fingerprint({ execution: { slippage: 0.0001 } }),
      await fingerprint({ execution: { initialCapital: 10_001 } }),
      await fingerprint({ timeframe: '30m' }),
      await fingerprint({ from: '2025-01-02' }),
      await fingerprint({ to: '2025-02-28' }),
      await fingerprint({ marketId: other.id }),
      await fingerprint({ strategyId: sibling, parameters: { period: 20, deviations: 2, sl: 0.03 } }),
    ]
    expect(new Set(prints).size).toBe(prints.length)
  })

  test('is that of the rules, not of their name', async () => {
    const { definition } = (await findStrategyByName(ctx, 'rsi-adx-volume'))!
    const copy = await createStrategy(ctx, { ...definition, name: 'a copy', description: 'another text' })
    expect(await fingerprint({ strategyId: copy.id })).toBe(await fingerprint())
    await updateStrategy(ctx, copy.id, { ...definition, name: 'a copy', exitLong: 'rsi(14) >= rsi_overbought' })
    expect(await fingerprint({ strategyId: copy.id })).not.toBe(await fingerprint())
  })
})

describe('a bad question is refused', () => {
  test('with everything that is wrong at once', async () => {
    const problems = await refusal({
      timeframe: '7m',
      from: '2025-02-01',
      to: '2025-01-01',
      parameters: { slx: 1 },
      execution: { feeRate: 0.5, leverage: 0 },
    })
    expect(problems.map((problem) => problem.split(':')[0]).toSorted()).toEqual([
      'execution.feeRate',
      'execution.leverage',
      'parameters.adx_min',
      'parameters.rsi_overbought',
      'parameters.rsi_oversold',
      'parameters.sl',
      'parameters.slx',
      'parameters.tp',
      'parameters.volume_multiplier',
      'timeframe',
      'to',
    ])
  })

  test.each([
    [
      { timeframe: '5m' },
      'timeframe: 5m candles cannot be made from 15m candles. Possible: 15m 30m 1h 2h 4h 6h 8h 12h 1d 1w.',
    ],
    [
      { from: '2025-01-10', to: '2025-01-10' },
      'to: 2025-01-10 00:00 is not after from, 2025-01-10 00:00. The end is exclusive.',
    ],
    [
      { from: '2024-01-10', to: '2024-02-10' },
      'from: There are no candles from 2024-01-10 00:00 to 2024-02-10 00:00; TEST/USDT 15m has 2025-01-01 00:00 to 2025-03-01 23:45. Choose a period inside.',
    ],
    [
      { execution: { leverage: 500 } },
      'execution.leverage: 500 is not allowed: from 1 up to 125 (1 is without leverage).',
    ],
    [{ strategyId: 'strategy_nope' }, 'No strategy with id strategy_nope. Query.strategies lists those there are.'],
    [{ marketId: 'market_nope' }, 'No market with id market_nope. Query.markets lists those there are.'],
  ])('%j', async (changes, message) => {
    expect(await refusal(changes)).toEqual([message])
  })

  test.each([
    'parameters: { sl: 1e999 }',
    'parameters: { sl: "0.02" }',
    'parameters: [1]',
    'parameters: {}, execution: { feeRate: 1e999 }',
    'parameters: {}, from: "2025-02-30"',
    'parameters: {}, from: 1735689600000',
  ])('a literal that is none: %s', async (literal) => {
    const { data, errors } = await ask(
      `{ backtest(input: { strategyId: "a", marketId: "b", ${literal} }) { fingerprint } }`,
    )
    expect(data).toBeUndefined()
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }])
  })
})
