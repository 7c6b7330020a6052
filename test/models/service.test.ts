import { count, eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createHash } from 'node:crypto'
import { ConflictError, NotFoundError, ValidationError } from '../../src/errors.ts'
import { Random } from '../../src/engine/random.ts'
import { countPredictions, listPredictions, predict } from '../../src/models/predictions.ts'
import {
  findModel,
  listModels,
  loadModel,
  rankingOf,
  scoreCandidates,
  storeModel,
  type CandidateScores,
} from '../../src/models/service.ts'
import { models, predictions } from '../../src/models/table.ts'
import { clampToSpace } from '../../src/strategy/parameter-space.ts'
import { findOptimal } from '../../src/tuning/optimum.ts'
import { deleteTuningJobs, getTuningJob } from '../../src/tuning/service.ts'
import type { TuningJobRow } from '../../src/tuning/table.ts'
import { startWorker } from '../../src/tuning/worker.ts'
import { answered, asker, type Ask } from '../graphql/ask.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { runJob } from '../tuning/jobs.ts'

let ctx: TestContext
let ask: Ask
let job: TuningJobRow
let modelId: string
let names: string[]
beforeAll(async () => {
  ctx = await testContext()
  ask = asker(ctx)
  await startWorker(ctx)
  job = await runJob(ctx, { sampleCount: 80 })
  modelId = job.modelId!
  names = job.strategy.parameterSpace.map(({ name }) => name)
})
afterAll(() => ctx.close())

/** Rows within the space of the job. */
function rowsInSpace(count: number): number[][] {
  const random = new Random(7)
  return Array.from({ length: count }, () => {
    const row = job.strategy.parameterSpace.map(({ low, high }) => low! + random.float() * (high! - low!))
    return [...clampToSpace(job.strategy.parameterSpace, row)]
  })
}

async function refusal(work: Promise<unknown>): Promise<string[]> {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  )
  if (!(error instanceof ValidationError)) throw new Error(`not a ValidationError: ${String(error)}`)
  return error.fieldErrors.map(({ path, message }) => `${path.join('.')}: ${message}`)
}

const bitsOf = ({ kernelMs: _, totalMs: __, ...scores }: CandidateScores) => scores

test('a ranking begins with the best, and of equal ones with the first', () => {
  const random = new Random(3)
  const values = Float64Array.from({ length: 2000 }, () => Math.round(20 * random.float()) - 10)
  values[7] = -0
  for (const sign of [1, -1]) {
    const expected = [...values.keys()].sort((a, b) => sign * (values[b] - values[a]) || a - b)
    expect([...rankingOf(values, sign)]).toEqual(expected)
  }
  expect([...rankingOf(new Float64Array(), 1)]).toEqual([])
})

