import { createHash } from 'node:crypto'
import { and, arrayContains, count, eq, getColumns, inArray, isNotNull, isNull, max, sql, type SQL } from 'drizzle-orm'
import type { AppContext } from '../context.ts'
import type { Transaction } from '../db.ts'
import { NotFoundError, ValidationError } from '../errors.ts'
import { newId } from '../ids.ts'
import { keyset, type Slice } from '../paging.ts'
import { toParameters, toRow } from '../strategy/parameter-space.ts'
import { compileStrategy, type CompiledStrategy } from '../strategy/plan.ts'
import { modelFromBytes } from './algorithms.ts'
import { unreadable } from './artifact.ts'
import { arrangeCandidates, type CandidateMatrix } from './candidate-matrix.ts'
import { INTERVAL_LEVEL } from './confidence.ts'
import { featureSet } from './features.ts'
import { Predictor, type Verdicts } from './predictor.ts'
import { models, predictions, type ModelRow, type PredictionRow } from './table.ts'

/** A stored model, ready to predict from raw parameters. */
export interface LoadedModel {
  row: ModelRow
  strategy: CompiledStrategy
  predictor: Predictor
}

/** A model as lists show it: all but what a prediction needs, which may be megabytes. */
export type ModelInfo = Omit<ModelRow, 'artifact' | 'calibration'>

const { artifact: _, calibration: __, ...info } = getColumns(models)

export type NewModel = Omit<ModelRow, 'id' | 'version' | 'active' | 'aliases' | 'checksum' | 'sizeBytes' | 'createdAt'>

/** Store a model with its checksum, as the next version of its name. */
export async function storeModel(tx: Transaction, model: NewModel): Promise<ModelRow> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${model.name}, 0))`) // one version each
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

/**
 * @throws NotFoundError no such model, or no longer
 * @throws DomainError   MODEL_UNREADABLE, if the stored bytes are not those that were written
 */
export async function loadModel(ctx: AppContext, id: string): Promise<LoadedModel> {
  const { checksum } = await getModel(ctx, id)
  const known = loaded.get(id)
  if (known?.row.checksum === checksum) return known
  const [row] = await ctx.db.select().from(models).where(eq(models.id, id))
  if (!row) throw noSuchModel(id)
  const entry = open(row)
  loaded.delete(id)
  loaded.set(id, entry)
  if (loaded.size > KEPT) loaded.delete(loaded.keys().next().value!)
  return entry
}

function open(row: ModelRow): LoadedModel {
  if (checksumOf(row.artifact) !== row.checksum) throw unreadable('its checksum does not match')
  const strategy = compileStrategy(row.strategy)
  const features = featureSet(strategy, row.features)
  const predictor = new Predictor(modelFromBytes(row.artifact), features, row.featureNames, row.calibration)
  return { row, strategy, predictor }
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
  if (Boolean(modelId) === Boolean(jobId)) {
    throw ValidationError.at('modelId', 'Give either modelId or jobId, one of the two.')
  }
  if (modelId) return predict(ctx, modelId, parameters)
  const [model] = await ctx.db.select({ id: models.id }).from(models).where(eq(models.jobId, jobId!))
  if (!model) {
    throw new NotFoundError('model of the job', jobId!, 'Only a COMPLETED job that could learn something has one.')
  }
  return predict(ctx, model.id, parameters)
}

export interface CandidateScores extends Verdicts {
  /** indices of the rows, best first, by the model's own word */
  ranking: number[]
  kernelMs: number
  totalMs: number
}

/**
 * Score every row with a model; nothing is stored.
 *
 * @throws ValidationError names, rows or values that do not fit
 */
export async function scoreCandidates(
  ctx: AppContext,
  modelId: string,
  candidates: CandidateMatrix,
): Promise<CandidateScores> {
  const started = performance.now()
  const { strategy, predictor } = await loadModel(ctx, modelId)
  const rows = arrangeCandidates(candidates, strategy.parameterNames)
  const kernelStarted = performance.now()
  const predicted = predictor.predict(rows)
  const kernelMs = performance.now() - kernelStarted
  const verdicts = predictor.judge(rows, predicted)
  const sign = predictor.calibration.higherIsBetter ? 1 : -1
  const ranking = [...predicted.keys()].sort((a, b) => sign * (predicted[b] - predicted[a]) || a - b)
  return { ...verdicts, ranking, kernelMs, totalMs: performance.now() - started }
}

export interface ModelFilter {
  active?: boolean | null | undefined
  algorithm?: string[] | null | undefined
  objective?: string[] | null | undefined
  alias?: string | null | undefined
}

export async function findModel(ctx: AppContext, id: string): Promise<ModelInfo | null> {
  const [row] = await ctx.db.select(info).from(models).where(eq(models.id, id))
  return row ?? null
}

export async function getModel(ctx: AppContext, id: string): Promise<ModelInfo> {
  const row = await findModel(ctx, id)
  if (!row) throw noSuchModel(id)
  return row
}

function noSuchModel(id: string): NotFoundError {
  return new NotFoundError('model', id, 'Query.models lists those there are.')
}

export async function listModels(ctx: AppContext, filter: ModelFilter, slice: Slice): Promise<ModelInfo[]> {
  const order = {
    value: models.createdAt,
    type: 'timestamptz',
    id: models.id,
    idType: 'text',
    direction: 'DESC',
  } as const
  const { where, orderBy } = keyset(slice, order)
  return ctx.db
    .select(info)
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
