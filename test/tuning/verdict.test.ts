import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startWorker } from '../../src/tuning/worker.ts'
import type { JobResult } from '../../src/tuning/job.ts'
import type { TuningJobRow } from '../../src/tuning/table.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { day, runJob } from './jobs.ts'

let ctx: TestContext
let job: TuningJobRow
let result: JobResult
beforeAll(async () => {
  ctx = await testContext()
  await startWorker(ctx)
  job = await runJob(ctx, {
    trainingPeriod: { from: day(0), to: day(30) },
    testPeriod: { from: day(30), to: day(60) },
  })
  result = job.result!
})
afterAll(() => ctx.close())

const gate = ({ readiness }: JobResult, name: string) => readiness.gates.find((each) => each.name === name)!

describe('the evidence of a job', () => {
  test('judges the choice among all samples and the chosen set', () => {
    const { robustness } = result
    expect(robustness).toMatchObject({ configurations: 41, oosUses: 1, placeboRuns: 20 })
    expect(robustness!.trialsEver).toBe(40 + 50)
    for (const name of [
      'probabilityOfOverfitting',
      'deflatedSharpeRatio',
      'probabilisticSharpeRatio',
      'superiorPredictiveAbility',
      'placeboPercentile',
    ] as const) {
      expect(robustness![name], name).toBeGreaterThanOrEqual(0)
      expect(robustness![name], name).toBeLessThanOrEqual(1)
    }
    expect(robustness!.deflatedSharpeRatio).toBeLessThanOrEqual(robustness!.probabilisticSharpeRatio!)
    expect(robustness!.plateauScore).toBeGreaterThanOrEqual(0)
  })

  test('walks forward within the training period, test after test without a gap', () => {
    for (const walk of [result.walkForward!, result.anchoredWalkForward!]) {
      expect(walk.windows.length + walk.skipped).toBe(6)
      expect(walk.windows.every(({ training, test: part }) => training.to === part.from)).toBe(true)
      expect(walk.windows.at(-1)!.test.to).toBe(job.trainingTo)
      const product = walk.windows.reduce((equity, { outOfSample }) => equity * (1 + outOfSample.roi!), 1)
      expect(walk.stitched!.roi).toBeCloseTo(product - 1, 9)
      expect(walk.stitched!.equity.at(-1)!.equity).toBeCloseTo(product, 9)
      expect(walk.drift.map(({ parameter }) => parameter)).toEqual(job.strategy.parameterSpace.map(({ name }) => name))
    }
    const lengths = ({ windows }: { windows: { training: { from: number; to: number } }[] }) =>
      new Set(windows.map(({ training }) => training.to - training.from)).size
    expect(lengths(result.walkForward!)).toBe(1)
    expect(lengths(result.anchoredWalkForward!)).toBe(6)
  })

  test('resamples what the chosen set did out of sample, and moves it a little', () => {
    const methods = result.monteCarlo!.map(({ method }) => method)
    expect(methods).toContain('PARAMETER_JITTER')
    expect(methods).toEqual(expect.arrayContaining(['SHUFFLE', 'BOOTSTRAP', 'SKIP', 'STATIONARY_BLOCK', 'COST_STRESS']))
    const shuffle = result.monteCarlo!.find(({ method }) => method === 'SHUFFLE')!
    expect(shuffle.roi.p05).toBeCloseTo(result.outOfSample!.metrics.roi!, 9)
    expect(shuffle.roi.p95).toBeCloseTo(result.outOfSample!.metrics.roi!, 9)
  })

  test('says what double costs and the other order of fills would have made', () => {
    expect(result.stress!.map(({ period }) => period)).toEqual(['IN_SAMPLE', 'OUT_OF_SAMPLE'])
    for (const stress of result.stress!) {
      expect(stress.doubleCosts.roi).toBeLessThan(stress.roiStopFirst)
      expect(stress.roiTargetFirst).toBeGreaterThanOrEqual(stress.roiStopFirst)
    }
    expect(result.stress![1].roiStopFirst).toBeCloseTo(result.outOfSample!.metrics.roi!, 9)
  })

  test('stands beside the criteria as gates without points', () => {
    const { gates, score, criteria } = result.readiness
    expect(gates.map(({ maxPoints }) => maxPoints)).toEqual(gates.map(() => 0))
    expect(score).toBe(criteria.reduce((sum, { points }) => sum + points, 0))
    expect(gate(result, 'placeboPercentile').value).toBe(result.robustness!.placeboPercentile)
    expect(gate(result, 'walkForwardProfitableShare').value).toBe(result.walkForward!.profitableShare)
  })
})

test('a placebo that is switched off was not tested, and the gate fails', async () => {
  const other = (await runJob(ctx, { placeboRuns: 0 })).result!
  expect(other.robustness).toMatchObject({ placeboRuns: 0, placeboPercentile: null })
  expect(gate(other, 'placeboPercentile')).toMatchObject({ passed: false, value: null })
  expect(gate(other, 'placeboPercentile').description).toMatch(/Not tested/)
  expect(other.readiness.productionReady).toBe(false)
})

test('every other question that was asked on these candles counts', async () => {
  const other = await runJob(ctx, { seed: 9 })
  // Each has searched too; those before with one seed, so that ten sets of theirs are the same and count once.
  expect(other.result!.robustness).toMatchObject({ oosUses: 3, trialsEver: 3 * (40 + 50) - 10 })
  expect(other.warnings.join(' ')).toContain('have judged 3 results')
})
