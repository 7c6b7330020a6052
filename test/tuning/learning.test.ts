import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { METRIC_NAMES } from '../../src/backtest/metrics.ts'
import type { Candles } from '../../src/engine/candles.ts'
import { Engine } from '../../src/engine/pool.ts'
import { mean } from '../../src/engine/statistics.ts'
import { dominates } from '../../src/evidence/pareto.ts'
import { associations } from '../../src/tuning/associations.ts'
import { jobCandles } from '../../src/tuning/candles.ts'
import { tune, type Hooks, type Outcome } from '../../src/tuning/pipeline.ts'
import { createTuningJob } from '../../src/tuning/service.ts'
import { settingsOf, type TuningSettings } from '../../src/tuning/settings.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { smallJob } from './jobs.ts'

let ctx: TestContext
let settings: TuningSettings
let candles: Candles
let engine: Engine
let forest: Outcome
beforeAll(async () => {
  ctx = await testContext()
  engine = new Engine(2, () => {})
  const job = await createTuningJob(ctx, await smallJob(ctx, { sampleCount: 120, hyperparameters: {} }))
  settings = settingsOf(job)
  candles = await jobCandles(ctx, job)
  forest = await run({})
})
afterAll(async () => {
  await engine.close()
  await ctx.close()
})

const QUIET: Hooks = {
  signal: new AbortController().signal,
  progress: () => {},
  finished: async () => new Float64Array(),
  save: async () => {},
}

function run(changes: Partial<TuningSettings>): Promise<Outcome> {
  return tune(engine, candles, { ...settings, ...changes }, QUIET)
}

describe('cross-validation', () => {
  test('is repeated three times on training and validation part', () => {
    const { crossValidation, learningCurve } = forest.result
    expect(crossValidation).toMatchObject({ folds: 5, repeats: 3 })
    expect(crossValidation!.r2ByFold).toHaveLength(15)
    expect(crossValidation!.r2Mean).toBeCloseTo(mean(crossValidation!.r2ByFold.map(Number)), 12)
    expect(crossValidation!.r2StandardDeviation).toBeGreaterThan(0)
    expect(crossValidation!.outOfFoldR2).toBeGreaterThan(0)
    const rows = learningCurve!.points.map((point) => point.rows)
    expect(rows).toEqual(rows.toSorted((a, b) => a - b))
    expect(rows.at(-1)).toBeLessThan(0.85 * 120)
    expect(learningCurve!.expectedRows).toBe(4 * 0.85 * 120) // and not the 1000 that it leads nowhere near
  })

  test('chooses among presets only where the user gave no hyperparameters', async () => {
    const given = await run({ hyperparameters: { nEstimators: 20 } })
    expect(given.learned!.model.hyperparameters).toMatchObject({ nEstimators: 20, minNumSamples: 3, extraTrees: 0 })
    const chosen = await run({ algorithm: 'XGBOOST' })
    expect(chosen.learned!.model.hyperparameters.nEstimators).toBeLessThan(400) // all of them overfit less
  })

  test.each(['ENSEMBLE', 'AUTO'] as const)('of %s judges the parts that were chosen', async (algorithm) => {
    const { result, learned } = await run({ algorithm })
    expect(result.crossValidation!.r2Mean).toBeGreaterThan(0)
    expect(result.chosenAlgorithm).toMatch(algorithm === 'AUTO' ? /^[A-Z_]+$/ : /[A-Z_]+( 0\.\d+, )?/)
    expect(learned!.model.describe()).toHaveProperty(`${result.chosenAlgorithm!.split(' ')[0]} weight`)
  })
})

