import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { metricsOf, METRIC_NAMES, type Metrics } from '../../src/backtest/metrics.ts'
import type { ParameterSpec } from '../../src/strategy/parameter-space.ts'
import { gradientBoosting } from '../../src/models/gradient-boosting.ts'
import { compileStrategy } from '../../src/strategy/plan.ts'
import { drawSamples } from '../../src/strategy/sampling.ts'
import type { StrategyDefinition } from '../../src/strategy/strategy.ts'
import { jobCandles } from '../../src/tuning/candles.ts'
import { durationMs, estimateTuningJob, phasesMs } from '../../src/tuning/estimate.ts'
import { Evaluator } from '../../src/tuning/evaluator.ts'
import type { RiskLimits } from '../../src/tuning/job.ts'
import { weaknessWarning } from '../../src/tuning/learn.ts'
import { learningSeconds, roundsSeconds } from '../../src/tuning/learning-cost.ts'
import { isWithin } from '../../src/tuning/limits.ts'
import { paceOf } from '../../src/tuning/pace.ts'
import { roundSizes } from '../../src/tuning/rounds.ts'
import { createTuningJob } from '../../src/tuning/service.ts'
import { settingsOf, type TuningSettings } from '../../src/tuning/settings.ts'
import { edgeWarnings, liquidationWarnings } from '../../src/tuning/warnings.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { day, smallJob } from './jobs.ts'

let ctx: TestContext
let settings: TuningSettings
beforeAll(async () => {
  ctx = await testContext()
  settings = settingsOf(await createTuningJob(ctx, await smallJob(ctx)))
})
afterAll(() => ctx.close())

describe('a stop beyond the liquidation price', () => {
  const strategy = (sides: Partial<StrategyDefinition>): StrategyDefinition => ({
    name: 'test',
    stopLoss: 'sl',
    leverage: 'lev',
    parameterSpace: ['sl', 'lev'].map((name) => ({ name, distribution: 'UNIFORM' as const, low: 0.001, high: 100 })),
    constraints: [],
    ...sides,
  })
  const warnings = (sides: Partial<StrategyDefinition>, ...rows: [stop: number, leverage: number][]) => {
    const definition = strategy(sides)
    const batch = compileStrategy(definition).bind(Float64Array.from(rows.flat()))
    return liquidationWarnings(batch, { ...settings, strategy: definition })
  }
  const long = { enterLong: 'close > open' }

  test('is warned of, with the number of samples', () => {
    // 10 × with a margin of 0.5 %: liquidated after 9.548 % for a long, 9.453 % for a short
    expect(warnings(long, [0.0954, 10], [0.096, 10], [0.2, 10])).toEqual([
      'In 2 of 3 samples the stop lies beyond the liquidation price. Lower the leverage or tighten the stop.',
    ])
    expect(warnings({ ...long, enterShort: 'close < open' }, [0.0945, 10], [0.0946, 10])[0]).toContain(
      'In 1 of 2 samples',
    )
  })

  test('does not exist without leverage', () => {
    expect(warnings(long, [0.99, 1], [0.5, 1])).toEqual([])
  })
})

describe('a best value on the edge of its range', () => {
  const specs: ParameterSpec[] = [
    { name: 'period', distribution: 'INTEGER', low: 5, high: 50 },
    { name: 'sl', distribution: 'LOG_UNIFORM', low: 0.001, high: 1 },
    { name: 'fixed', distribution: 'UNIFORM', low: 2, high: 2 },
    { name: 'choice', distribution: 'DISCRETE', values: [1, 2] },
    { name: 'flag', distribution: 'BOOLEAN' },
  ]
  const inside = { period: 20, sl: 0.05, fixed: 2, choice: 1, flag: 1 }

  test('asks for a wider range', () => {
    expect(edgeWarnings(specs, inside)).toEqual([])
    expect(edgeWarnings(specs, { ...inside, period: 50, sl: 0.001 })).toEqual([
      'The best period lies on the edge of its range (5 to 50). Widen it on that side.',
      'The best sl lies on the edge of its range (0.001 to 1). Widen it on that side.',
    ])
  })

  test('is measured as the range is: 0.005 is well inside of 0.001 … 1 in proportion', () => {
    expect(edgeWarnings(specs, { ...inside, sl: 0.005 })).toEqual([])
  })
})

