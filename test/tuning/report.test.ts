import { afterAll, beforeAll, expect, test } from 'vitest'
import { getMarket } from '../../src/market/service.ts'
import type { MarketRow } from '../../src/market/table.ts'
import { report } from '../../src/tuning/report.ts'
import type { TuningJobRow } from '../../src/tuning/table.ts'
import { startWorker } from '../../src/tuning/worker.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { runJob } from './jobs.ts'

let ctx: TestContext
let job: TuningJobRow
let market: MarketRow
beforeAll(async () => {
  ctx = await testContext()
  await startWorker(ctx)
  job = await runJob(ctx)
  market = await getMarket(ctx, job.marketId)
})
afterAll(() => ctx.close())

test('the report holds what it takes to judge the result and to repeat it', () => {
  const text = report(job, market, 'MARKDOWN')
  const { provenance, readiness, robustness } = job.result!
  expect(provenance!.dataHash).toMatch(/^[0-9a-f]{64}$/)
  for (const part of [
    provenance!.dataHash,
    provenance!.engineVersion,
    job.resultDigest!,
    `seed ${job.seed}`,
    readiness.explanation,
    `| trials ever | ${robustness!.trialsEver} |`,
    `npx tunebook replay ${job.id}`,
    ...readiness.gates.map(({ name }) => name),
    ...job.strategy.parameterSpace.map(({ name }) => name),
  ]) {
    expect(text).toContain(part)
  }
})

test('as JSON it holds the whole result', () => {
  const parsed = JSON.parse(report(job, market, 'JSON')) as { result: unknown; question: { seed: number } }
  expect(parsed.result).toEqual(job.result)
  expect(parsed.question.seed).toBe(job.seed)
})

test('a job without a result, and an old one without evidence, have a report too', () => {
  expect(report({ ...job, status: 'PENDING', result: null }, market, 'MARKDOWN')).toContain('has no result yet')
  const { robustness: _, walkForward: __, monteCarlo: ___, provenance: ____, ...old } = job.result!
  expect(report({ ...job, result: old }, market, 'MARKDOWN')).toContain('not recorded')
})
