import { noteTried } from '../backtest/tried.ts'
import type { AppContext } from '../context.ts'
import { ConflictError, ValidationError, type FieldError } from '../errors.ts'
import { loadModel } from '../models/service.ts'
import { triedBy } from './ledger.ts'
import { openJobCandles } from './candles.ts'
import { Evaluator } from './evaluator.ts'
import type { Candidate } from './job.ts'
import { CANDIDATES, search } from './search.ts'
import { getTuningJob } from './service.ts'
import { settingsOf } from './settings.ts'
import type { TuningJobRow } from './table.ts'

export interface OptimalSearch {
  candidates: Candidate[]
  evaluated: number
  totalMs: number
}

export interface OptimalSearchInput {
  jobId: string
  /** to be scored */
  candidates: number
  /** to be returned */
  top: number
  /** the job's own where not given, and then the search is the job's own */
  seed?: number | null | undefined
  /** backtest the best, and leave out what breaks the job's risk limits */
  verify: boolean
}

const MAX_SEARCHED = 10 * CANDIDATES
const MAX_TOP = 100

/**
 * Search a finished job's space anew with its model. What it backtests counts as tried; nothing else is stored.
 *
 * @throws NotFoundError   no such job
 * @throws ConflictError   it has no model
 * @throws ValidationError more than is allowed is asked for
 */
export async function findOptimal(ctx: AppContext, input: OptimalSearchInput): Promise<OptimalSearch> {
  const started = performance.now()
  const problems = [...range('candidates', input.candidates, MAX_SEARCHED), ...range('top', input.top, MAX_TOP)]
  if (problems.length > 0) throw new ValidationError(problems)
  const job = await getTuningJob(ctx, input.jobId)
  if (!job.modelId) throw noModel(job)
  const settings = settingsOf(job)
  const { predictor, strategy } = await loadModel(ctx, job.modelId)
  using open = input.verify ? await openJobCandles(ctx, job) : null
  const evaluator = open && new Evaluator(ctx.engine, open.dataSet, settings)
  const options = { candidates: input.candidates, top: input.top, seed: input.seed ?? job.seed }
  const found = await search(strategy, evaluator, predictor, settings, options)
  await noteTried(ctx.db, triedBy(job, found.tried.rows))
  return { ...found, totalMs: performance.now() - started }
}

function noModel({ id, name, status }: TuningJobRow): ConflictError {
  const remedy = status === 'COMPLETED' ? 'Its warnings say why it learned nothing.' : 'Only a COMPLETED job has one.'
  return new ConflictError(`Job ${name} (${id}) is ${status} and has no model to search with. ${remedy}`)
}

function range(name: string, value: number, high: number): FieldError[] {
  if (Number.isInteger(value) && value >= 1 && value <= high) return []
  return [{ path: [name], message: `${value} is not allowed: a whole number from 1 to ${high}.` }]
}