describe('a risk limit', () => {
  const none: RiskLimits = { maxDrawdown: null, minTrades: null, minWinRate: null, minProfitFactor: null }
  const metrics = (values: Partial<Metrics>): Metrics => ({
    ...metricsOf(
      Float64Array.from(METRIC_NAMES, (name) => (name === 'maxDrawdown' || name === 'tradeCount' ? 0 : NaN)),
    ),
    ...values,
  })

  test('that is not set is kept by everybody', () => {
    expect(isWithin(none, metrics({}))).toBe(true)
  })

  test.each<[Partial<RiskLimits>, Partial<Metrics>, boolean]>([
    [{ maxDrawdown: 0.2 }, { maxDrawdown: 0.2 }, true],
    [{ maxDrawdown: 0.2 }, { maxDrawdown: 0.2000001 }, false],
    [{ minTrades: 10 }, { tradeCount: 10 }, true],
    [{ minTrades: 10 }, { tradeCount: 9 }, false],
    [{ minWinRate: 0 }, { winRate: null }, false],
    [{ minWinRate: 0.5 }, { winRate: 0.5 }, true],
    [{ minProfitFactor: 1.5 }, { profitFactor: 1.4 }, false],
    [{ minProfitFactor: 1.5 }, { profitFactor: 1.5 }, true],
    [{ minProfitFactor: 1.5 }, { profitFactor: null }, false],
  ])('%j with %j: %s', (limits, values, kept) => {
    expect(isWithin({ ...none, ...limits }, metrics(values))).toBe(kept)
  })
})

describe('of a model that explains little', () => {
  test.each([
    [
      0.3,
      0.6,
      60,
      [
        'The model explains 0.30 of the variance of unseen samples. By its learning curve the expected R2 at 240 samples is about 0.60.',
      ],
    ],
    [-0.2, null, 60, ['The model explains nothing about unseen samples. Run more samples.']],
    [0.6, null, 60, []],
    [0.3, null, 1000, []],
    [null, null, 60, []],
  ])('R² %d, expected %d, %d samples', (r2, expectedR2, samples, said) => {
    expect(weaknessWarning({ expectedR2, expectedRows: 240 }, { r2 }, samples)).toEqual(said)
  })
})