describe('a stored model', () => {
  test('is described without its megabytes', async () => {
    const info = (await findModel(ctx, modelId))!
    expect(info).toMatchObject({ id: modelId, jobId: job.id, algorithm: 'RANDOM_FOREST', objective: 'ROI', version: 1 })
    expect(info).not.toHaveProperty('artifact')
    expect(info.training).toEqual(job.result!.training)
    const [listed] = await listModels(ctx, { objective: ['ROI'] }, { limit: 1, inverted: false })
    expect(listed).toEqual(info)
  })

  test('has the checksum and the size of its bytes', async () => {
    const { row } = await loadModel(ctx, modelId)
    expect(row.checksum).toBe(createHash('sha256').update(row.artifact).digest('hex'))
    expect(row.sizeBytes).toBe(row.artifact.byteLength)
  })

  test('gives the same predictions after it has been stored', async () => {
    const { predictor } = await loadModel(ctx, modelId)
    const candidates = job.result!.candidates
    const rows = Float64Array.from(candidates.flatMap(({ parameters }) => names.map((name) => parameters[name])))
    const { predicted, confidence, low, high } = predictor.judge(rows)
    expect([...predicted]).toEqual(candidates.map((candidate) => candidate.predicted))
    expect([...confidence]).toEqual(candidates.map((candidate) => candidate.confidence))
    expect([...low]).toEqual(candidates.map(({ interval }) => interval.low))
    expect([...high]).toEqual(candidates.map(({ interval }) => interval.high))
  })

  test('whose bytes were changed is not used', async () => {
    const other = await runJob(ctx)
    const id = other.modelId!
    await ctx.db.execute(
      sql`update models set artifact = set_byte(artifact, length(artifact) - 9, 255) where id = ${id}`,
    )
    await expect(loadModel(ctx, id)).rejects.toMatchObject({
      code: 'MODEL_UNREADABLE',
      message: 'The stored model cannot be read: its checksum does not match. Train it again.',
    })
    const { errors } = await ask(
      'query ($id: ID!, $c: CandidateMatrixInput!) { scoreCandidates(modelId: $id, candidates: $c) { count } }',
      { id, c: { names, rows: rowsInSpace(1) } },
    )
    expect(errors).toMatchObject([{ extensions: { code: 'MODEL_UNREADABLE' } }])
  })

  test('is gone with its job, also from memory', async () => {
    const other = await runJob(ctx)
    await loadModel(ctx, other.modelId!)
    await predict(ctx, other.modelId!, other.result!.candidates[0].parameters)
    await deleteTuningJobs(ctx, [other.id])
    await expect(loadModel(ctx, other.modelId!)).rejects.toThrow(NotFoundError)
    await expect(predict(ctx, other.modelId!, {})).rejects.toThrow(
      `No model with id ${other.modelId}. Query.models lists those there are.`,
    )
    const [row] = await ctx.db
      .select({ total: count() })
      .from(predictions)
      .where(eq(predictions.modelId, other.modelId!))
    expect(row.total).toBe(0)
  })

  test('gets a version of its own, however many are stored at once', async () => {
    const [row] = await ctx.db.select().from(models).where(eq(models.id, modelId))
    const stored = await Promise.all(
      Array.from({ length: 5 }, () =>
        ctx.db.transaction((tx) => storeModel(tx, { ...row, name: 'at once', id: undefined } as never)),
      ),
    )
    expect(stored.map(({ version }) => version).toSorted()).toEqual([1, 2, 3, 4, 5])
    await ctx.db.delete(models).where(eq(models.name, 'at once'))
  })
})

describe('predict', () => {
  const best = () => job.result!.candidates[0].parameters

  test('says what the model thinks, and keeps it', async () => {
    const prediction = await predict(ctx, modelId, best())
    const candidate = job.result!.candidates[0]
    expect(prediction).toMatchObject({
      modelId,
      parameters: best(),
      metric: 'ROI',
      predictedValue: candidate.predicted,
      low: candidate.interval.low,
      high: candidate.interval.high,
      level: 0.8,
      confidence: candidate.confidence,
      outOfDomain: candidate.outOfDomain,
      actualValue: null,
      verifiedAt: null,
    })
    expect(await ctx.db.select().from(predictions).where(eq(predictions.id, prediction.id))).toEqual([prediction])
  })

  test('names every parameter that does not fit', async () => {
    const { sl: _, ...others } = best()
    const wrong = { ...others, tp: 7, adx_min: NaN, slx: 0.02 }
    expect((await refusal(predict(ctx, modelId, wrong))).toSorted()).toEqual([
      'parameters.adx_min: must be a finite number, not NaN.',
      'parameters.sl: is missing. Every parameter needs a value.',
      'parameters.slx: is not a parameter of this strategy. Did you mean sl?',
      'parameters.tp: must be at most 0.1, not 7.',
    ])
  })

  test('is listed newest first, in pages, by model and by whether it was verified', async () => {
    await Promise.all(Array.from({ length: 12 }, () => predict(ctx, modelId, best())))
    const total = await countPredictions(ctx, { modelId })
    const seen: string[] = []
    for (let after: string | null = null; ;) {
      const {
        model,
      }: {
        model: {
          predictions: {
            totalCount: number
            nodes: { id: string }[]
            pageInfo: { hasNextPage: boolean; endCursor: string }
          }
        }
      } = await answered(
        ask(
          'query ($id: ID!, $after: String) { model(id: $id) { predictions(first: 5, after: $after) { totalCount nodes { id } pageInfo { hasNextPage endCursor } } } }',
          { id: modelId, after },
        ),
      )
      expect(model.predictions.totalCount).toBe(total)
      seen.push(...model.predictions.nodes.map(({ id }) => id))
      if (!model.predictions.pageInfo.hasNextPage) break
      after = model.predictions.pageInfo.endCursor
    }
    expect(new Set(seen).size).toBe(total)
    expect(seen).toHaveLength(total)
    const rows = await listPredictions(ctx, { modelId }, { limit: 100, inverted: false })
    expect(rows.map(({ id }) => id)).toEqual(seen)
    const times = rows.map(({ createdAt }) => createdAt.getTime())
    expect(times).toEqual(times.toSorted((a, b) => b - a))
    expect([await countPredictions(ctx, { verified: true }), await countPredictions(ctx, { verified: false })]).toEqual(
      [0, total],
    )
  })
})

