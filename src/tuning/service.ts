import { and, count, eq, gte, ilike, inArray, or, sql, type SQL } from 'drizzle-orm'
import type { AppContext } from '../context.ts'
import type { Transaction } from '../db.ts'
import { METRIC_NAMES } from '../backtest/metrics.ts'
import { ConflictError, NotFoundError, ValidationError } from '../errors.ts'
import { announce } from '../events.ts'
import { newId } from '../ids.ts'
import { loadCandles } from '../market/service.ts'
import { TIMEFRAMES, type Timeframe } from '../market/timeframe.ts'
import { getEstimator } from '../models/algorithms.ts'
import type { Algorithm } from '../models/estimator.ts'
import { loadModel } from '../models/service.ts'
import { models } from '../models/table.ts'
import { keyset, type Order, type Slice } from '../paging.ts'
import { compileStrategy } from '../strategy/plan.ts'
import { Evaluator } from './evaluator.ts'
import { checkJob, type CreateTuningJobInput } from './input.ts'
import type { Candidate, JobStatus } from './job.ts'
import { CANDIDATES, search } from './search.ts'
import type { TuningSettings } from './settings.ts'
import { samples, tuningJobs, type SampleRow, type TuningJobRow } from './table.ts'

export const TUNING_QUEUE = 'tuning'
export const JOB_TOPIC = 'tuningJob'

/**
 * Create a job and its queue message in one transaction: an answered job is never lost.
 *
 * @throws NotFoundError   no such strategy or market
 * @throws ValidationError every offending field at once
 */
export async function createTuningJob(ctx: AppContext, input: CreateTuningJobInput): Promise<TuningJobRow> {
  const { settings, market, ...job } = await checkJob(ctx, input)
  const { training, test, timeframeMs: _, ...columns } = settings
  const values: typeof tuningJobs.$inferInsert = {
    ...job,
    ...columns,
    id: newId('job'),
    marketId: market.id,
    trainingFrom: training.from,
    trainingTo: training.to,
    testFrom: test.from,
    testTo: test.to,
    createdBy: ctx.viewer.name,
  }
  await ctx.queue.declare(TUNING_QUEUE)
  return ctx.db.transaction(async (tx) => {
    const [row] = await tx.insert(tuningJobs).values(values).returning()
    await ctx.queue.send(tx, TUNING_QUEUE, { jobId: row!.id })
    await announce(tx, JOB_TOPIC, row!.id)
    return row!
  })
}

/** Stop a job that waits or runs. Exactly one of concurrent callers wins. */
export async function cancelTuningJob(ctx: AppContext, id: string): Promise<TuningJobRow> {
  return ctx.db.transaction(async (tx) => {
    const [row] = await tx
      .update(tuningJobs)
      .set({ status: 'CANCELLED', phase: 'FINISHED', etaMs: null, finishedAt: sql`now()`, ...nextRevision })
      .where(and(eq(tuningJobs.id, id), inArray(tuningJobs.status, ['PENDING', 'RUNNING'])))
      .returning()
    if (!row) throw await whyNot(tx, id, 'Only a PENDING or RUNNING job can be cancelled.')
    await announce(tx, JOB_TOPIC, id)
    return row
  })
}

/** Run failed or cancelled jobs again from the start; all of them, or none where one cannot be. */
export async function retryTuningJobs(ctx: AppContext, ids: string[]): Promise<TuningJobRow[]> {
  await ctx.queue.declare(TUNING_QUEUE)
  return ctx.db.transaction(async (tx) => {
    const rows: TuningJobRow[] = []
    for (const id of new Set(ids)) {
      const [row] = await tx
        .update(tuningJobs)
        .set({
          status: 'PENDING',
          phase: 'QUEUED',
          done: 0,
          total: 0,
          fraction: 0,
          error: null,
          warnings: [],
          startedAt: null,
          finishedAt: null,
          ...nextRevision,
        })
        .where(and(eq(tuningJobs.id, id), inArray(tuningJobs.status, ['FAILED', 'CANCELLED'])))
        .returning()
      if (!row) throw await whyNot(tx, id, 'Only a FAILED or CANCELLED job can be retried.')
      await tx.delete(samples).where(eq(samples.jobId, id))
      await ctx.queue.send(tx, TUNING_QUEUE, { jobId: id })
      await announce(tx, JOB_TOPIC, id)
      rows.push(row)
    }
    return rows
  })
}

