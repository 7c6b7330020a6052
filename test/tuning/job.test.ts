import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { METRIC_NAMES, OBJECTIVES, type Objective } from '../../src/backtest/metrics.ts'
import { SAMPLERS } from '../../src/strategy/sampling.ts'
import type { Candidate } from '../../src/tuning/job.ts'
import { splitSizes } from '../../src/models/split.ts'
import { models } from '../../src/models/table.ts'
import { readSamples, type SampleRow } from '../../src/tuning/sample-store.ts'
import type { TuningJobRow } from '../../src/tuning/table.ts'
import { startWorker } from '../../src/tuning/worker.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { runJob } from './jobs.ts'

let ctx: TestContext
beforeAll(async () => {
  ctx = await testContext()
  await startWorker(ctx)
})
afterAll(() => ctx.close())

function samplesOf({ id }: TuningJobRow): Promise<SampleRow[]> {
  return readSamples(ctx.db, id)
}

/** Every number inside, with where it stands. */
function numbersIn(value: unknown, path = ''): [path: string, value: number][] {
  if (typeof value === 'number') return [[path, value]]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, part]) => numbersIn(part, `${path}.${name}`))
}

function expectSound(job: TuningJobRow): void {
  expect(job.error).toBeNull()
  expect(job).toMatchObject({
    status: 'COMPLETED',
    phase: 'FINISHED',
    fraction: 1,
    done: 1,
    total: 1,
    etaMs: 0,
    attempt: 1,
    resultDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
  })
  expect(job.revision).toBeGreaterThan(5)
  expect(job.finishedAt!.getTime()).toBeGreaterThanOrEqual(job.startedAt!.getTime())
  expect(job.startedAt!.getTime()).toBeGreaterThanOrEqual(job.createdAt.getTime() - 1)
  const notFinite = numbersIn(job.result).filter(([, value]) => !Number.isFinite(value))
  expect(notFinite).toEqual([])
}

function expectCandidate(candidate: Candidate, { objective, strategy, riskLimits }: TuningJobRow): void {
  const { parameters, interval, confidence, inSample, outOfSample, predicted, plateau } = candidate
  expect(Object.keys(parameters).toSorted()).toEqual(strategy.parameterSpace.map(({ name }) => name).toSorted())
  expect(interval.low).toBeLessThanOrEqual(interval.high)
  expect(interval.level).toBe(0.8)
  expect(confidence).toBeGreaterThanOrEqual(0)
  expect(confidence).toBeLessThanOrEqual(100)
  expect(typeof predicted).toBe('number')
  expect(typeof plateau).toBe('number')
  expect(Object.keys(inSample!).toSorted()).toEqual([...METRIC_NAMES].toSorted())
  expect(inSample!.tradeCount).toBeGreaterThanOrEqual(riskLimits.minTrades ?? 10)
  expect(outOfSample!.roi).not.toBeNull()
  if (objective === 'MAX_DRAWDOWN') expect(inSample!.maxDrawdown).toBeLessThan(1)
}

