import { and, arrayContains, count, eq, getColumns, inArray, max, sql, type SQL } from 'drizzle-orm'
import type { AppContext } from '../context.ts'
import type { Transaction } from '../db.ts'
import { NotFoundError } from '../errors.ts'
import { newId } from '../ids.ts'
import { lowerBound } from '../market/range.ts'
import { keyset, type Slice } from '../paging.ts'
import { arrangeCandidates, type CandidateMatrix } from './candidate-matrix.ts'
import { checksumOf, openModel, type OpenModel } from './download.ts'
import type { Verdicts } from './predictor.ts'
import { models, type ModelRow } from './table.ts'

/** A stored model, ready to predict from raw parameters. */
export interface LoadedModel extends OpenModel {
  row: ModelRow
}

/** A model as lists show it: all but what a prediction needs, which may be megabytes. */
export type ModelInfo = Omit<ModelRow, 'artifact' | 'calibration'>

const { artifact: _, calibration: __, ...columns } = getColumns(models)

/** The columns of a `ModelInfo`. */
export const modelInfo = columns

export type NewModel = Omit<
  ModelRow,
  'id' | 'version' | 'saved' | 'active' | 'aliases' | 'checksum' | 'sizeBytes' | 'createdAt'
>

/** Store a model with its checksum, as the next version of its name. */
export async function storeModel(tx: Transaction, model: NewModel): Promise<ModelRow> {
  const [row] = await tx
    .insert(models)
    .values({
      ...model,
      id: newId('model'),
      version: await nextVersion(tx, model.name),
      checksum: checksumOf(model.artifact),
      sizeBytes: model.artifact.byteLength,
    })
    .returning()
  return row
}

/** The version that the next model of a name gets; others who ask wait until this transaction ends. */
export async function nextVersion(tx: Transaction, name: string): Promise<number> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`)
  const [latest] = await tx
    .select({ version: max(models.version) })
    .from(models)
    .where(eq(models.name, name))
  return (latest?.version ?? 0) + 1
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
  const entry = { row, ...openModel(row) }
  loaded.delete(id)
  loaded.set(id, entry)
  if (loaded.size > KEPT) loaded.delete(loaded.keys().next().value!)
  return entry
}

export interface CandidateScores extends Verdicts {
  /** indices of the rows, best first, by the model's own word */
  ranking: Int32Array
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
  return { ...verdicts, ranking: rankingOf(predicted, sign), kernelMs, totalMs: performance.now() - started }
}

/** @param sign 1: higher is better, −1: lower @returns i32[rows], best first; of equal ones the first */
export function rankingOf(values: Float64Array, sign: number): Int32Array {
  const worst = values.map((value) => -sign * value)
  const sorted = worst.toSorted() // numbers, without a function for every two of them
  const taken = new Int32Array(values.length)
  const ranking = new Int32Array(values.length)
  for (let row = 0; row < values.length; row++) {
    const first = lowerBound(sorted, worst[row])
    ranking[first + taken[first]++] = row
  }
  return ranking
}

export interface ModelFilter {
  active?: boolean | null | undefined
  algorithm?: string[] | null | undefined
  objective?: string[] | null | undefined
  alias?: string | null | undefined
}

export async function findModel(ctx: AppContext, id: string): Promise<ModelInfo | null> {
  const [row] = await ctx.db.select(modelInfo).from(models).where(eq(models.id, id))
  return row ?? null
}

export async function getModel(ctx: AppContext, id: string): Promise<ModelInfo> {
  const row = await findModel(ctx, id)
  if (!row) throw noSuchModel(id)
  return row
}

export function noSuchModel(id: string): NotFoundError {
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
    .select(modelInfo)
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
