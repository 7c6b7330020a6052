import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { metricsOf, METRIC_NAMES } from '../../src/backtest/metrics.ts'
import { countPredictions } from '../../src/models/predictions.ts'
import { models, predictions } from '../../src/models/table.ts'
import { deleteTuningJobs } from '../../src/tuning/service.ts'
import { readSamples } from '../../src/tuning/sample-store.ts'
import type { TuningJobRow } from '../../src/tuning/table.ts'
import { startWorker } from '../../src/tuning/worker.ts'
import { answered, asker, type Answer, type Ask } from '../graphql/ask.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { runJob } from '../tuning/jobs.ts'

const MODEL =
  'id name version active aliases checksum featureNames job { id } observedCoverage reliability { confidence reached count } brierScore baseBrierScore'
const FAILURE = '... on Error { code message } ... on ValidationError { fieldErrors { path message } }'
const MUTATIONS = {
  saveModel: `mutation ($jobId: ID!, $name: String!) { it: saveModel(jobId: $jobId, name: $name) { ... on SaveModelSuccess { model { ${MODEL} } } ${FAILURE} } }`,
  setModelActive: `mutation ($id: ID!, $active: Boolean!) { it: setModelActive(id: $id, active: $active) { ... on SetModelActiveSuccess { model { ${MODEL} } } ... on Error { code message } } }`,
  setModelAlias: `mutation ($id: ID!, $alias: String!) { it: setModelAlias(id: $id, alias: $alias) { ... on SetModelAliasSuccess { model { ${MODEL} } } ${FAILURE} } }`,
  removeModelAlias: `mutation ($id: ID!, $alias: String!) { it: removeModelAlias(id: $id, alias: $alias) { ... on RemoveModelAliasSuccess { model { ${MODEL} } } ... on Error { code message } } }`,
  deleteModel: `mutation ($id: ID!) { it: deleteModel(id: $id) { ... on DeleteModelSuccess { deletedId } ... on Error { code message } } }`,
  predict: `mutation ($modelId: ID, $jobId: ID, $parameters: Parameters!) { it: predict(modelId: $modelId, jobId: $jobId, parameters: $parameters) { ... on PredictSuccess { prediction { id predictedValue model { id } } } ${FAILURE} } }`,
  verifyPrediction: `mutation ($id: ID!) { it: verifyPrediction(id: $id) { ... on VerifyPredictionSuccess { prediction { predictedValue actualValue error verifiedAt interval { low high } model { observedCoverage } } } ... on Error { code message } } }`,
}

let ctx: TestContext
let ask: Ask
let job: TuningJobRow
let rival: TuningJobRow
let stranger: TuningJobRow
beforeAll(async () => {
  ctx = await testContext()
  ask = asker(ctx)
  await startWorker(ctx)
  ;[job, rival, stranger] = await Promise.all([
    runJob(ctx, { name: 'first' }),
    runJob(ctx, { name: 'second', seed: 5 }),
    runJob(ctx, { name: 'third', objective: 'WIN_RATE' }),
  ])
})
afterAll(() => ctx.close())

/** The answer of a mutation, a success or a failure that it names. */
async function mutate(name: keyof typeof MUTATIONS, variables: object): Promise<Answer['data']> {
  return (await answered(ask(MUTATIONS[name], variables))).it
}

const model = async (id: string): Promise<Answer['data']> =>
  (await answered(ask(`query ($id: ID!) { model(id: $id) { ${MODEL} } }`, { id }))).model

describe('saveModel', () => {
  test('gives a model a name and the next version of it, and says the same when it is asked again', async () => {
    const saved = await mutate('saveModel', { jobId: job.id, name: 'entry rules' })
    expect(saved.model).toMatchObject({ id: job.modelId, name: 'entry rules', version: 1, job: { id: job.id } })
    expect(await mutate('saveModel', { jobId: job.id, name: 'entry rules' })).toEqual(saved)
    expect((await mutate('saveModel', { jobId: rival.id, name: 'entry rules' })).model.version).toBe(2)
  })

  test('is a ConflictError where the model is saved under another name', async () => {
    expect(await mutate('saveModel', { jobId: job.id, name: 'exit rules' })).toEqual({
      code: 'CONFLICT',
      message: 'The model is saved as entry rules version 1 already.',
    })
  })

  test('is a ConflictError where the name is that of models that predict something else', async () => {
    expect(await mutate('saveModel', { jobId: stranger.id, name: 'entry rules' })).toEqual({
      code: 'CONFLICT',
      message:
        'entry rules is the name of models that predict ROI of another strategy, market or objective. Choose another name.',
    })
  })

  test.each(['', ' x', 'a'.repeat(101), 'a\0b', '{}'])('refuses the name %j', async (name) => {
    const { code, fieldErrors } = await mutate('saveModel', { jobId: job.id, name })
    expect(code).toBe('BAD_USER_INPUT')
    expect(fieldErrors[0].path).toEqual(['name'])
  })

  test('finds no model of a job that does not exist', async () => {
    expect(await mutate('saveModel', { jobId: 'job_nope', name: 'a' })).toMatchObject({ code: 'NOT_FOUND' })
  })

  test('gives each of many at once a version of its own', async () => {
    const jobs = await Promise.all(Array.from({ length: 3 }, (_, seed) => runJob(ctx, { seed: 20 + seed })))
    const saved = await Promise.all(jobs.map(({ id }) => mutate('saveModel', { jobId: id, name: 'race' })))
    expect(saved.map(({ model }) => model.version as number).toSorted()).toEqual([1, 2, 3])
  })

  test('lets the model outlive its job, and still be verified', async () => {
    const kept = await runJob(ctx, { seed: 8 })
    await mutate('saveModel', { jobId: kept.id, name: 'kept' })
    const { prediction } = await mutate('predict', {
      modelId: kept.modelId,
      parameters: kept.result!.candidates[0].parameters,
    })
    await deleteTuningJobs(ctx, [kept.id])
    expect(await model(kept.modelId!)).toMatchObject({ name: 'kept', job: null })
    const verified = await mutate('verifyPrediction', { id: prediction.id })
    expect(verified.prediction.actualValue).toBe(kept.result!.candidates[0].inSample!.roi)
  })
})