describe('scoreCandidates', () => {
  test('gives the same bits for rows, for packed columns, and for columns in another order', async () => {
    const rows = rowsInSpace(50)
    const scores = await scoreCandidates(ctx, modelId, { names, rows })
    const packed = Float64Array.from(rows.flat())
    expect(bitsOf(await scoreCandidates(ctx, modelId, { names, packed }))).toEqual(bitsOf(scores))
    const reversed = { names: names.toReversed(), rows: rows.map((row) => row.toReversed()) }
    expect(bitsOf(await scoreCandidates(ctx, modelId, reversed))).toEqual(bitsOf(scores))

    expect(scores.predicted).toHaveLength(50)
    expect(Array.from(scores.ranking).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, at) => at))
    const one = await predict(ctx, modelId, Object.fromEntries(names.map((name, at) => [name, rows[3][at]])))
    expect([scores.predicted[3], scores.low[3], scores.confidence[3]]).toEqual([
      one.predictedValue,
      one.low,
      one.confidence,
    ])
  })

  test('tells where it would have to extrapolate', async () => {
    const [inside] = rowsInSpace(1)
    const outside = inside.map((value, at) => (names[at] === 'adx_min' ? 60 : value))
    expect([...(await scoreCandidates(ctx, modelId, { names, rows: [inside, outside] })).outOfDomain]).toEqual([0, 1])
  })

  test.each<[string, () => object, string]>([
    [
      'neither rows nor packed',
      () => ({ names }),
      'candidates.rows: Give the candidates either as rows or as packed, one of the two.',
    ],
    [
      'both',
      () => ({ names, rows: rowsInSpace(1), packed: new Float64Array(6) }),
      'candidates.rows: Give the candidates either as rows or as packed, one of the two.',
    ],
    ['no rows', () => ({ names, rows: [] }), 'candidates.rows: There is no row to score. Send at least one.'],
    [
      'no columns',
      () => ({ names, packed: new Float64Array() }),
      'candidates.packed: There is no row to score. Send at least one.',
    ],
    [
      'uneven rows',
      () => ({ names, rows: [...rowsInSpace(2), [1, 2]] }),
      'candidates.rows: Row 2 has 2 values; give one for each of the 6 names.',
    ],
    [
      'half a row',
      () => ({ names, packed: new Float64Array(7) }),
      'candidates.packed: 7 values are not whole rows of 6. Send every row whole.',
    ],
    [
      'a name too few',
      () => ({ names: names.slice(1), rows: [[1, 2, 3, 4, 5]] }),
      `candidates.names: ["rsi_overbought","adx_min","volume_multiplier","sl","tp"] must be the model's parameters, each once: rsi_oversold, rsi_overbought, adx_min, volume_multiplier, sl, tp.`,
    ],
    [
      'a name twice',
      () => ({ names: [...names.slice(1), 'tp'], rows: rowsInSpace(1) }),
      `candidates.names: ["rsi_overbought","adx_min","volume_multiplier","sl","tp","tp"] must be the model's parameters, each once: rsi_oversold, rsi_overbought, adx_min, volume_multiplier, sl, tp.`,
    ],
    [
      'what is no number',
      () => ({ names, packed: Float64Array.from([...rowsInSpace(2).flat().slice(0, 11), NaN]) }),
      'candidates.packed: Row 1 holds NaN for tp; every value must be a finite number.',
    ],
    [
      'too many',
      () => ({ names, packed: new Float64Array(100_001 * 6) }),
      'candidates.packed: 100001 rows are too many for one request; send up to 100000.',
    ],
  ])('refuses %s', async (_, candidates, message) => {
    expect(await refusal(scoreCandidates(ctx, modelId, candidates() as never))).toEqual([message])
  })

  test('scores ten thousand candidates in one request', async () => {
    const rows = rowsInSpace(10_000)
    const packed = Buffer.from(Float64Array.from(rows.flat()).buffer).toString('base64')
    const query = `query ($id: ID!, $c: CandidateMatrixInput!) { scoreCandidates(modelId: $id, candidates: $c) {
      count predictedPacked lowPacked highPacked confidencePacked best(top: 3) kernelMs totalMs } }`
    await answered(ask(query, { id: modelId, c: { names, packed } }))
    const started = performance.now()
    const { scoreCandidates: scores } = await answered(ask(query, { id: modelId, c: { names, packed } }))
    const wholeMs = performance.now() - started
    expect(scores.count).toBe(10_000)
    expect(Buffer.from(scores.predictedPacked, 'base64')).toHaveLength(80_000)
    const [kernel, total, whole] = [scores.kernelMs, scores.totalMs, wholeMs].map((ms) => ms.toFixed(1))
    process.stdout.write(`10,000 candidates: kernel ${kernel} ms, resolver ${total} ms, whole request ${whole} ms\n`)
  })
})

