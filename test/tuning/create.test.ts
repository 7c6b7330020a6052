import { count } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AppContext } from '../../src/context.ts'
import { NotFoundError, ValidationError } from '../../src/errors.ts'
import type { Delivery } from '../../src/queue/queue.ts'
import { createStrategy } from '../../src/strategy/service.ts'
import type { CreateTuningJobInput } from '../../src/tuning/input.ts'
import { createTuningJob, getTuningJob, TUNING_QUEUE, type TuningMessage } from '../../src/tuning/service.ts'
import { tuningJobs } from '../../src/tuning/table.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { day, smallJob } from './jobs.ts'

let ctx: TestContext
beforeAll(async () => {
  ctx = await testContext()
})
afterAll(() => ctx.close())

async function countJobs(): Promise<number> {
  const [row] = await ctx.db.select({ total: count() }).from(tuningJobs)
  return row.total
}

describe('createTuningJob', () => {
  test('answers with a job that waits, its settings copied and its gaps filled with defaults', async () => {
    const job = await createTuningJob(ctx, await smallJob(ctx, { name: '  My job  ', seed: null, riskLimits: null }))
    expect(job).toMatchObject({
      name: 'My job',
      status: 'PENDING',
      phase: 'QUEUED',
      attempt: 0,
      revision: 1,
      fraction: 0,
      seed: 1,
      createdBy: 'tester',
      timeframe: '15m',
      trainingFrom: day(0).getTime(),
      testTo: day(60).getTime(),
      riskLimits: { maxDrawdown: null, minTrades: null, minWinRate: null, minProfitFactor: null },
      features: { interactions: true, market: true, temporal: false },
      hyperparameters: { nEstimators: 10 },
    })
    expect(job.id).toMatch(/^job_[0-9a-f]{32}$/)
    expect(job.strategy.name).toBe('rsi-adx-volume')
    expect(await getTuningJob(ctx, job.id)).toEqual(job)
  })

  test('names a job that has no name after its strategy and its market', async () => {
    const job = await createTuningJob(ctx, await smallJob(ctx, { name: '   ', timeframe: '1h' }))
    expect(job.name).toBe('rsi-adx-volume on TEST/USDT 1h')
  })

  test('replaces parameters of the space in their place, for this job only', async () => {
    const space = [{ name: 'sl', distribution: 'UNIFORM' as const, low: 0.02, high: 0.03 }]
    const { strategy } = await createTuningJob(ctx, await smallJob(ctx, { parameterSpace: space }))
    expect(strategy.parameterSpace[4]).toEqual(space[0])
    const other = await createTuningJob(ctx, await smallJob(ctx))
    expect(other.strategy.parameterSpace[4]).toMatchObject({ name: 'sl', low: 0.01, high: 0.05 })
  })

  test('keeps secondary objectives once each, without the objective itself', async () => {
    const secondaryObjectives = ['ROI', 'SQN', 'SQN', 'WIN_RATE'] as const
    const job = await createTuningJob(ctx, await smallJob(ctx, { secondaryObjectives: [...secondaryObjectives] }))
    expect(job.secondaryObjectives).toEqual(['SQN', 'WIN_RATE'])
  })
})

describe('the job and its message', () => {
  test('are gone together where the transaction fails', async () => {
    const before = await countJobs()
    const db = new Proxy(ctx.db, {
      get: (target, name, receiver) =>
        name === 'transaction'
          ? (work: (tx: never) => Promise<unknown>) =>
              target.transaction(async (tx) => {
                await work(tx as never)
                throw new Error('power cut before the commit')
              })
          : Reflect.get(target, name, receiver),
    })
    const broken: AppContext = { ...ctx, db }
    await expect(createTuningJob(broken, await smallJob(ctx))).rejects.toThrow('power cut')
    expect(await countJobs()).toBe(before)
  })

  test('are there together where it commits, and one message for one job', async () => {
    const delivered: string[] = []
    const [a, b] = [await createTuningJob(ctx, await smallJob(ctx)), await createTuningJob(ctx, await smallJob(ctx))]
    const { promise: all, resolve } = Promise.withResolvers<void>()
    await ctx.queue.work<TuningMessage>(
      TUNING_QUEUE,
      async ({ data }: Delivery<TuningMessage>) => {
        delivered.push(data.jobId)
        if (data.jobId === b.id) resolve()
      },
      async () => {},
    )
    await all
    expect(delivered.filter((id) => id === a.id || id === b.id)).toEqual([a.id, b.id])
    expect(delivered).toHaveLength(await countJobs())
  })
})