describe('importance', () => {
  test('has a permutation share, a SHAP value and a rank for every feature', () => {
    const { featureImportance, parameterImportance } = forest.result
    expect(featureImportance.map(({ feature }) => feature)).toEqual(forest.learned!.featureNames)
    expect(featureImportance.reduce((sum, { importance }) => sum + importance, 0)).toBeCloseTo(1, 12)
    for (const { shap, standardDeviation, gain } of featureImportance) {
      expect(shap).toBeGreaterThanOrEqual(0)
      expect(standardDeviation).toBeGreaterThanOrEqual(0)
      expect(gain).toBeGreaterThanOrEqual(0)
    }
    const parameters = settings.strategy.parameterSpace.map(({ name }) => name)
    expect(parameterImportance!.map(({ feature }) => feature).toSorted()).toEqual(parameters.toSorted())
    expect(parameterImportance!.reduce((sum, { importance }) => sum + importance, 0)).toBeCloseTo(1, 12)
  })

  test('by parameter keeps the SHAP value of a parameter that stands in no other feature', () => {
    const { featureImportance, parameterImportance } = forest.result
    const of = (list: typeof featureImportance, name: string) => list.find(({ feature }) => feature === name)!.shap
    expect(of(parameterImportance!, 'volume_multiplier')).toBeCloseTo(of(featureImportance, 'volume_multiplier')!, 12)
  })

  test('of boosting tells the gain too', async () => {
    const { result } = await run({ algorithm: 'XGBOOST' })
    const gains = result.featureImportance.map(({ gain }) => gain!)
    expect(gains.reduce((sum, gain) => sum + gain, 0)).toBeCloseTo(1, 12)
    const byParameter = result.parameterImportance!.map(({ gain }) => gain!)
    expect(byParameter.reduce((sum, gain) => sum + gain, 0)).toBeCloseTo(1, 12)
  })
})

describe('market conditions', () => {
  test('say under which conditions samples earned, beside a model that knows nothing of them', async () => {
    const changes = {
      features: { interactions: true, market: true, temporal: true },
      hyperparameters: { nEstimators: 10 },
    }
    const { result, learned, digest } = await run(changes)
    const { windows, windowMs, samples, importance, conditions, validation, unseenTimesR2 } = result.marketConditions!
    expect({ windows, windowMs, samples }).toEqual({ windows: 45 * 4, windowMs: 6 * 3_600_000, samples: 100 })
    const named = (wanted: string) => importance.filter(({ kind }) => kind === wanted).map(({ feature }) => feature)
    expect(named('PARAMETER')).toEqual(settings.strategy.parameterSpace.map(({ name }) => name))
    expect(named('MARKET')).toHaveLength(4)
    expect(named('TEMPORAL')).toHaveLength(6)
    expect(importance.reduce((sum, each) => sum + each.importance, 0)).toBeCloseTo(1, 12)
    expect(importance.find(({ rank }) => rank === 1)!.kind).toBe('MARKET')
    expect(validation.r2).toBeGreaterThan(unseenTimesR2!)
    for (const feature of new Set(conditions.map((each) => each.feature))) {
      const own = conditions.filter((each) => each.feature === feature)
      expect(own.reduce((sum, each) => sum + each.windows, 0)).toBe(windows)
      expect(own.every(({ meanReturn, bestReturn }) => Number.isFinite(meanReturn + bestReturn!))).toBe(true)
    }
    expect(learned!.featureNames).toEqual(forest.learned!.featureNames)
    expect((await run(changes)).digest).toBe(digest)
  })

  test('are null where nobody asks for them, or the period is too short', async () => {
    const hyperparameters = { nEstimators: 10 }
    const none = await run({ features: { interactions: true, market: false, temporal: false }, hyperparameters })
    expect(none.result.marketConditions).toBeNull()
    const { from } = settings.training
    const short = await run({
      hyperparameters,
      training: { from: from + 37 * 86_400_000, to: settings.training.to },
      riskLimits: { ...settings.riskLimits, minTrades: 1 },
    })
    expect(short.result.marketConditions).toBeNull()
    expect(short.warnings.join()).toMatch(/take 40 windows of 6 hours, and the training period has 32/)
  })
})