describe('findOptimal', () => {
  test('with the job’s own seed finds what the job found', async () => {
    const input = { jobId: job.id, candidates: 10_000, top: 10, verify: true }
    const { candidates, evaluated } = await findOptimal(ctx, input)
    expect(evaluated).toBe(10_000)
    expect(candidates).toEqual(job.result!.candidates)
    const other = await findOptimal(ctx, { ...input, seed: 99 })
    expect(other.candidates.map(({ parameters }) => parameters)).not.toEqual(
      candidates.map(({ parameters }) => parameters),
    )
  })

  test('without backtests gives the model’s word alone', async () => {
    const input = { jobId: job.id, candidates: 500, top: 5, seed: 3, verify: false }
    const { candidates } = await findOptimal(ctx, input)
    expect(candidates.map(({ rank }) => rank)).toEqual([1, 2, 3, 4, 5])
    for (const { inSample, outOfSample, plateau } of candidates) {
      expect([inSample, outOfSample]).toEqual([null, null])
      expect(Number.isFinite(plateau)).toBe(true)
    }
    expect(await findOptimal(ctx, input)).toMatchObject({ candidates })
  })

  test('gives as many as there are, where fewer are asked to be scored', async () => {
    const { candidates, evaluated } = await findOptimal(ctx, { jobId: job.id, candidates: 3, top: 10, verify: false })
    expect([candidates.length, evaluated]).toEqual([3, 3])
  })

  test('refuses more than is allowed, all at once', async () => {
    const input = { jobId: job.id, candidates: 0, top: 101, verify: true }
    expect(await refusal(findOptimal(ctx, input))).toEqual([
      'candidates: 0 is not allowed: a whole number from 1 to 100000.',
      'top: 101 is not allowed: a whole number from 1 to 100.',
    ])
  })

  test('needs a model', async () => {
    const empty = await runJob(ctx, { riskLimits: { minTrades: 5000 } })
    const search = findOptimal(ctx, { jobId: empty.id, candidates: 10, top: 1, verify: false })
    await expect(search).rejects.toThrow(ConflictError)
    await expect(search).rejects.toThrow(
      `Job ${empty.name} (${empty.id}) is COMPLETED and has no model to search with. Its warnings say why it learned nothing.`,
    )
    expect((await getTuningJob(ctx, empty.id)).warnings).not.toEqual([])
    const nobody = findOptimal(ctx, { jobId: 'job_nope', candidates: 10, top: 1, verify: false })
    await expect(nobody).rejects.toThrow(NotFoundError)
  })
})
