import { createHash } from 'node:crypto'
import { and, arrayContains, count, eq, inArray, isNotNull, isNull, max, type SQL } from 'drizzle-orm'
import type { AppContext } from '../context.ts'
import type { Database, Transaction } from '../db.ts'
import { ConflictError, NotFoundError, ValidationError } from '../errors.ts'
import { newId } from '../ids.ts'
import { keyset, type Slice } from '../paging.ts'
import { toParameters, toRow } from '../strategy/parameter-space.ts'
import { compileStrategy, type CompiledStrategy } from '../strategy/plan.ts'
import { modelFromBytes } from './algorithms.ts'
import { INTERVAL_LEVEL, judge, type Calibration, type Judgement } from './confidence.ts'
import type { FittedModel, Matrix } from './estimator.ts'
import { featureSet, type FeatureSet } from './features.ts'
import { selectColumns } from './matrix.ts'
import { models, predictions, type ModelRow, type PredictionRow } from './table.ts'

/** A stored model, ready to predict from raw parameters. */
export interface LoadedModel {
  row: ModelRow
  strategy: CompiledStrategy
  predictor: Predictor
}

/** A model together with what turns raw parameters into its features and its predictions into a judgement. */
export class Predictor {
  readonly #model: FittedModel
  readonly #features: FeatureSet
  readonly #columns: Int32Array
  readonly #calibration: Calibration