/** Path and message of every field error, as they are shown. */
async function refusal(changes: Partial<CreateTuningJobInput> & { strategy?: string }): Promise<string[]> {
  const error: unknown = await createTuningJob(ctx, await smallJob(ctx, changes)).then(
    () => null,
    (reason: unknown) => reason,
  )
  if (!(error instanceof ValidationError)) throw new Error(`not a ValidationError: ${String(error)}`)
  return error.fieldErrors.map(({ path, message }) => `${path.join('.')}: ${message}`)
}

const uniform = (name: string, low: number, high: number) => [{ name, distribution: 'UNIFORM' as const, low, high }]
const NOT_A_DATE = new Date(NaN)

describe('a mistake is refused by its field, with the value and what to do', () => {
  test.each<[string, Partial<CreateTuningJobInput>, string]>([
    ['a name too long', { name: 'x'.repeat(201) }, 'name: has 201 characters; at most 200.'],
    [
      'a name that cannot be stored',
      { name: 'a\0b' },
      'name: "a\\u0000b" holds a character that cannot be stored. Remove it.',
    ],
    ['half a character', { name: 'a\ud800' }, 'name: "a\\ud800" holds a character that cannot be stored. Remove it.'],
    [
      'a timeframe that is none',
      { timeframe: '7m' },
      'timeframe: "7m" is not a timeframe. Known timeframes: 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 1w.',
    ],
    [
      'a timeframe too short',
      { timeframe: '5m' },
      'timeframe: 5m candles cannot be made from 15m candles. Possible: 15m 30m 1h 2h 4h 6h 8h 12h 1d 1w.',
    ],
    [
      'a training period backwards',
      { trainingPeriod: { from: day(9), to: day(2) } },
      'trainingPeriod.to: 2025-01-03 00:00 is not after from, 2025-01-10 00:00. The end is exclusive.',
    ],
    [
      'a test period of nothing',
      { testPeriod: { from: day(50), to: day(50) } },
      'testPeriod.to: 2025-02-20 00:00 is not after from, 2025-02-20 00:00. The end is exclusive.',
    ],
    [
      'a test before the training',
      { testPeriod: { from: day(44), to: day(60) } },
      'testPeriod.from: 2025-02-14 00:00 lies before the end of the training period, 2025-02-15 00:00. The test must come after everything that was learned from.',
    ],
    [
      'a period without candles',
      { testPeriod: { from: day(70), to: day(80) } },
      'testPeriod: TEST/USDT 15m has no candles from 2025-03-12 00:00 to 2025-03-22 00:00; it has those from 2025-01-01 00:00 to 2025-03-01 23:45 UTC. Choose a period inside, or import more.',
    ],
    [
      'a date that is none',
      { testPeriod: { from: NOT_A_DATE, to: day(60) } },
      'testPeriod.from: is not a date-time. Write it as 2025-05-20T00:00:00Z.',
    ],
    [
      'low above high',
      { parameterSpace: uniform('sl', 0.05, 0.01) },
      'parameterSpace.0.low: 0.05 is above high, 0.01. Swap the two.',
    ],
    [
      'a parameter that the strategy has not',
      { parameterSpace: uniform('slx', 0.01, 0.05) },
      'parameterSpace.0.name: "slx" is not a parameter of this strategy. Did you mean sl?',
    ],
    [
      'a parameter twice',
      { parameterSpace: [...uniform('sl', 0.01, 0.02), ...uniform('sl', 0.01, 0.05)] },
      'parameterSpace.1.name: "sl" is already the name of parameter 0. Give each parameter a name of its own.',
    ],
    [
      'a name that means something else',
      { parameterSpace: uniform('__proto__', 0, 1) },
      'parameterSpace.0.name: "__proto__" is reserved. Choose another name.',
    ],
    [
      'a bound without end',
      { parameterSpace: uniform('sl', 0.01, Infinity) },
      'parameterSpace.0.high: must be a finite number, not Infinity.',
    ],
    [
      'a bound that is no number',
      { parameterSpace: uniform('sl', NaN, 1) },
      'parameterSpace.0.low: must be a finite number, not NaN.',
    ],
    [
      'a step of nothing',
      { parameterSpace: [{ name: 'adx_min', distribution: 'INTEGER', low: 10, high: 30, step: 0 }] },
      'parameterSpace.0.step: must be above 0, not 0. Leave it out for steps of 1.',
    ],
    [
      'a spread of nothing',
      { parameterSpace: [{ name: 'adx_min', distribution: 'NORMAL', mean: 20, standardDeviation: 0 }] },
      'parameterSpace.0.standardDeviation: must be above 0, not 0. For a constant use low = high.',
    ],
    [
      'a list of nothing',
      { parameterSpace: [{ name: 'adx_min', distribution: 'DISCRETE', values: [] }] },
      'parameterSpace.0.values: is empty. List at least one value.',
    ],
    [
      'a stop that a grid would put at nothing',
      { parameterSpace: uniform('sl', 0, 0.05), sampler: 'GRID', sampleCount: 64 },
      'stopLoss: is 0 where rsi_oversold = 25, rsi_overbought = 65, adx_min = 18, volume_multiplier = 1, sl = 0, tp = 0.01; it must be a fraction above 0, as in 0.02 for 2 %. Narrow the bounds or add a constraint.',
    ],
    [
      'an algorithm that is none',
      { algorithm: 'ASTROLOGY' as never },
      'algorithm: ASTROLOGY is not available in this version. Choose RANDOM_FOREST, XGBOOST, NEURAL_NETWORK, SVR, BAYESIAN, ENSEMBLE, AUTO.',
    ],
    [
      'a hyperparameter that is none',
      { hyperparameters: { nEstimatrs: 10 } },
      'hyperparameters.nEstimatrs: is unknown. Did you mean nEstimators?',
    ],
    [
      'a hyperparameter out of its range',
      { hyperparameters: { nEstimators: 1e9 } },
      'hyperparameters.nEstimators: must be a whole number from 10 to 1000, got 1000000000.',
    ],
    [
      'a hyperparameter without end',
      { hyperparameters: { maxFeatures: Infinity } },
      'hyperparameters.maxFeatures: must be a number from 0.01 to 1, got null.',
    ],
    [
      'hyperparameters in a row',
      { hyperparameters: [1] },
      'hyperparameters: must be an object of name to number, as in {"nEstimators": 100}.',
    ],
    [
      'too few samples',
      { sampleCount: 9 },
      'sampleCount: 9 is not a whole number from 10 to 100000 for RANDOM_FOREST; 200 is a good start.',
    ],
    [
      'more samples than the algorithm takes',
      { sampleCount: 25_001, algorithm: 'SVR', hyperparameters: {} },
      'sampleCount: 25001 is not a whole number from 10 to 25000 for SVR; 200 is a good start.',
    ],
    [
      'samples that are no number',
      { sampleCount: NaN },
      'sampleCount: NaN is not a whole number from 10 to 100000 for RANDOM_FOREST; 200 is a good start.',
    ],
    ['half a seed', { seed: 1.5 }, 'seed: 1.5 is not a whole number from -2147483648 to 2147483647.'],
    ['a seed of 33 bits', { seed: 2 ** 32 }, 'seed: 4294967296 is not a whole number from -2147483648 to 2147483647.'],
    [
      'a fall in per cent',
      { riskLimits: { maxDrawdown: 20 } },
      'riskLimits.maxDrawdown: 20 is not a number from 0 to 1; 0.2 is a fall of 20 %.',
    ],
    [
      'half a trade',
      { riskLimits: { minTrades: 2.5 } },
      'riskLimits.minTrades: 2.5 is not a whole number from 0 to 1000000; 10 where not given.',
    ],
    [
      'a win rate below nothing',
      { riskLimits: { minWinRate: -0.1 } },
      'riskLimits.minWinRate: -0.1 is not a number from 0 to 1; 0.4 is 40 %.',
    ],
    [
      'a profit factor that is no number',
      { riskLimits: { minProfitFactor: NaN } },
      'riskLimits.minProfitFactor: NaN is not a number from 0 to 1000; 1.5 wins half as much again as it loses.',
    ],
    [
      'a fee of 100 %',
      { execution: { feeRate: 1 } },
      'execution.feeRate: 1 is not allowed: from 0 up to 0.1 (0.001 is 0.1 % a side).',
    ],
    [
      'leverage that is no number',
      { execution: { leverage: NaN } },
      'execution.leverage: NaN is not allowed: from 1 up to 125 (1 is without leverage).',
    ],
    [
      'no capital',
      { execution: { initialCapital: 0 } },
      'execution.initialCapital: 0 is not allowed: above 0 up to 1000000000000 (in quote currency).',
    ],
  ])('%s', async (_, changes, message) => {
    const [first, ...others] = await refusal(changes)
    expect(others).toEqual([])
    expect(first).toBe(message)
  })

  test('all of them at once', async () => {
    const problems = await refusal({
      name: 'x'.repeat(201),
      timeframe: '5m',
      trainingPeriod: { from: day(9), to: day(2) },
      testPeriod: { from: day(1), to: day(80) },
      parameterSpace: uniform('slx', 0.01, 0.05),
      sampleCount: 1,
      seed: 0.5,
      riskLimits: { maxDrawdown: 2, minTrades: -1 },
      hyperparameters: { nope: 1, nEstimators: 1 },
      execution: { feeRate: -1, leverage: 0 },
    })
    expect(problems.map((problem) => problem.split(':')[0]).toSorted()).toEqual([
      'execution.feeRate',
      'execution.leverage',
      'hyperparameters.nEstimators',
      'hyperparameters.nope',
      'name',
      'parameterSpace.0.name',
      'riskLimits.maxDrawdown',
      'riskLimits.minTrades',
      'sampleCount',
      'seed',
      'testPeriod.from',
      'timeframe',
      'trainingPeriod.to',
    ])
  })

  test('constants only', async () => {
    const names = ['rsi_oversold', 'rsi_overbought', 'adx_min', 'volume_multiplier', 'sl', 'tp']
    const parameterSpace = names.map((name) => ({ name, distribution: 'UNIFORM' as const, low: 0.5, high: 0.5 }))
    expect(await refusal({ parameterSpace })).toEqual([
      'parameterSpace: holds only constants, so there is nothing to tune. Give at least one parameter a range.',
    ])
  })

  test('constraints that nothing satisfies', async () => {
    const strategy = await createStrategy(ctx, {
      name: 'impossible',
      enterLong: 'close > fast * sma(10) and close > slow * sma(20)',
      stopLoss: '0.02',
      parameterSpace: [...uniform('fast', 1, 2), ...uniform('slow', 2, 3)],
      constraints: ['fast > slow'],
    })
    const [problem, ...others] = await refusal({ strategyId: strategy.id })
    expect(others).toEqual([])
    expect(problem).toMatch(
      /^constraints: only 0 of 40 parameter sets found in \d+ draws: "fast > slow" refused \d+ of them\. Loosen it,/,
    )
  })

  test('a strategy and a market that do not exist', async () => {
    const input = await smallJob(ctx)
    const noStrategy = createTuningJob(ctx, { ...input, strategyId: 'strategy_nope' })
    await expect(noStrategy).rejects.toThrow(NotFoundError)
    await expect(noStrategy).rejects.toThrow(
      'No strategy with id strategy_nope. Query.strategies lists those there are.',
    )
    const noMarket = createTuningJob(ctx, { ...input, marketId: 'market_nope' })
    await expect(noMarket).rejects.toThrow('No market with id market_nope. Query.markets lists those there are.')
  })
})