describe('an alias', () => {
  test('belongs to one model of a strategy, market and objective: it moves', async () => {
    await mutate('setModelAlias', { id: job.modelId, alias: 'champion' })
    await mutate('setModelAlias', { id: job.modelId, alias: 'nightly' })
    await mutate('setModelAlias', { id: stranger.modelId, alias: 'champion' })
    const moved = await mutate('setModelAlias', { id: rival.modelId, alias: 'champion' })
    expect(moved.model.aliases).toEqual(['champion'])
    expect((await model(job.modelId!)).aliases).toEqual(['nightly'])
    expect((await model(stranger.modelId!)).aliases).toEqual(['champion'])
    const { models: found } = await answered(ask('{ models(filter: { alias: "champion" }) { nodes { id } } }'))
    expect(found.nodes.map(({ id }: { id: string }) => id).toSorted()).toEqual(
      [rival.modelId!, stranger.modelId!].toSorted(),
    )
  })

  test('leaves a trace of where it was taken from', async () => {
    const { auditLog } = await answered(ask('{ auditLog(first: 1) { nodes { action subject detail } } }'))
    expect(auditLog.nodes).toEqual([
      { action: 'MODEL_ALIAS_SET', subject: rival.modelId, detail: { alias: 'champion', takenFrom: job.modelId } },
    ])
  })

  test('is had once, however often it is given', async () => {
    await mutate('setModelAlias', { id: rival.modelId, alias: 'champion' })
    expect((await model(rival.modelId!)).aliases).toEqual(['champion'])
  })

  test('ends with exactly one of several models that want it at once', async () => {
    const ids = [job.modelId!, rival.modelId!]
    await Promise.all(ids.map((id) => mutate('setModelAlias', { id, alias: 'challenger' })))
    const aliases = await Promise.all(ids.map(async (id) => (await model(id)).aliases as string[]))
    expect(aliases.filter((list) => list.includes('challenger'))).toHaveLength(1)
    await Promise.all(ids.map((id) => mutate('removeModelAlias', { id, alias: 'challenger' })))
  })

  test.each(['', 'Champion', 'a b', '-a', 'a'.repeat(41), 'a,b'])('is not %j', async (alias) => {
    const { fieldErrors } = await mutate('setModelAlias', { id: job.modelId, alias })
    expect(fieldErrors[0].path).toEqual(['alias'])
  })

  test('is for models that there are', async () => {
    expect(await mutate('setModelAlias', { id: 'model_nope', alias: 'a' })).toMatchObject({ code: 'NOT_FOUND' })
    expect(await mutate('removeModelAlias', { id: 'model_nope', alias: 'a' })).toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('deleteModel', () => {
  test('is a ConflictError while the model is active or has an alias, and then deletes it with its predictions', async () => {
    const other = await runJob(ctx, { seed: 9, name: 'doomed' })
    const id = other.modelId!
    await mutate('predict', { modelId: id, parameters: other.result!.candidates[0].parameters })
    await mutate('setModelActive', { id, active: true })
    await mutate('setModelAlias', { id, alias: 'champion' })
    expect(await mutate('deleteModel', { id })).toEqual({
      code: 'CONFLICT',
      message:
        'Model doomed version 1 is active and the champion. Deactivate it, and move or remove its aliases first.',
    })
    await mutate('setModelActive', { id, active: false })
    await mutate('removeModelAlias', { id, alias: 'champion' })
    expect(await mutate('deleteModel', { id })).toEqual({ deletedId: id })
    expect(await mutate('deleteModel', { id })).toMatchObject({ code: 'NOT_FOUND' })
    expect(await countPredictions(ctx, { modelId: id })).toBe(0)
    const { tuningJob } = await answered(
      ask('query ($id: ID!) { tuningJob(id: $id) { status model { id } } }', { id: other.id }),
    )
    expect(tuningJob).toEqual({ status: 'COMPLETED', model: null })
  })

  test('is not what deleting the job does to a model in use', async () => {
    const used = await runJob(ctx, { seed: 10 })
    await mutate('setModelActive', { id: used.modelId, active: true })
    await deleteTuningJobs(ctx, [used.id])
    expect((await model(used.modelId!)).active).toBe(true)
    await mutate('setModelActive', { id: used.modelId, active: false })
    await mutate('deleteModel', { id: used.modelId })
  })
})

describe('predict without a model', () => {
  const parameters = () => job.result!.candidates[0].parameters
  const say = (choice: object = {}) => mutate('predict', { ...choice, parameters: parameters() })

  test('takes the model of a job, but not a model and a job', async () => {
    expect((await say({ jobId: job.id })).prediction.model.id).toBe(job.modelId)
    expect((await say({ jobId: job.id, modelId: job.modelId })).fieldErrors).toEqual([
      { path: ['modelId'], message: 'Give either modelId or jobId, not both.' },
    ])
    expect((await say({ jobId: 'job_nope' })).message).toBe(
      'No model of the job with id job_nope. Only a COMPLETED job that could learn something has one.',
    )
  })

  test('asks the active champion, or the one that is active', async () => {
    expect((await say()).fieldErrors).toEqual([
      { path: ['modelId'], message: 'Without modelId and jobId the one active model answers, but no model is active.' },
    ])
    await mutate('setModelActive', { id: job.modelId, active: true })
    expect((await say()).prediction.model.id).toBe(job.modelId)
    await mutate('setModelActive', { id: rival.modelId, active: true })
    await mutate('setModelAlias', { id: rival.modelId, alias: 'champion' })
    expect((await say()).prediction.model.id).toBe(rival.modelId) // it is the champion
    await mutate('removeModelAlias', { id: rival.modelId, alias: 'champion' })
    expect((await say()).message).toContain('2 models are: entry rules version')
  })
})

describe('verifyPrediction', () => {
  test('backtests as the samples were backtested: a sample comes out as it did', async () => {
    const rows = await readSamples(ctx.db, job.id)
    const names = job.strategy.parameterSpace.map(({ name }) => name)
    for (const { values } of rows.slice(0, 5)) {
      const parameters = Object.fromEntries(names.map((name, at) => [name, values[at]]))
      const { prediction } = await mutate('predict', { modelId: job.modelId, parameters })
      const verified = (await mutate('verifyPrediction', { id: prediction.id })).prediction
      const metrics = metricsOf(values.subarray(names.length, names.length + METRIC_NAMES.length))
      expect(verified.actualValue).toBe(metrics.roi)
      expect(verified.error).toBe(prediction.predictedValue - metrics.roi!)
      expect(await mutate('verifyPrediction', { id: prediction.id })).toMatchObject({ prediction: verified })
    }
  })

  test('gives concurrent callers one answer', async () => {
    const parameters = job.result!.candidates[1].parameters
    const { prediction } = await mutate('predict', { modelId: job.modelId, parameters })
    const answers = await Promise.all([1, 2, 3].map(() => mutate('verifyPrediction', { id: prediction.id })))
    expect(new Set(answers.map((answer) => answer.prediction.verifiedAt as string)).size).toBe(1)
  })

  test('finds no prediction that does not exist', async () => {
    expect(await mutate('verifyPrediction', { id: 'prediction_nope' })).toMatchObject({ code: 'NOT_FOUND' })
  })

  test('counts in the track record of the model: coverage at once, reliability from 30 on', async () => {
    const id = stranger.modelId!
    const [{ calibration }] = await ctx.db.select().from(models).where(eq(models.id, id))
    const { candidates } = stranger.result!
    expect(await model(id)).toMatchObject({ observedCoverage: null, reliability: [], brierScore: null })
    const made = Array.from({ length: 30 }, (_, at) => ({
      id: `prediction_record${at}`,
      modelId: id,
      parameters: { ...candidates[0].parameters, sl: at },
      metric: 'WIN_RATE',
      predictedValue: 0.5,
      low: 0.4,
      high: 0.6,
      level: 0.8,
      confidence: at < 15 ? 20 : 80,
      outOfDomain: false,
      // three of the unsure and twelve of the sure ones reach the reference
      actualValue: (at % 5 === 0) !== at >= 15 ? calibration.reference : calibration.reference - 0.01,
    }))
    const inside = made.filter(({ actualValue }) => actualValue >= 0.4 && actualValue <= 0.6).length
    await ctx.db.insert(predictions).values(made.map((row) => ({ ...row, verifiedAt: sql`now()` })) as never)
    await ctx.db.insert(predictions).values({ ...made[0], id: 'prediction_again', verifiedAt: new Date() })
    const record = await model(id)
    expect(record.observedCoverage).toBe(inside / 30)
    expect(record.reliability).toEqual([
      { confidence: 20, reached: 20, count: 15 },
      { confidence: 80, reached: 80, count: 15 },
    ])
    expect(record.brierScore).toBeCloseTo(0.16, 9)
    expect(record.baseBrierScore).toBe(0.25)
  })
})
