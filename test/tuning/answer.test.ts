import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { METRIC_NAMES } from '../../src/backtest/metrics.ts'
import { runBacktest } from '../../src/backtest/service.ts'
import { predict } from '../../src/models/predictions.ts'
import { loadModel } from '../../src/models/service.ts'
import { createStrategy } from '../../src/strategy/service.ts'
import type { TuningJobRow } from '../../src/tuning/table.ts'
import { startWorker } from '../../src/tuning/worker.ts'
import { answered, asker, type Ask } from '../graphql/ask.ts'
import { everyField } from '../graphql/every-field.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { market, runJob } from './jobs.ts'

let ctx: TestContext
let ask: Ask
let job: TuningJobRow
let empty: TuningJobRow
let failed: TuningJobRow
beforeAll(async () => {
  ctx = await testContext()
  ask = asker(ctx)
  await startWorker(ctx)
  job = await runJob(ctx, {
    name: '50 % of_it',
    sampleCount: 60,
    riskLimits: { minTrades: 15 },
    objective: 'SHARPE_RATIO',
  })
  empty = await runJob(ctx, { name: 'nothing', riskLimits: { minTrades: 5000 } })
  const tooEarly = { from: new Date(Date.UTC(2024, 0, 1)), to: new Date(Date.UTC(2025, 0, 2)) }
  failed = await runJob(ctx, { name: 'failed', trainingPeriod: tooEarly })
})
afterAll(() => ctx.close())

/** From a prediction one comes back to its model with all that it has predicted, beyond what one document may ask. */
const LED_BACK = ['Prediction.model', 'Model.predictions']

describe('every field of a job', () => {
  test.each(['a good job', 'a job without a model', 'a failed job'])('of %s has an answer', async (which) => {
    const { id } = { 'a good job': job, 'a job without a model': empty, 'a failed job': failed }[which]!
    const { tuningJob } = await answered(
      ask(`query ($id: ID!) { tuningJob(id: $id) ${everyField('TuningJob', LED_BACK)} }`, { id }),
    )
    expect(tuningJob.id).toBe(id)
    expect(JSON.stringify(tuningJob)).not.toMatch(/NaN|Infinity/)
    expect(tuningJob.samples.totalCount).toBe(which === 'a failed job' ? 0 : tuningJob.sampleCount)
    expect(tuningJob.model === null).toBe(which !== 'a good job')
    if (which === 'a failed job') expect(tuningJob.error).toMatchObject({ code: 'BAD_USER_INPUT', phase: 'LOADING' })
  })

  test('tells the same as the row', async () => {
    const query = `query ($id: ID!) { tuningJob(id: $id) {
      name status seed resultDigest durationMs trainingPeriod { from to } riskLimits { maxDrawdown minTrades }
      progress { phase fraction } bestParameters candidates { parameters } model { checksum version job { id } }
      readiness { score criteria { points } } hyperparameters features { interactions market temporal } } }`
    const { tuningJob } = await answered(ask(query, { id: job.id }))
    expect(tuningJob).toMatchObject({
      name: '50 % of_it',
      status: 'COMPLETED',
      seed: 1,
      resultDigest: job.resultDigest,
      durationMs: job.finishedAt!.getTime() - job.startedAt!.getTime(),
      trainingPeriod: { from: '2025-01-01T00:00:00.000Z', to: '2025-02-15T00:00:00.000Z' },
      riskLimits: { maxDrawdown: null, minTrades: 15 },
      progress: { phase: 'FINISHED', fraction: 1 },
      bestParameters: job.result!.candidates[0].parameters,
      model: { version: 1, job: { id: job.id } },
      hyperparameters: job.hyperparameters,
      features: { interactions: true, market: true, temporal: false },
    })
    expect(tuningJob.readiness.score).toBe(job.score)
  })
})

interface SamplePage {
  totalCount: number
  nodes: {
    index: number
    split: string
    objective: number | null
    predicted: number | null
    metrics: { tradeCount: number }
  }[]
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string; endCursor: string }
}

const SAMPLES = `query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String, $filter: SampleFilter, $orderBy: SampleOrder) {
  tuningJob(id: $id) { samples(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) {
    totalCount nodes { index split objective predicted metrics { tradeCount } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`

async function samplePage(variables: object): Promise<SamplePage> {
  const { tuningJob } = await answered(ask(SAMPLES, { id: job.id, ...variables }))
  return tuningJob.samples as SamplePage
}

