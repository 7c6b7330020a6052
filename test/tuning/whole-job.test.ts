import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ConflictError, NotFoundError } from '../../src/errors.ts'
import { models } from '../../src/models/table.ts'
import { createStrategy, deleteStrategy, findStrategyByName } from '../../src/strategy/service.ts'
import {
  cancelTuningJob,
  createTuningJob,
  deleteTuningJobs,
  findTuningJob,
  retryTuningJobs,
} from '../../src/tuning/service.ts'
import { samples } from '../../src/tuning/table.ts'
import { startWorker } from '../../src/tuning/worker.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { answered, asker } from '../graphql/ask.ts'
import { runJob, smallJob, until, untilFinal } from './jobs.ts'

let ctx: TestContext
beforeAll(async () => {
  ctx = await testContext()
  await smallJob(ctx) // the strategies and the market
})
afterAll(() => ctx.close())

/** In the order in which they stand: those that need a job to wait come before the worker starts. */
describe('a job that nobody has taken up yet', () => {
  test('can be cancelled by exactly one of many at once, and not again', async () => {
    const { id } = await createTuningJob(ctx, await smallJob(ctx))
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => cancelTuningJob(ctx, id)))
    const lost = tries.filter((each) => each.status === 'rejected')
    expect(lost).toHaveLength(7)
    expect(lost.every(({ reason }) => reason instanceof ConflictError)).toBe(true)
    expect((await findTuningJob(ctx, id))!.status).toBe('CANCELLED')
  })

  test('cannot be deleted or retried, and neither can others together with it', async () => {
    const waiting = await createTuningJob(ctx, await smallJob(ctx))
    const done = await createTuningJob(ctx, await smallJob(ctx))
    await cancelTuningJob(ctx, done.id)
    await expect(deleteTuningJobs(ctx, [done.id, waiting.id])).rejects.toThrow(ConflictError)
    await expect(retryTuningJobs(ctx, [done.id, waiting.id])).rejects.toThrow(ConflictError)
    expect((await findTuningJob(ctx, done.id))!.status).toBe('CANCELLED')
    await cancelTuningJob(ctx, waiting.id)
    expect(await deleteTuningJobs(ctx, [done.id, waiting.id])).toHaveLength(2)
    await expect(deleteTuningJobs(ctx, [done.id])).rejects.toThrow(NotFoundError)
  })
})