/** Delete finished jobs with their samples and models; all of them, or none where one still runs. */
export async function deleteTuningJobs(ctx: AppContext, ids: string[]): Promise<string[]> {
  const unique = [...new Set(ids)]
  return ctx.db.transaction(async (tx) => {
    for (const id of unique) {
      const [row] = await tx
        .delete(tuningJobs)
        .where(and(eq(tuningJobs.id, id), inArray(tuningJobs.status, ['COMPLETED', 'FAILED', 'CANCELLED'])))
        .returning({ id: tuningJobs.id })
      if (!row) throw await whyNot(tx, id, 'Cancel it first.')
      await announce(tx, JOB_TOPIC, id)
    }
    if (unique.length > 0) await tx.delete(models).where(inArray(models.jobId, unique))
    return unique
  })
}

async function whyNot(tx: Transaction, id: string, remedy: string): Promise<NotFoundError | ConflictError> {
  const [row] = await tx.select().from(tuningJobs).where(eq(tuningJobs.id, id))
  if (!row) return new NotFoundError('tuning job', id, 'Query.tuningJobs lists those there are.')
  return new ConflictError(`Job ${row.name} (${id}) is ${row.status}. ${remedy}`)
}

export const nextRevision = { revision: sql`${tuningJobs.revision} + 1` }

export async function findTuningJob(ctx: AppContext, id: string): Promise<TuningJobRow | null> {
  const [row] = await ctx.db.select().from(tuningJobs).where(eq(tuningJobs.id, id))
  return row ?? null
}

export async function getTuningJob(ctx: AppContext, id: string): Promise<TuningJobRow> {
  const row = await findTuningJob(ctx, id)
  if (!row) throw new NotFoundError('tuning job', id, 'Query.tuningJobs lists those there are.')
  return row
}

export interface TuningJobFilter {
  status?: JobStatus[] | null | undefined
  algorithm?: Algorithm[] | null | undefined
  productionReady?: boolean | null | undefined
  strategyId?: string | null | undefined
  marketId?: string | null | undefined
  search?: string | null | undefined
}

export interface TuningJobOrder {
  field: 'CREATED_AT' | 'FINISHED_AT' | 'SCORE' | 'DURATION'
  direction: 'ASC' | 'DESC'
}

/** What lists are ordered by, never null: what is not known yet comes before everything. */
const JOB_ORDER: Record<TuningJobOrder['field'], { value: SQL; key: (row: TuningJobRow) => number }> = {
  CREATED_AT: {
    value: sql`(extract(epoch from ${tuningJobs.createdAt}) * 1000)::double precision`,
    key: (row) => row.createdAt.getTime(),
  },
  FINISHED_AT: {
    value: sql`coalesce(extract(epoch from ${tuningJobs.finishedAt}) * 1000, 0)::double precision`,
    key: (row) => row.finishedAt?.getTime() ?? 0,
  },
  SCORE: { value: sql`coalesce(${tuningJobs.score}, -1)`, key: (row) => row.score ?? -1 },
  DURATION: {
    value: sql`coalesce(extract(epoch from ${tuningJobs.finishedAt} - ${tuningJobs.startedAt}) * 1000, -1)::double precision`,
    key: (row) => durationMs(row) ?? -1,
  },
}

export function jobKey(row: TuningJobRow, order: TuningJobOrder): [number, string] {
  return [JOB_ORDER[order.field].key(row), row.id]
}

export async function listTuningJobs(
  ctx: AppContext,
  filter: TuningJobFilter,
  order: TuningJobOrder,
  slice: Slice,
): Promise<TuningJobRow[]> {
  const by: Order = {
    value: JOB_ORDER[order.field].value,
    type: 'double precision',
    id: tuningJobs.id,
    idType: 'text',
    direction: order.direction,
  }
  const { where, orderBy } = keyset(slice, by)
  return ctx.db
    .select()
    .from(tuningJobs)
    .where(and(jobCondition(filter), where))
    .orderBy(orderBy)
    .limit(slice.limit)
}

export async function countTuningJobs(ctx: AppContext, filter: TuningJobFilter): Promise<number> {
  const [row] = await ctx.db.select({ total: count() }).from(tuningJobs).where(jobCondition(filter))
  return row!.total
}