/** All pages, forwards or backwards, as one list. */
async function allPages(size: number, direction: 'first' | 'last', variables: object): Promise<SamplePage['nodes']> {
  const all: SamplePage['nodes'] = []
  let cursor: string | null = null
  do {
    const page: SamplePage = await samplePage({
      ...variables,
      [direction]: size,
      [direction === 'first' ? 'after' : 'before']: cursor,
    })
    if (direction === 'first') all.push(...page.nodes)
    else all.unshift(...page.nodes)
    const more = direction === 'first' ? page.pageInfo.hasNextPage : page.pageInfo.hasPreviousPage
    cursor = more ? (direction === 'first' ? page.pageInfo.endCursor : page.pageInfo.startCursor) : null
  } while (cursor)
  return all
}

describe('samples', () => {
  const orders = ['INDEX', 'OBJECTIVE', 'PREDICTED'].flatMap((field) =>
    ['ASC', 'DESC'].map((direction) => [field, direction] as const),
  )

  test.each(orders)('by %s %s are paged both ways, none lost, none twice', async (field, direction) => {
    const orderBy = { field, direction }
    const whole = (await samplePage({ first: 100, orderBy })).nodes
    expect(whole.map(({ index }) => index).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, at) => at))
    const value = ({ index, objective, predicted }: (typeof whole)[0]) =>
      ({ INDEX: index, OBJECTIVE: objective, PREDICTED: predicted })[field] ?? -1e300
    const sign = direction === 'ASC' ? 1 : -1
    whole.slice(1).forEach((sample, at) => expect(sign * (value(sample) - value(whole[at]))).toBeGreaterThanOrEqual(0))
    expect(await allPages(7, 'first', { orderBy })).toEqual(whole)
    expect(await allPages(9, 'last', { orderBy })).toEqual(whole)
  })

  test.each([
    ['a part', { split: ['VALIDATION', 'TEST'] }, ({ split }) => split === 'VALIDATION' || split === 'TEST'],
    ['enough trades', { minTrades: 20 }, ({ metrics }) => metrics.tradeCount >= 20],
    ['a good result', { minObjective: 0.5 }, ({ objective }) => objective !== null && objective >= 0.5],
    [
      'all of it',
      { split: ['TRAIN'], minTrades: 16, minObjective: 0 },
      ({ split, metrics, objective }) => split === 'TRAIN' && metrics.tradeCount >= 16 && (objective ?? -1) >= 0,
    ],
    ['nothing', { split: [] }, () => false],
  ] satisfies [string, object, (sample: SamplePage['nodes'][0]) => boolean][])(
    'are filtered by %s, on every page and in the count',
    async (_, filter, isIn) => {
      const expected = (await samplePage({ first: 100 })).nodes.filter(isIn)
      const orderBy = { field: 'OBJECTIVE', direction: 'DESC' }
      const found = await allPages(4, 'first', { filter, orderBy })
      expect(found.map(({ index }) => index).toSorted()).toEqual(expected.map(({ index }) => index).toSorted())
      expect((await samplePage({ filter })).totalCount).toBe(expected.length)
    },
  )

  test('tell their parameters, their metrics and what the model takes them for', async () => {
    const query = `query ($id: ID!) { tuningJob(id: $id) { model { featureNames } samples(first: 100) {
      nodes { parameters features objective predicted metrics { sharpeRatio roi tradeCount finalEquity } } } } }`
    const { tuningJob } = await answered(ask(query, { id: job.id }))
    const { predictor } = await loadModel(ctx, job.modelId!)
    const names = job.strategy.parameterSpace.map(({ name }) => name)
    for (const { parameters, features, objective, predicted, metrics } of tuningJob.samples.nodes) {
      const row = Float64Array.from(names, (name) => parameters[name])
      expect(predictor.predict(row)[0]).toBe(predicted)
      expect(features).toHaveLength(tuningJob.model.featureNames.length)
      expect(features[tuningJob.model.featureNames.indexOf('sl')]).toBe(parameters.sl)
      if (objective !== null) expect(metrics.sharpeRatio).toBe(objective)
      expect(metrics.finalEquity).toBeCloseTo(10_000 * (1 + metrics.roi), 6)
    }
    const { tuningJob: other } = await answered(ask(query, { id: empty.id }))
    expect(other.model).toBeNull()
    expect(other.samples.nodes[0].features).toEqual(names.map((name) => other.samples.nodes[0].parameters[name]))
  })

  test('are the same column by column, at once', async () => {
    const query = `query ($id: ID!, $from: Int! = 0) { sampleColumns(jobId: $id, from: $from) { totalCount count
      parameterNames parameters split objective predicted sharpeRatio: metric(name: "sharpeRatio") trades: metric(name: "tradeCount") } }`
    const floats = (packed: string) => [...new Float64Array(Uint8Array.from(Buffer.from(packed, 'base64')).buffer)]
    const orNaN = (value: unknown) => value ?? NaN
    const { nodes } = await samplePage({ first: 100, orderBy: { field: 'INDEX' } })
    for (const from of [0, 50]) {
      const { sampleColumns: columns } = await answered(ask(query, { id: job.id, from }))
      const rows = nodes.slice(from)
      expect([columns.totalCount, columns.count]).toEqual([60, 60 - from])
      expect(floats(columns.objective)).toEqual(rows.map(({ objective }) => orNaN(objective)))
      expect(floats(columns.predicted)).toEqual(rows.map(({ predicted }) => orNaN(predicted)))
      expect(columns.split).toEqual(rows.map(({ split }) => split))
      expect(floats(columns.trades)).toEqual(rows.map(({ metrics }) => metrics.tradeCount))
      const width = columns.parameterNames.length
      expect(columns.parameterNames).toEqual(job.strategy.parameterSpace.map(({ name }) => name))
      expect(floats(columns.parameters)).toHaveLength(width * rows.length)
    }
    expect(await ask(query, { id: job.id, from: -1 })).toMatchObject({
      errors: [{ extensions: { code: 'BAD_USER_INPUT' } }],
    })
    const odd = await ask(`query ($id: ID!) { sampleColumns(jobId: $id) { metric(name: "luck") } }`, { id: job.id })
    expect(odd.errors![0].message).toContain('luck is not a metric. There are roi, cagr,')
  })

  test('refuse a cursor of another list', async () => {
    const jobs = await answered(ask('{ tuningJobs(first: 1) { pageInfo { endCursor } } }'))
    const { pageInfo } = await samplePage({ first: 3, orderBy: { field: 'OBJECTIVE' } })
    const cursors = [jobs.tuningJobs.pageInfo.endCursor, pageInfo.endCursor, 'WzEsIjk5OTk5OTk5OTk5OSJd', 'nonsense']
    for (const after of cursors) {
      const { errors } = await ask(SAMPLES, { id: job.id, first: 3, after })
      expect(errors, after).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }])
      expect(errors![0].message).toContain('after: is not a cursor of this list.')
    }
  })
})