describe('with a worker', () => {
  let digest: string
  beforeAll(() => startWorker(ctx))

  test('a job ends COMPLETED with a model, a verdict and every sample in its place', async () => {
    const job = await runJob(ctx)
    expect(job).toMatchObject({ status: 'COMPLETED', phase: 'FINISHED', fraction: 1, attempt: 1, error: null })
    digest = job.resultDigest!
    const { result } = job
    expect(result!.candidates.map(({ rank }) => rank)).toEqual(result!.candidates.map((_, at) => at + 1))
    expect(result!.candidates.length).toBeGreaterThan(0)
    expect(result!.featureImportance.reduce((sum, { importance }) => sum + importance, 0)).toSatisfy(
      (sum: number) => Math.abs(sum - 1) < 1e-9 || sum === 0,
    )
    expect(job.score).toBe(result!.readiness.criteria.reduce((sum, { points }) => sum + points, 0))
    expect(JSON.stringify(result)).not.toMatch(/NaN|Infinity/)

    const rows = await ctx.db.select().from(samples).where(eq(samples.jobId, job.id))
    expect(rows).toHaveLength(40)
    const telling = rows.filter(({ objective }) => objective !== null).length
    const count = (split: string) => rows.filter((row) => row.split === split).length
    expect(count('VALIDATION')).toBe(Math.floor(0.15 * telling))
    expect(count('TEST')).toBe(Math.floor(0.15 * telling))
    expect(count('TRAIN')).toBe(telling - 2 * Math.floor(0.15 * telling))
    expect(count('NONE')).toBe(40 - telling)
  })

  test('the same job gives the same bits again, on one thread too, and others with another seed', async () => {
    expect((await runJob(ctx)).resultDigest).toBe(digest)
    const single = await testContext({ threads: 1 })
    try {
      await smallJob(single)
      await startWorker(single)
      expect((await runJob(single)).resultDigest).toBe(digest)
    } finally {
      await single.close()
    }
    expect((await runJob(ctx, { seed: 2 })).resultDigest).not.toBe(digest)
  })

  test.each(['SOBOL', 'RANDOM', 'GRID'] as const)('%s samples serve as well', async (sampler) => {
    const job = await runJob(ctx, { sampler, sampleCount: 64 })
    expect(job.status).toBe('COMPLETED')
    expect(job.result!.training).not.toBeNull()
  })

  test.each(['MAX_DRAWDOWN', 'PROFIT_FACTOR', 'SHARPE_RATIO', 'WIN_RATE'] as const)(
    '%s can be the objective',
    async (objective) => {
      const job = await runJob(ctx, { objective })
      expect(job.status).toBe('COMPLETED')
      const best = job.result!.candidates[0]
      expect(Number.isFinite(best.predicted)).toBe(true)
      if (objective === 'MAX_DRAWDOWN') {
        const rows = await ctx.db.select().from(samples).where(eq(samples.jobId, job.id))
        const mean = rows.reduce((sum, row) => sum + (row.objective ?? 0), 0) / rows.length
        expect(best.inSample!.maxDrawdown).toBeLessThan(mean) // less is better
      }
    },
  )

  test.each(['ema-cross', 'supertrend'])(
    'a strategy with tunable periods, long and short, is tuned: %s',
    async (strategy) => {
      const job = await runJob(ctx, { strategy })
      expect(job.status).toBe('COMPLETED')
    },
  )

  test('a cancelled job stops, and run again it ends with the bits of an undisturbed one', async () => {
    const { id } = await createTuningJob(
      ctx,
      await smallJob(ctx, { sampleCount: 400, hyperparameters: { nEstimators: 1000 } }),
    )
    await until(ctx, id, ({ phase, status }) => phase === 'TRAINING' || status !== 'PENDING')
    await cancelTuningJob(ctx, id)
    const cancelled = await untilFinal(ctx, id)
    expect(cancelled.status).toBe('CANCELLED')

    const again = await createTuningJob(ctx, await smallJob(ctx))
    await cancelTuningJob(ctx, again.id)
    await retryTuningJobs(ctx, [again.id])
    expect((await untilFinal(ctx, again.id)).resultDigest).toBe(digest)
    expect((await findTuningJob(ctx, id))!.status).toBe('CANCELLED')
  })

  test('limits that nobody keeps leave no candidate, and the warning says so', async () => {
    const job = await runJob(ctx, { riskLimits: { minTrades: 3, maxDrawdown: 0 } })
    expect(job.result!.candidates).toEqual([])
    expect(job.result!.readiness.productionReady).toBe(false)
    expect(job.warnings.join(' ')).toMatch(/risk limits/)
  })

  test('too few trades leave nothing to learn from: no model, a warning that says what to do, and a verdict', async () => {
    const job = await runJob(ctx, { riskLimits: { minTrades: 5000 } })
    expect(job).toMatchObject({ status: 'COMPLETED', modelId: null })
    expect(job.result).toMatchObject({ training: null, candidates: [], outOfSample: null })
    expect(job.warnings.join(' ')).toMatch(/Run more samples, train on a longer period/)
  })

  test('a finished job is deleted with its samples and its model, and its strategy only after it', async () => {
    const { definition } = (await findStrategyByName(ctx, 'rsi-adx-volume'))!
    const own = await createStrategy(ctx, { ...definition, name: 'my own' })
    const job = await runJob(ctx, { strategyId: own.id })
    await expect(deleteStrategy(ctx, own.id)).rejects.toThrow(/has tuning jobs/)
    await deleteTuningJobs(ctx, [job.id])
    expect(await ctx.db.select().from(samples).where(eq(samples.jobId, job.id))).toEqual([])
    expect(await ctx.db.select().from(models).where(eq(models.jobId, job.id))).toEqual([])
    expect(await deleteStrategy(ctx, own.id)).toBe(own.id)
  })

  test('samples are paged in any order, both ways, without a row lost or repeated', async () => {
    const job = await runJob(ctx)
    const ask = asker(ctx)
    for (const field of ['INDEX', 'OBJECTIVE', 'PREDICTED']) {
      for (const direction of ['ASC', 'DESC']) {
        const seen: number[] = []
        let after: string | null = null
        do {
          const { tuningJob } = await answered(
            ask(
              `query ($id: ID!, $after: String, $orderBy: SampleOrder) {
                tuningJob(id: $id) { samples(first: 7, after: $after, orderBy: $orderBy) {
                  totalCount nodes { index } pageInfo { hasNextPage endCursor } } } }`,
              { id: job.id, after, orderBy: { field, direction } },
            ),
          )
          expect(tuningJob.samples.totalCount).toBe(40)
          seen.push(...tuningJob.samples.nodes.map(({ index }: { index: number }) => index))
          after = tuningJob.samples.pageInfo.hasNextPage ? tuningJob.samples.pageInfo.endCursor : null
        } while (after)
        expect(new Set(seen).size, `${field} ${direction}`).toBe(40)
        expect(seen).toHaveLength(40)
      }
    }
  })

  test('everything with an id is found by it, and what is not an id is null', async () => {
    const job = await runJob(ctx)
    const ask = asker(ctx)
    const { tuningJob } = await answered(
      ask(
        `query ($id: ID!) { tuningJob(id: $id) { strategy { id } market { id } model { id } samples(first: 1) { nodes { id } } } }`,
        { id: job.id },
      ),
    )
    const { prediction } = await answered(
      ask(
        `mutation ($id: ID!, $p: Parameters!) { predict(jobId: $id, parameters: $p) { ... on PredictSuccess { prediction { id confidence interval { low high } } } } }`,
        {
          id: job.id,
          p: job.result!.candidates[0].parameters,
        },
      ),
    ).then(({ predict }) => predict)
    const ids = [
      job.id,
      tuningJob.strategy.id,
      tuningJob.market.id,
      tuningJob.model.id,
      tuningJob.samples.nodes[0].id,
      prediction.id,
    ]
    for (const id of ids) {
      const { node } = await answered(ask('query ($id: ID!) { node(id: $id) { id } }', { id }))
      expect(node).toEqual({ id })
    }
    for (const id of ['', 'nonsense', 'job_nothing', 'sample_a_b', `${job.id}x`]) {
      const { node } = await answered(ask('query ($id: ID!) { node(id: $id) { id } }', { id }))
      expect(node, id).toBeNull()
    }
  })

  test('rows and packed columns are scored alike, and the search proposes verified candidates', async () => {
    const job = await runJob(ctx)
    const ask = asker(ctx)
    const names = Object.keys(job.result!.candidates[0].parameters)
    const rows = job.result!.candidates.map(({ parameters }) => names.map((name) => parameters[name]))
    const packed = Buffer.from(Float64Array.from(rows.flat()).buffer).toString('base64')
    const score = (candidates: object) =>
      answered(
        ask(
          `query ($id: ID!, $c: CandidateMatrixInput!) { scoreCandidates(modelId: $id, candidates: $c) { count predicted predictedPacked confidence low high best(top: 3) } }`,
          {
            id: job.modelId,
            c: candidates,
          },
        ),
      ).then(({ scoreCandidates }) => scoreCandidates)
    const byRows = await score({ names, rows })
    expect(await score({ names, packed })).toEqual(byRows)
    expect(byRows.count).toBe(rows.length)
    expect(byRows.predicted).toEqual(job.result!.candidates.map(({ predicted }) => predicted))

    const { findOptimal } = await answered(
      ask(
        `query ($id: ID!) { findOptimal(jobId: $id, candidates: 500, top: 3) { evaluated candidates { rank inSample { tradeCount } outOfSample { roi } } } }`,
        { id: job.id },
      ),
    )
    expect(findOptimal.evaluated).toBe(500)
    expect(findOptimal.candidates).toHaveLength(3)
    expect(findOptimal.candidates[0].inSample.tradeCount).toBeGreaterThanOrEqual(3)
  })
})