describe('sensitivity', () => {
  test("has Sobol' indices with intervals, bands and a safe range where the model explains anything", () => {
    expect(forest.result.validation!.r2).toBeGreaterThan(0)
    for (const { points, firstOrder, total, firstOrderInterval, totalInterval, safeRange } of forest.result
      .sensitivity) {
      expect(total! + 0.05).toBeGreaterThan(firstOrder!) // both are estimates
      expect(firstOrderInterval!.low).toBeLessThanOrEqual(firstOrderInterval!.high)
      expect(totalInterval).toMatchObject({ level: 0.95 })
      expect(points.every(({ low, objective, high }) => low <= high && Number.isFinite(objective))).toBe(true)
      expect(safeRange!.low).toBeLessThanOrEqual(safeRange!.high)
    }
  })

  test("has no Sobol' indices where the model explains nothing of unseen samples", async () => {
    const blind = await run({ hyperparameters: { nEstimators: 10, minNumSamples: 1000 } })
    expect(blind.result.validation!.r2).toBeLessThanOrEqual(0)
    for (const { firstOrder, total } of blind.result.sensitivity) expect([firstOrder, total]).toEqual([null, null])
  })
})

describe('several objectives', () => {
  const secondaryObjectives = ['MAX_DRAWDOWN' as const, 'WIN_RATE' as const]

  test('leave a front of really backtested sets that nothing beats in all of them', async () => {
    const { result } = await run({ secondaryObjectives, hyperparameters: { nEstimators: 20 } })
    const front = result.paretoFront!
    expect(front.length).toBeGreaterThan(1)
    expect(front.map(({ rank }) => rank)).toEqual(front.map((_, at) => at + 1))
    const points = front.map(({ inSample }) => [inSample!.roi!, -inSample!.maxDrawdown!, inSample!.winRate!])
    for (const a of points) for (const b of points) expect(dominates(a, b)).toBe(false)
    for (const { inSample } of forest.result.candidates) {
      const point = [inSample!.roi!, -inSample!.maxDrawdown!, inSample!.winRate!]
      expect(points.some((member) => dominates(point, member))).toBe(false)
    }
    for (const { outOfSample } of front) expect(outOfSample!.finalEquity).toBeGreaterThan(0)
    expect(result.hypervolume).toBeGreaterThan(0)
    expect(result.hypervolume).toBeLessThan(1)
  })

  test('are not there where there is only one', () => {
    expect(forest.result).toMatchObject({ paretoFront: [], hypervolume: null })
  })

  test('and candidates both keep the risk limits', async () => {
    const riskLimits = { ...settings.riskLimits, maxDrawdown: 0.25, minTrades: 20 }
    const { result } = await run({ secondaryObjectives, riskLimits, hyperparameters: { nEstimators: 20 } })
    expect(result.candidates.length).toBeGreaterThan(0)
    for (const { inSample } of [...result.candidates, ...result.paretoFront!]) {
      expect(inSample!.maxDrawdown).toBeLessThanOrEqual(0.25)
      expect(inSample!.tradeCount).toBeGreaterThanOrEqual(20)
    }
  })
})

