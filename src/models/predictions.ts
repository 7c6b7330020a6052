import { and, count, eq, isNotNull, isNull, sql, type SQL } from 'drizzle-orm'
import { metricsOf, objectiveValue, type Objective } from '../backtest/metrics.ts'
import { showTime, windowOf } from '../backtest/period.ts'
import { noteTried } from '../backtest/tried.ts'
import type { AppContext } from '../context.ts'
import { DomainError, NotFoundError, ValidationError } from '../errors.ts'
import { newId } from '../ids.ts'
import { loadCandles } from '../market/service.ts'
import { TIMEFRAMES, type Timeframe } from '../market/timeframe.ts'
import { keyset, type Slice } from '../paging.ts'
import { toParameters, toRow } from '../strategy/parameter-space.ts'
import { INTERVAL_LEVEL } from './confidence.ts'
import { labelOf, noModelOf } from './lifecycle.ts'
import { reliability, type Reliability } from './reliability.ts'
import { loadModel, modelInfo, type LoadedModel, type ModelInfo } from './service.ts'
import { models, predictions, type PredictionRow } from './table.ts'

/**
 * Predict the objective of one parameter set and keep the prediction, so that it can be verified later.
 *
 * @throws NotFoundError   no such model
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

/** Which model is to predict: by its own id, by the job that made it, or neither of them. */
export interface ModelChoice {
  modelId?: string | null | undefined
  jobId?: string | null | undefined
}

/**
 * As `predict`, with the model named by itself, by the job that made it, or not at all: then the active champion
 * answers, or the active model where none is a champion.
 *
 * @throws ValidationError both are named; neither, and it is not clear which model is meant
 */
export async function predictWith(
  ctx: AppContext,
  { modelId, jobId }: ModelChoice,
  parameters: Record<string, number>,
): Promise<PredictionRow> {
  if (modelId && jobId) throw ValidationError.at('modelId', 'Give either modelId or jobId, not both.')
  if (modelId) return predict(ctx, modelId, parameters)
  return predict(ctx, jobId ? await modelOfJob(ctx, jobId) : await modelInCharge(ctx), parameters)
}

async function modelOfJob(ctx: AppContext, jobId: string): Promise<string> {
  const [model] = await ctx.db.select({ id: models.id }).from(models).where(eq(models.jobId, jobId))
  if (!model) throw noModelOf(jobId)
  return model.id
}

async function modelInCharge(ctx: AppContext): Promise<string> {
  const active = await ctx.db.select(modelInfo).from(models).where(eq(models.active, true))
  const champions = active.filter(({ aliases }) => aliases.includes('champion'))
  const known = champions.length > 0 ? champions : active
  if (known.length === 1) return known[0].id
  const found = known.length === 0 ? 'no model is active' : `${known.length} models are: ${listed(known)}`
  throw ValidationError.at('modelId', `Without modelId and jobId the one active model answers, but ${found}.`)
}

function listed(some: ModelInfo[]): string {
  const shown = some.slice(0, 5).map((model) => `${labelOf(model)} (${model.id})`)
  return [...shown, ...(some.length > 5 ? ['…'] : [])].join(', ')
}

/**
 * Backtest what was predicted, as the samples were that the model learned from: it counts as tried on the market. A
 * second call changes nothing, and of
 * concurrent ones each gives the same answer.
 *
 * @throws NotFoundError no such prediction
 * @throws DomainError   NOT_ENOUGH_DATA: the candles of the period are no longer there
 */
export async function verifyPrediction(ctx: AppContext, id: string): Promise<PredictionRow> {
  const prediction = await findPrediction(ctx, id)
  if (!prediction) throw new NotFoundError('prediction', id, 'Query.predictions lists those there are.')
  if (prediction.verifiedAt) return prediction
  const actualValue = await measure(ctx, await loadModel(ctx, prediction.modelId), prediction.parameters)
  const [verified] = await ctx.db
    .update(predictions)
    .set({ actualValue, verifiedAt: sql`now()` })
    .where(and(eq(predictions.id, id), isNull(predictions.verifiedAt)))
    .returning()
  return verified ?? verifyPrediction(ctx, id)
}

/** @returns the model's objective, really backtested; null where it is not defined, as without trades */
async function measure(
  ctx: AppContext,
  { row: { evaluation, marketId, objective }, strategy }: LoadedModel,
  parameters: Record<string, number>,
): Promise<number | null> {
  const { period, execution } = evaluation
  const timeframe = evaluation.timeframe as Timeframe
  const { warmupBars, program } = strategy
  const candles = await loadCandles(ctx, marketId, { ...period, timeframe, warmupBars })
  const window = windowOf(candles.openTime, period, warmupBars)
  if (window.start >= window.end) {
    const span = `from ${showTime(period.from)} to ${showTime(period.to)}`
    throw new DomainError(
      'NOT_ENOUGH_DATA',
      `The market has no ${timeframe} candles ${span} any more. Import them again.`,
    )
  }
  const dataSet = ctx.engine.dataSet(candles, TIMEFRAMES[timeframe])
  const batch = strategy.bind(toRow(strategy.definition.parameterSpace, parameters))
  const metrics = await ctx.engine.backtest({ dataSet, program, batch, settings: execution, window })
  const { definition } = strategy
  await noteTried(ctx.db, { marketId, strategy: definition, timeframeMs: TIMEFRAMES[timeframe], sets: [parameters] })
  return objectiveValue(objective as Objective, metricsOf(metrics))
}

/** With fewer verified predictions a reliability table would say more about chance than about the model. */
export const MIN_VERIFIED = 30

/** What became of the verified predictions of a model; each parameter set counts once. */
export interface TrackRecord {
  verified: number
  /** share of those with an actual value that fell inside their interval; null without any */
  coverage: number | null
  /** null below `MIN_VERIFIED` */
  reliability: Reliability | null
}

export async function trackRecord(ctx: AppContext, modelId: string): Promise<TrackRecord> {
  const [model] = await ctx.db.select({ calibration: models.calibration }).from(models).where(eq(models.id, modelId))
  const rows = await ctx.db
    .selectDistinctOn([predictions.parameters])
    .from(predictions)
    .where(and(eq(predictions.modelId, modelId), isNotNull(predictions.verifiedAt)))
    .orderBy(predictions.parameters, predictions.createdAt, predictions.id)
  const known = rows.filter(({ actualValue }) => actualValue !== null)
  const inside = known.filter(({ actualValue, low, high }) => actualValue! >= low && actualValue! <= high)
  const { reference, higherIsBetter } = model.calibration
  const reached = ({ actualValue }: PredictionRow): boolean =>
    actualValue !== null && (higherIsBetter ? actualValue >= reference : actualValue <= reference)
  return {
    verified: rows.length,
    coverage: known.length > 0 ? inside.length / known.length : null,
    reliability:
      rows.length < MIN_VERIFIED
        ? null
        : reliability(
            Float64Array.from(rows, ({ confidence }) => confidence),
            Uint8Array.from(rows, (row) => Number(reached(row))),
          ),
  }
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
  const isVerified = verified ? isNotNull(predictions.verifiedAt) : isNull(predictions.verifiedAt)
  return and(
    modelId ? eq(predictions.modelId, modelId) : undefined,
    typeof verified === 'boolean' ? isVerified : undefined,
  )
}