describe('jobs', () => {
  const LIST = `query ($filter: TuningJobFilter, $orderBy: TuningJobOrder, $first: Int, $after: String) {
    tuningJobs(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
      totalCount nodes { id } edges { cursor } pageInfo { hasNextPage endCursor } } }`
  const idsOf = async (variables: object): Promise<string[]> => {
    const { tuningJobs } = await answered(ask(LIST, variables))
    expect(tuningJobs.totalCount).toBeGreaterThanOrEqual(tuningJobs.nodes.length)
    return tuningJobs.nodes.map(({ id }: { id: string }) => id)
  }

  test.each(['CREATED_AT', 'FINISHED_AT', 'SCORE', 'DURATION'])(
    'by %s are paged, none lost, none twice',
    async (field) => {
      for (const direction of ['ASC', 'DESC']) {
        const orderBy = { field, direction }
        const whole = await idsOf({ orderBy })
        expect(whole.toSorted()).toEqual([job.id, empty.id, failed.id].toSorted())
        const paged: string[] = []
        for (let after: string | null = null; ;) {
          const { tuningJobs }: { tuningJobs: { nodes: { id: string }[]; pageInfo: SamplePage['pageInfo'] } } =
            await answered(ask(LIST, { orderBy, first: 1, after }))
          paged.push(...tuningJobs.nodes.map(({ id }) => id))
          if (!tuningJobs.pageInfo.hasNextPage) break
          after = tuningJobs.pageInfo.endCursor
        }
        expect(paged).toEqual(whole)
        if (field === 'SCORE' && direction === 'DESC') expect([whole[0], whole[2]]).toEqual([job.id, failed.id])
      }
    },
  )

  test.each([
    [{ status: ['FAILED'] }, () => [failed]],
    [{ status: ['COMPLETED', 'FAILED'] }, () => [job, empty, failed]],
    [{ status: [] }, () => []],
    [{ algorithm: ['XGBOOST'] }, () => []],
    [{ productionReady: false }, () => [job, empty]],
    [{ productionReady: true }, () => []],
    [{ search: 'NOTH' }, () => [empty]],
    [{ search: '%' }, () => [job]],
    [{ search: 'f_i' }, () => [job]],
    [{ search: '\\' }, () => []],
    [{ search: 'a\0il' }, () => [failed]],
    [{ strategyId: 'strategy_nope' }, () => []],
  ] as [object, () => TuningJobRow[]][])('are filtered by %j', async (filter, expected) => {
    expect((await idsOf({ filter })).toSorted()).toEqual(
      expected()
        .map(({ id }) => id)
        .toSorted(),
    )
  })

  test('are filtered by their market, their strategy and their id', async () => {
    const { id } = await market(ctx)
    expect(await idsOf({ filter: { marketId: id, strategyId: job.strategyId, search: job.id.slice(4, 20) } })).toEqual([
      job.id,
    ])
  })
})