function jobCondition(filter: TuningJobFilter): SQL | undefined {
  const { status, algorithm, productionReady, strategyId, marketId, search: text } = filter
  const pattern = text && `%${text.replace(/[\\%_]/g, (sign) => `\\${sign}`)}%`
  return and(
    status ? inArray(tuningJobs.status, status) : undefined,
    algorithm ? inArray(tuningJobs.algorithm, algorithm) : undefined,
    typeof productionReady === 'boolean' ? eq(tuningJobs.productionReady, productionReady) : undefined,
    strategyId ? eq(tuningJobs.strategyId, strategyId) : undefined,
    marketId ? eq(tuningJobs.marketId, marketId) : undefined,
    pattern ? or(ilike(tuningJobs.name, pattern), ilike(tuningJobs.id, pattern)) : undefined,
  )
}

export function durationMs({ startedAt, finishedAt }: TuningJobRow): number | null {
  return startedAt && finishedAt ? finishedAt.getTime() - startedAt.getTime() : null
}

/** What decided the outcome of a stored job. */
export function settingsOf(row: TuningJobRow): TuningSettings {
  return {
    strategy: row.strategy,
    timeframeMs: TIMEFRAMES[row.timeframe as Timeframe],
    training: { from: row.trainingFrom, to: row.trainingTo },
    test: { from: row.testFrom, to: row.testTo },
    execution: row.execution,
    sampler: row.sampler,
    sampleCount: row.sampleCount,
    seed: row.seed,
    objective: row.objective,
    riskLimits: row.riskLimits,
    algorithm: row.algorithm as Algorithm,
    hyperparameters: row.hyperparameters,
    features: row.features,
  }
}

export interface SampleFilter {
  split?: SampleRow['split'][] | null | undefined
  minTrades?: number | null | undefined
  minObjective?: number | null | undefined
}

export interface SampleOrder {
  field: 'INDEX' | 'OBJECTIVE' | 'PREDICTED'
  direction: 'ASC' | 'DESC'
}

/** Below every number that a sample can have: null ranks last when the best come first. */
const BELOW_ALL = -1e308

export function sampleKey(row: SampleRow, order: SampleOrder): [number, string] {
  const value = { INDEX: row.index, OBJECTIVE: row.objective, PREDICTED: row.predicted }[order.field]
  return [value ?? BELOW_ALL, String(row.index)]
}

export async function listSamples(
  ctx: AppContext,
  jobId: string,
  filter: SampleFilter,
  order: SampleOrder,
  slice: Slice,
): Promise<SampleRow[]> {
  const column = { INDEX: samples.index, OBJECTIVE: samples.objective, PREDICTED: samples.predicted }[order.field]
  const by: Order = {
    value: order.field === 'INDEX' ? column : sql`coalesce(${column}, ${sql.raw(`'${BELOW_ALL}'::double precision`)})`,
    type: order.field === 'INDEX' ? 'integer' : 'double precision',
    id: samples.index,
    idType: 'integer',
    direction: order.direction,
  }
  const { where, orderBy } = keyset(slice, by)
  return ctx.db
    .select()
    .from(samples)
    .where(and(sampleCondition(jobId, filter), where))
    .orderBy(orderBy)
    .limit(slice.limit)
}

export async function countSamples(ctx: AppContext, jobId: string, filter: SampleFilter): Promise<number> {
  const [row] = await ctx.db.select({ total: count() }).from(samples).where(sampleCondition(jobId, filter))
  return row!.total
}

export async function findSample(ctx: AppContext, jobId: string, index: number): Promise<SampleRow | null> {
  const [row] = await ctx.db
    .select()
    .from(samples)
    .where(and(eq(samples.jobId, jobId), eq(samples.index, index)))
  return row ?? null
}

function sampleCondition(jobId: string, { split, minTrades, minObjective }: SampleFilter): SQL | undefined {
  return and(
    eq(samples.jobId, jobId),
    split ? inArray(samples.split, split) : undefined,
    typeof minTrades === 'number' ? gte(samples.tradeCount, minTrades) : undefined,
    typeof minObjective === 'number' ? gte(samples.objective, minObjective) : undefined,
  )
}