describe('a whole job', () => {
  test.each(SAMPLERS)('draws by %s, learns, searches and judges', async (sampler) => {
    const job = await runJob(ctx, { sampler, sampleCount: 64 })
    expectSound(job)
    const { result } = job
    const { readiness, training, validation, test: testing, candidates, outOfSample, correlations } = result!
    expect(result!.chosenAlgorithm).toBe('RANDOM_FOREST')
    for (const scores of [training!, validation!, testing!]) {
      expect(scores.mae).toBeGreaterThan(0)
      expect(scores.rmse).toBeGreaterThanOrEqual(scores.mae)
      expect(scores.r2).toBeLessThanOrEqual(1)
    }
    expect(result!.overfitting).toBeCloseTo(Math.min(1, Math.max(0, training!.r2! - validation!.r2!)), 12)

    expect(readiness.score).toBe(readiness.criteria.reduce((sum, { points }) => sum + points, 0))
    expect(readiness.criteria.map(({ maxPoints }) => maxPoints)).toEqual([30, 25, 20, 15, 10])
    expect(readiness.productionReady).toBe(false) // while gates are not tested
    expect([job.score, job.productionReady]).toEqual([readiness.score, readiness.productionReady])

    const shares = result!.featureImportance.map(({ importance }) => importance)
    expect(shares.every((share) => share >= 0)).toBe(true)
    expect(shares.reduce((sum, share) => sum + share)).toBeCloseTo(1, 9)
    const ranks = result!.featureImportance.map(({ rank }) => rank)
    expect(ranks.toSorted((a, b) => a - b)).toEqual(ranks.map((_, at) => at + 1))

    const { parameterSpace } = job.strategy
    expect(result!.sensitivity.map(({ parameter }) => parameter)).toEqual(parameterSpace.map(({ name }) => name))
    for (const { points, safeRange, parameter } of result!.sensitivity) {
      expect(points).toHaveLength(21)
      expect(points.every(({ low, high }) => low <= high)).toBe(true)
      const best = candidates[0].parameters[parameter]
      expect(safeRange!.low).toBeLessThanOrEqual(best)
      expect(safeRange!.high).toBeGreaterThanOrEqual(best)
    }
    expect(correlations!.names).toHaveLength(parameterSpace.length + OBJECTIVES.length + 1) // the trades too
    correlations!.pearson.forEach((row, at) => expect(row[at] ?? 1).toBeCloseTo(1, 9))

    expect(candidates.map(({ rank }) => rank)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    for (const candidate of candidates) expectCandidate(candidate, job)
    expect(outOfSample!.parameters).toEqual(candidates[0].parameters)
    expect(outOfSample!.baselines.map(({ name }) => name)).toEqual(['best', 'defaults', 'buy and hold'])
    const [best, , hold] = outOfSample!.baselines
    expect(best.metrics).toEqual(candidates[0].outOfSample)
    expect(hold.metrics.tradeCount).toBe(1)
    expect(Math.abs(hold.metrics.roi! - best.metrics.buyAndHoldRoi!)).toBeLessThan(0.01) // a bar later
  })

  test.each<[Objective, string]>([
    ['MAX_DRAWDOWN', 'rsi-adx-volume'],
    ['PROFIT_FACTOR', 'rsi-adx-volume'],
    ['SHARPE_RATIO', 'bollinger-reversion'],
    ['CALMAR_RATIO', 'ema-cross'],
    ['WIN_RATE', 'donchian-breakout'],
    ['SQN', 'macd-trend'],
    ['EXPECTANCY', 'supertrend'],
  ])('of %s tunes %s', async (objective, strategy) => {
    const job = await runJob(ctx, { objective, strategy, timeframe: '30m' })
    expectSound(job)
    for (const candidate of job.result!.candidates) expectCandidate(candidate, job)
    const stored = await samplesOf(job)
    for (const { objective: value } of stored) {
      if (objective === 'PROFIT_FACTOR' && value !== null) expect(value).toBeLessThanOrEqual(10)
    }
  })

  test('prefers what is less where less is better', async () => {
    const job = await runJob(ctx, { objective: 'MAX_DRAWDOWN', sampleCount: 80 })
    const stored = (await samplesOf(job)).flatMap(({ objective }) => (objective === null ? [] : [objective]))
    const typical = stored.toSorted((a, b) => a - b)[stored.length >> 1]
    const { candidates } = job.result!
    const plateaus = candidates.map(({ plateau }) => plateau!)
    expect(plateaus).toEqual(plateaus.toSorted((a, b) => a - b))
    for (const { inSample } of candidates) expect(inSample!.maxDrawdown).toBeLessThan(typical)
  })

  test('stores each sample with its part: 70, 15 and 15 % of those that say something', async () => {
    const job = await runJob(ctx, { sampleCount: 70, riskLimits: { minTrades: 15 } })
    const stored = await samplesOf(job)
    expect(stored.map(({ index }) => index)).toEqual(Array.from({ length: 70 }, (_, at) => at))
    const telling = stored.filter(({ tradeCount }) => tradeCount >= 15)
    expect(telling.length).toBeGreaterThan(30)
    expect(telling.length).toBeLessThan(70)
    const partOf = (split: SampleRow['split']) => stored.filter((row) => row.split === split)
    const sizes = splitSizes(telling.length)
    expect([partOf('TRAIN').length, partOf('VALIDATION').length, partOf('TEST').length, partOf('NONE').length]).toEqual(
      [sizes.train, sizes.validation, sizes.test, 70 - telling.length],
    )
    const { training, validation, test: testing } = job.result!
    expect([training!.count, validation!.count, testing!.count]).toEqual([sizes.train, sizes.validation, sizes.test])
    for (const { split, objective, predicted } of stored) {
      expect(objective === null).toBe(split === 'NONE')
      expect(predicted).not.toBeNull()
    }
  })

  test('of the same settings has the same bits, another seed has others', async () => {
    const [first, again, other] = [await runJob(ctx), await runJob(ctx), await runJob(ctx, { seed: 2 })]
    expect(again.resultDigest).toBe(first.resultDigest)
    expect(again.result).toEqual(first.result)
    expect(other.resultDigest).not.toBe(first.resultDigest)
  })

  test('leaves one model, of the name and version that follow those before it', async () => {
    const one = await runJob(ctx, { name: 'twin' })
    const two = await runJob(ctx, { name: 'twin' })
    const stored = await ctx.db.select().from(models).where(eq(models.name, 'twin')).orderBy(models.version)
    expect(stored.map(({ id, version, jobId }) => [id, version, jobId])).toEqual([
      [one.modelId, 1, one.id],
      [two.modelId, 2, two.id],
    ])
    expect(stored[0].checksum).toBe(stored[1].checksum)
  })
})