  /** @param featureNames those of the set that the model was trained on, in its order */
  constructor(model: FittedModel, features: FeatureSet, featureNames: string[], calibration: Calibration) {
    const names = features.features.map((feature) => feature.name)
    this.#model = model
    this.#features = features
    this.#columns = Int32Array.from(featureNames, (name) => names.indexOf(name))
    this.#calibration = calibration
    if (this.#columns.includes(-1))
      throw new Error(`The model knows features that its strategy does not have: ${featureNames.join(', ')}.`)
  }

  get calibration(): Calibration {
    return this.#calibration
  }

  /** @param rows f64[count × parameters] @returns f64[count], the model's own word */
  predict(rows: Float64Array): Float64Array {
    return this.#model.predict(selectColumns(this.#features.matrix(rows), this.#columns))
  }

  /** Prediction, interval, confidence and whether the model has to extrapolate, for each row. */
  judge(rows: Float64Array, predicted = this.predict(rows)): Judgement & { confidence: Float64Array } {
    const columns = this.#calibration.domain.low.length
    const parameters: Matrix = { rows: rows.length / columns, columns, values: rows }
    const judgement = judge(this.#calibration, predicted, parameters)
    return {
      ...judgement,
      confidence: judgement.confidence ?? new Float64Array(parameters.rows).fill(this.#calibration.baseRate),
    }
  }
}

export type NewModel = Omit<ModelRow, 'id' | 'version' | 'active' | 'aliases' | 'checksum' | 'sizeBytes' | 'createdAt'>

/** Store a model with its checksum. */
export async function storeModel(tx: Database | Transaction, model: NewModel): Promise<ModelRow> {
  const [latest] = await tx
    .select({ version: max(models.version) })
    .from(models)
    .where(eq(models.name, model.name))
  const [row] = await tx
    .insert(models)
    .values({
      ...model,
      id: newId('model'),
      version: (latest?.version ?? 0) + 1,
      checksum: checksumOf(model.artifact),
      sizeBytes: model.artifact.byteLength,
    })
    .returning()
  return row
}

/** A few loaded models are kept: predictions come in runs. */
const loaded = new Map<string, LoadedModel>()
const KEPT = 8

/** @throws NotFoundError; ConflictError if the stored bytes are not those that were written */
export async function loadModel(ctx: AppContext, id: string): Promise<LoadedModel> {
  const known = loaded.get(id)
  if (known) return known
  const row = await getModel(ctx, id)
  if (checksumOf(row.artifact) !== row.checksum) {
    throw new ConflictError(`Model ${id} is damaged: its checksum does not match. Run its job again.`)
  }
  const strategy = compileStrategy(row.strategy)
  const features = featureSet(strategy, row.features)
  const predictor = new Predictor(modelFromBytes(row.artifact), features, row.featureNames, row.calibration)
  const entry = { row, strategy, predictor }
  loaded.set(id, entry)
  if (loaded.size > KEPT) loaded.delete(loaded.keys().next().value!)
  return entry
}

/**
 * Predict the objective of one parameter set and keep the prediction, so that it can be verified later.
 *
 * @throws ValidationError parameters that the model's space does not have
 */
export async function predict(
  ctx: AppContext,
  modelId: string,
  parameters: Record<string, number>,
): Promise<PredictionRow> {
  const { row, strategy, predictor } = await loadModel(ctx, modelId)
  const values = toRow(strategy.definition.parameterSpace, parameters)
  const judgement = predictor.judge(values)
  const [prediction] = await ctx.db
    .insert(predictions)
    .values({
      id: newId('prediction'),
      modelId: row.id,
      parameters: toParameters(strategy.definition.parameterSpace, values),
      metric: row.objective,
      predictedValue: judgement.predicted[0],
      low: judgement.low[0],
      high: judgement.high[0],
      level: INTERVAL_LEVEL,
      confidence: judgement.confidence[0],
      outOfDomain: judgement.outOfDomain[0] === 1,
    })
    .returning()
  return prediction
}

/** As `predict`, with the model named by itself or by the job that made it, one of the two. */
export async function predictByModelOrJob(
  ctx: AppContext,
  { modelId, jobId }: { modelId?: string | null | undefined; jobId?: string | null | undefined },
  parameters: Record<string, number>,
): Promise<PredictionRow> {
  if (Boolean(modelId) === Boolean(jobId))
    throw ValidationError.at('modelId', 'Give either modelId or jobId, one of the two.')
  if (modelId) return predict(ctx, modelId, parameters)
  const [model] = await ctx.db.select({ id: models.id }).from(models).where(eq(models.jobId, jobId!))
  if (!model)
    throw new NotFoundError('model of the job', jobId!, 'Only a COMPLETED job that could learn something has one.')
  return predict(ctx, model.id, parameters)
}

/** Rows by columns, columns named; rows or packed, one of the two. */
export interface CandidateMatrix {
  names: string[]
  rows?: number[][] | null | undefined
  /** row-major */
  packed?: Float64Array | null | undefined
}

export interface CandidateScores extends Judgement {
  confidence: Float64Array
  /** indices of the rows, best first, by the model's own word */
  ranking: number[]
  kernelMs: number
  totalMs: number
}

export const MAX_CANDIDATES = 100_000

/** Score every row with a model; nothing is stored. */
export async function scoreCandidates(
  ctx: AppContext,
  modelId: string,
  candidates: CandidateMatrix,
): Promise<CandidateScores> {
  const started = performance.now()
  const { strategy, predictor } = await loadModel(ctx, modelId)
  const rows = arrange(candidates, strategy.parameterNames)
  const kernelStarted = performance.now()
  const predicted = predictor.predict(rows)
  const kernelMs = performance.now() - kernelStarted
  const judgement = predictor.judge(rows, predicted)
  const sign = predictor.calibration.higherIsBetter ? 1 : -1
  const ranking = [...predicted.keys()].sort((a, b) => sign * (predicted[b] - predicted[a]) || a - b)
  return { ...judgement, ranking, kernelMs, totalMs: performance.now() - started }
}

/** Bring the named columns into the order of the parameters. @throws ValidationError everything that does not fit */
function arrange({ names, rows, packed }: CandidateMatrix, parameterNames: string[]): Float64Array {
  const refuse = (path: string, message: string): never => {
    throw ValidationError.at(['candidates', path], message)
  }
  if (Boolean(rows) === Boolean(packed))
    refuse('rows', 'Give the candidates either as rows or as packed, one of the two.')
  const unknown = names.filter((name) => !parameterNames.includes(name))
  const missing = parameterNames.filter((name) => !names.includes(name))
  if (unknown.length || missing.length || names.length !== parameterNames.length) {
    refuse('names', `${JSON.stringify(names)} must be the model's parameters, each once: ${parameterNames.join(', ')}.`)
  }
  const width = names.length
  const uneven = rows?.findIndex((row) => row.length !== width) ?? -1
  if (uneven >= 0) refuse('rows', `Row ${uneven} has ${rows![uneven].length} values; there are ${width} names.`)
  const values = packed ?? Float64Array.from(rows!.flat())
  if (values.length === 0 || values.length % width !== 0) {
    refuse('packed', `${values.length} values are not whole rows of ${width}.`)
  }
  if (values.length / width > MAX_CANDIDATES) {
    refuse(
      packed ? 'packed' : 'rows',
      `${values.length / width} rows are too many for one request; send up to ${MAX_CANDIDATES}.`,
    )
  }
  const bad = values.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0)
    refuse(packed ? 'packed' : 'rows', `Row ${Math.floor(bad / width)} holds ${values[bad]} for ${names[bad % width]}.`)

  const order = parameterNames.map((name) => names.indexOf(name))
  if (order.every((from, at) => from === at)) return values
  return values.map((_, cell) => values[cell - (cell % width) + order[cell % width]])
}

export interface ModelFilter {
  active?: boolean | null | undefined
  algorithm?: string[] | null | undefined
  objective?: string[] | null | undefined
  alias?: string | null | undefined
}

export async function findModel(ctx: AppContext, id: string): Promise<ModelRow | null> {
  const [row] = await ctx.db.select().from(models).where(eq(models.id, id))
  return row ?? null
}

export async function getModel(ctx: AppContext, id: string): Promise<ModelRow> {
  const row = await findModel(ctx, id)
  if (!row) throw new NotFoundError('model', id, 'Query.models lists those there are.')
  return row
}

export async function listModels(ctx: AppContext, filter: ModelFilter, slice: Slice): Promise<ModelRow[]> {
  const order = {
    value: models.createdAt,
    type: 'timestamptz',
    id: models.id,
    idType: 'text',
    direction: 'DESC',
  } as const
  const { where, orderBy } = keyset(slice, order)
  return ctx.db
    .select()
    .from(models)
    .where(and(modelCondition(filter), where))
    .orderBy(orderBy)
    .limit(slice.limit)
}

export async function countModels(ctx: AppContext, filter: ModelFilter): Promise<number> {
  const [row] = await ctx.db.select({ total: count() }).from(models).where(modelCondition(filter))
  return row.total
}

function modelCondition({ active, algorithm, objective, alias }: ModelFilter): SQL | undefined {
  return and(
    typeof active === 'boolean' ? eq(models.active, active) : undefined,
    algorithm ? inArray(models.algorithm, algorithm) : undefined,
    objective ? inArray(models.objective, objective) : undefined,
    alias ? arrayContains(models.aliases, [alias]) : undefined,
  )
}

export interface PredictionFilter {
  modelId?: string | null | undefined
  verified?: boolean | null | undefined
}

export async function findPrediction(ctx: AppContext, id: string): Promise<PredictionRow | null> {
  const [row] = await ctx.db.select().from(predictions).where(eq(predictions.id, id))
  return row ?? null
}

export async function listPredictions(
  ctx: AppContext,
  filter: PredictionFilter,
  slice: Slice,
): Promise<PredictionRow[]> {
  const order = {
    value: predictions.createdAt,
    type: 'timestamptz',
    id: predictions.id,
    idType: 'text',
    direction: 'DESC',
  } as const
  const { where, orderBy } = keyset(slice, order)
  return ctx.db
    .select()
    .from(predictions)
    .where(and(predictionCondition(filter), where))
    .orderBy(orderBy)
    .limit(slice.limit)
}

export async function countPredictions(ctx: AppContext, filter: PredictionFilter): Promise<number> {
  const [row] = await ctx.db.select({ total: count() }).from(predictions).where(predictionCondition(filter))
  return row.total
}

function predictionCondition({ modelId, verified }: PredictionFilter): SQL | undefined {
  return and(
    modelId ? eq(predictions.modelId, modelId) : undefined,
    verified === true
      ? isNotNull(predictions.verifiedAt)
      : verified === false
        ? isNull(predictions.verifiedAt)
        : undefined,
  )
}

function checksumOf(artifact: Uint8Array): string {
  return createHash('sha256').update(artifact).digest('hex')
}