describe('node', () => {
  test('finds everything that has an id', async () => {
    const { tuningJob } = await answered(
      ask('query ($id: ID!) { tuningJob(id: $id) { samples(first: 2) { nodes { id index } } } }', { id: job.id }),
    )
    const [, sample] = tuningJob.samples.nodes
    const prediction = await predict(ctx, job.modelId!, job.result!.candidates[0].parameters)
    const ids = {
      Market: job.marketId,
      Strategy: job.strategyId,
      TuningJob: job.id,
      Model: job.modelId!,
      Sample: sample.id,
      Prediction: prediction.id,
    }
    for (const [type, id] of Object.entries(ids)) {
      const { node } = await answered(ask('query ($id: ID!) { node(id: $id) { __typename id } }', { id }))
      expect(node).toEqual({ __typename: type, id })
    }
    const { node } = await answered(
      ask(`query ($id: ID!) { node(id: $id) { ... on Sample { index metrics { roi } } } }`, { id: sample.id }),
    )
    expect(node.index).toBe(sample.index)
    expect(METRIC_NAMES).toContain(Object.keys(node.metrics)[0])
  })

  test.each(['60', '-1', '1.5', '01', '1e1', '99999999999', '0x1', '', 'NaN', '1_1', ' 1'])(
    'finds no sample %j of a job that has 60',
    async (index) => {
      const id = `sample_${job.id.slice('job_'.length)}_${index}`
      const { node } = await answered(ask('query ($id: ID!) { node(id: $id) { id } }', { id }))
      expect(node).toBeNull()
    },
  )
})

describe('samples that no model learns from say why', () => {
  const INFEASIBLE = `query ($id: ID!) {
    tuningJob(id: $id) { samples(first: 60) { nodes {
      infeasible objective metrics { tradeCount roi maxDrawdown cagr undefinedBecause }
    } } }
  }`
  const samplesOf = async ({ id }: TuningJobRow) =>
    ((await answered(ask(INFEASIBLE, { id }))) as { tuningJob: { samples: { nodes: Record<string, unknown>[] } } })
      .tuningJob.samples.nodes

  test('where the equity grows beyond all numbers', async () => {
    const { id: strategyId } = await createStrategy(ctx, {
      name: 'every rise',
      enterLong: 'close > open + least',
      exitLong: 'close < open',
      parameterSpace: [{ name: 'least', distribution: 'UNIFORM', low: 0, high: 0.01 }],
      constraints: [],
    })
    const execution = { fundingRate: -0.05, fundingIntervalMs: 60_000, leverage: 5 }
    const beyond = await runJob(ctx, { name: 'beyond', sampleCount: 20, strategyId, execution })
    const alone = { strategyId, marketId: beyond.marketId, parameters: { least: 0 }, execution }
    await expect(runBacktest(ctx, alone)).rejects.toThrow(/beyond all numbers/)
    const fields = everyField('TuningJob', LED_BACK)
    await answered(ask(`query ($id: ID!) { tuningJob(id: $id) ${fields} }`, { id: beyond.id }))
    for (const sample of await samplesOf(beyond)) {
      expect(sample).toMatchObject({
        infeasible: expect.stringMatching(/^The equity grows beyond all numbers/),
        objective: null,
        metrics: { roi: Number.MAX_VALUE, maxDrawdown: 0, cagr: null, undefinedBecause: expect.any(String) },
      })
    }
  })

  test('where they trade too little', async () => {
    for (const { infeasible, metrics } of await samplesOf(empty)) {
      const { tradeCount } = metrics as { tradeCount: number }
      expect(infeasible).toBe(`It made ${tradeCount} trades; 5000 are needed to tell.`)
    }
  })

  test('and where a model learns from them they do not', async () => {
    const samples = await samplesOf(job)
    expect(samples.map(({ infeasible }) => infeasible)).toContain(null)
    for (const { infeasible, objective } of samples) expect(infeasible === null).toBe(objective !== null)
  })
})