export interface Estimate {
  backtests: number
  bars: number
  durationMs: number
  memoryBytes: number
  warnings: string[]
}

/** Rough costs on one core of a small server; `npm run bench` measures them. */
const NS_PER_BAR_SAMPLE = 12
const FIXED_MS = 400
const FOLDS_SHARE = 0.64 // five folds of a fifth of the trees on four fifths of the rows

/** What a job would cost, without starting it. */
export async function estimateTuningJob(ctx: AppContext, input: CreateTuningJobInput): Promise<Estimate> {
  const { settings, market } = await checkJob(ctx, input)
  const { training, test, timeframeMs, sampleCount, strategy } = settings
  const compiled = compileStrategy(strategy)
  const trainingBars = Math.round((training.to - training.from) / timeframeMs)
  const testBars = Math.round((test.to - test.from) / timeframeMs)
  const bars = trainingBars + testBars
  const backtests = sampleCount + 100
  const width = strategy.parameterSpace.length
  const fitMs =
    1000 * getEstimator(settings.algorithm).estimateSeconds(0.7 * sampleCount, width + 2, settings.hyperparameters)
  const columns = new Set(compiled.program.slotCount > 0 ? compiled.bind(middle(settings)).columns : []).size
  const available = market.firstOpenTime === null ? 0 : (training.from - market.firstOpenTime) / timeframeMs
  const warnings = [
    ...(available < compiled.warmupBars
      ? [
          `The market begins less than ${compiled.warmupBars} bars before the training period: the first signals come later.`,
        ]
      : []),
    ...(sampleCount < 10 * width
      ? [`${sampleCount} samples for ${width} parameters are few; take at least ${10 * width}.`]
      : []),
    ...(testBars < 0.1 * trainingBars
      ? ['The test period is shorter than a tenth of the training period and proves little.']
      : []),
  ]
  return {
    backtests,
    bars,
    durationMs:
      FIXED_MS +
      ((sampleCount * trainingBars + 100 * bars) * NS_PER_BAR_SAMPLE) / 1e6 / ctx.config.threads +
      (fitMs * (1 + FOLDS_SHARE)) / ctx.config.threads,
    memoryBytes:
      (bars + compiled.warmupBars) * 8 * (6 + columns + 7 * ctx.config.threads) +
      sampleCount * 8 * (width + METRIC_NAMES.length),
    warnings,
  }
}

function middle({ strategy }: TuningSettings): Float64Array {
  return Float64Array.from(
    strategy.parameterSpace,
    (spec) => spec.default ?? spec.values?.[0] ?? spec.low ?? spec.mean ?? 0,
  )
}

export interface OptimalSearch {
  candidates: Candidate[]
  evaluated: number
  totalMs: number
}

/** Search a finished job's space anew with its model. */
export async function findOptimal(
  ctx: AppContext,
  input: { jobId: string; candidates: number; top: number; seed?: number | null | undefined; verify: boolean },
): Promise<OptimalSearch> {
  const started = performance.now()
  const job = await getTuningJob(ctx, input.jobId)
  if (!job.modelId) throw new ConflictError(`Job ${job.name} is ${job.status} and has no model to search with.`)
  if (input.candidates < 1 || input.candidates > 10 * CANDIDATES) {
    throw ValidationError.at('candidates', `${input.candidates} is not allowed: 1 to ${10 * CANDIDATES}.`)
  }
  if (input.top < 1 || input.top > 100) throw ValidationError.at('top', `${input.top} is not allowed: 1 to 100.`)
  const settings = settingsOf(job)
  const { predictor, strategy } = await loadModel(ctx, job.modelId)
  const evaluator = input.verify ? new Evaluator(ctx.engine, await jobCandles(ctx, job), settings) : null
  const options = { candidates: input.candidates, top: input.top, seed: input.seed ?? job.seed }
  const found = await search(strategy, evaluator, predictor, settings, options)
  return { ...found, totalMs: performance.now() - started }
}

/** Both periods of a job and what the warm-up needs before them. */
export async function jobCandles(ctx: AppContext, job: TuningJobRow) {
  const { warmupBars } = compileStrategy(job.strategy)
  const timeframe = job.timeframe as Timeframe
  return loadCandles(ctx, job.marketId, { from: job.trainingFrom, to: job.testTo, timeframe, warmupBars })
}
