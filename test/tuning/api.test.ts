import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startWorker } from '../../src/tuning/worker.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { answered, asker } from '../graphql/ask.ts'
import { runJob, smallJob } from './jobs.ts'

let ctx: TestContext
beforeAll(async () => {
  ctx = await testContext()
  await smallJob(ctx) // the strategies and the market
})
afterAll(() => ctx.close())

describe('through the API', () => {
  beforeAll(() => startWorker(ctx))

  test.each(['ema-cross', 'supertrend'])(
    'a strategy with tunable periods, long and short, is tuned: %s',
    async (strategy) => {
      const job = await runJob(ctx, { strategy })
      expect(job.status).toBe('COMPLETED')
    },
  )

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