describe('an estimate', () => {
  test('counts backtests and bars, and grows with them', async () => {
    const small = await estimateTuningJob(ctx, await smallJob(ctx, { hyperparameters: {} }))
    expect(small).toMatchObject({ backtests: 140 + 40 * (12 + 20) + 264, bars: 60 * 96 })
    const large = await estimateTuningJob(ctx, await smallJob(ctx, { sampleCount: 5000, hyperparameters: {} }))
    expect(large.durationMs).toBeGreaterThan(small.durationMs)
    expect(large.memoryBytes).toBeGreaterThan(small.memoryBytes)
    expect(Number.isFinite(large.durationMs + large.memoryBytes)).toBe(true)
  })

  test('counts presets, the repeats of cross-validation, and the rounds of BAYESIAN', () => {
    const question = { ...settings, sampleCount: 400, hyperparameters: {} }
    const seconds = (changes: Partial<TuningSettings>) => learningSeconds({ ...question, ...changes })
    const fit = gradientBoosting.estimateSeconds(280, 8)
    const [chosen, given] = [
      seconds({ algorithm: 'XGBOOST' }),
      seconds({ algorithm: 'XGBOOST', hyperparameters: { lambda: 1 } }),
    ]
    expect(given).toBeGreaterThan(15 * fit) // fifteen fits of three repeats
    expect(chosen).toBeGreaterThan(given + 5 * fit) // and five of each preset, of which three are small
    expect(seconds({ algorithm: 'ENSEMBLE' })).toBeGreaterThan(chosen)
    expect(roundSizes(400, 6)).toEqual(Array.from({ length: 16 }, (_, round) => 12 + round * 25))
    expect(roundSizes(5, 6)).toEqual([])
    expect(roundsSeconds({ ...question, sampleCount: 800 })).toBeGreaterThan(roundsSeconds(question))
  })

  test.each([500, 20_000])('says within a factor of two what memory %i samples take', async (sampleCount) => {
    const input = await smallJob(ctx, { sampleCount, placeboRuns: 0, hyperparameters: {} })
    const { memoryBytes } = await estimateTuningJob(ctx, input)
    const job = await createTuningJob(ctx, input)
    const own = settingsOf(job)
    const dataSet = ctx.engine.dataSet(await jobCandles(ctx, job), own.timeframeMs)
    const evaluator = new Evaluator(ctx.engine, dataSet, own)
    const { parameterSpace: specs } = own.strategy
    const design = { specs, sampler: 'RANDOM' as const, count: sampleCount, seed: 1, violated: () => null }
    await evaluator.run(drawSamples(design).rows, own.training)
    const tables = 3 * sampleCount * 8 * (specs.length + METRIC_NAMES.length)
    const taken = dataSet.arena.memory.buffer.byteLength + tables
    expect(memoryBytes / taken).toBeGreaterThan(0.5)
    expect(memoryBytes / taken).toBeLessThan(2)
  })

  test('is of this machine, whose pace is measured once', async () => {
    const pace = await paceOf(ctx.engine)
    expect(pace).toBeGreaterThan(0)
    expect(Number.isFinite(pace)).toBe(true)
    const done = ctx.engine.load.completed
    const { durationMs: said } = await estimateTuningJob(ctx, await smallJob(ctx))
    expect(await paceOf(ctx.engine)).toBe(pace)
    expect(ctx.engine.load.completed).toBe(done)
    expect(said).toBe(durationMs(settings, ctx.config.threads) * pace)
  })

  test('says which phase takes long, which of a large job is the evidence', () => {
    const share = (sampleCount: number): number => {
      const phases = phasesMs({ ...settings, sampleCount }, 2)
      return new Map(phases).get('VALIDATING')! / phases.reduce((sum, [, ms]) => sum + ms, 0)
    }
    expect(share(50_000)).toBeGreaterThan(0.3)
    expect(share(50)).toBeLessThan(share(50_000))
  })

  test('counts a column for each period that a sample may ask for', async () => {
    const fixed = await estimateTuningJob(ctx, await smallJob(ctx))
    const tunable = await estimateTuningJob(ctx, await smallJob(ctx, { strategy: 'ema-cross' }))
    expect(tunable.memoryBytes).toBeGreaterThan(fixed.memoryBytes)
  })

  test('warns of what would prove little', async () => {
    const few = await estimateTuningJob(
      ctx,
      await smallJob(ctx, { sampleCount: 20, testPeriod: { from: day(45), to: day(46) } }),
    )
    expect(few.warnings).toEqual([
      expect.stringMatching(
        /^The market begins less than \d+ bars before the training period: the first signals come later\.$/,
      ),
      '20 samples are too few for a model; it takes at least 30.',
      'The test period is shorter than a tenth of the training period and proves little.',
    ])
    const thin = await estimateTuningJob(ctx, await smallJob(ctx, { trainingPeriod: { from: day(5), to: day(45) } }))
    expect(thin.warnings).toEqual(['40 samples for 6 parameters are few; take at least 60.'])
    const good = await smallJob(ctx, { trainingPeriod: { from: day(5), to: day(45) }, sampleCount: 200 })
    expect((await estimateTuningJob(ctx, good)).warnings).toEqual([])
  })
})