describe('sampling for BAYESIAN', () => {
  const bayesian = { algorithm: 'BAYESIAN' as const, sampleCount: 60 }

  test('finds more by expected improvement than the hypercube with the same number of samples', async () => {
    const rounds = await run(bayesian)
    expect(rounds.samples.count).toBe(60)
    const keys = Array.from({ length: 60 }, (_, at) => rounds.samples.rows.slice(6 * at, 6 * at + 6).join())
    expect(new Set(keys).size).toBe(60)
    const plain = await run({ ...bayesian, algorithm: 'SVR' })
    const best = ({ samples }: Outcome) => Math.max(...samples.objective.filter((value) => !Number.isNaN(value)))
    expect(best(rounds)).toBeGreaterThan(best(plain))
    expect(rounds.learned).not.toBeNull()
  })

  test('goes on from any block that an earlier attempt has left, to the same bits', async () => {
    const blocks: { from: number; metrics: Float64Array }[] = []
    const steps: [number, number][] = []
    const whole = await tune(
      engine,
      candles,
      { ...settings, ...bayesian },
      {
        ...QUIET,
        progress: (phase, done, total) => void (phase === 'BACKTESTING' && steps.push([done, total])),
        save: async (from, _, metrics) => void blocks.push({ from, metrics }),
      },
    )
    expect(blocks.map(({ from }) => from)).toEqual([0, 12, 20, 28, 36, 44, 52])
    expect(steps.every(([done, total], at) => total === 60 && done >= (steps[at - 1]?.[0] ?? 0))).toBe(true)
    const before = Float64Array.from(blocks.flatMap(({ metrics }) => [...metrics]))
    for (const done of [5, 28, 31, 60]) {
      const saved: number[] = []
      const resumed = await tune(
        engine,
        candles,
        { ...settings, ...bayesian },
        {
          ...QUIET,
          finished: async () => before.slice(0, done * METRIC_NAMES.length),
          save: async (from) => void saved.push(from),
        },
      )
      expect(resumed.digest).toBe(whole.digest)
      expect(saved.every((from) => from >= done)).toBe(true)
    }
  })

  test('ends where a small space has nothing left', async () => {
    const parameterSpace = settings.strategy.parameterSpace.map((spec, at) =>
      at < 2
        ? {
            name: spec.name,
            distribution: 'DISCRETE' as const,
            values: [0, 1, 2, 3, 4].map((step) => spec.low! + step),
          }
        : { name: spec.name, distribution: 'DISCRETE' as const, values: [spec.low!] },
    )
    const strategy = { ...settings.strategy, parameterSpace }
    const { samples, warnings } = await run({ ...bayesian, strategy })
    expect(samples.count).toBeLessThanOrEqual(25)
    expect(warnings.join()).toMatch(
      /nothing else was found to try after \d+ parameter sets|no more different parameter sets/,
    )
  })
})

test('what takes long after the fits is computed in threads too, not where requests are answered', async () => {
  const calls = vi.spyOn(engine, 'call')
  await run({})
  const names = calls.mock.calls.map(([{ name }]) => name)
  calls.mockRestore()
  expect(names).toEqual(expect.arrayContaining(['calibrate', 'estimateIndices', 'associations']))
})

describe('correlations', () => {
  test('list the strongest ties of parameters to metrics, their chance corrected for how many were looked at', () => {
    const { strongest, names, spearman } = forest.result.correlations!
    expect(strongest!.length).toBeGreaterThan(10)
    const strengths = strongest!.map((pair) => Math.abs(pair.spearman))
    expect(strengths).toEqual(strengths.toSorted((a, b) => b - a))
    const pair = strongest!.find(({ metric }) => names.includes(metric))!
    expect(spearman[names.indexOf(pair.parameter)][names.indexOf(pair.metric)]).toBeCloseTo(pair.spearman, 12)
    for (const { pValue } of strongest!) expect(pValue).toBeGreaterThanOrEqual(0)
    expect(strongest![0].pValue).toBeLessThan(1e-3)
  })

  test('take samples without a metric for missing and a constant metric for silent', () => {
    const width = METRIC_NAMES.length
    const metrics = new Float64Array(6 * width).fill(NaN)
    for (let row = 0; row < 6; row++) {
      metrics[row * width] = row === 5 ? NaN : [1, 3, 2, 5, 4][row]
      metrics[row * width + 1] = 7
    }
    const [pair, ...others] = associations({ parameters: [['a', Float64Array.of(1, 2, 3, 4, 5, 6)]], metrics })
    expect(others).toEqual([])
    expect(pair).toMatchObject({ parameter: 'a', metric: METRIC_NAMES[0], count: 5 })
    expect(pair.spearman).toBeCloseTo(0.8, 12)
    expect(pair.pValue).toBeCloseTo(0.1041, 4) // scipy.stats.spearmanr
  })
})
