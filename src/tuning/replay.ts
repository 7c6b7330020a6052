import { eq } from 'drizzle-orm'
import { METRIC_NAMES } from '../backtest/metrics.ts'
import type { AppContext } from '../context.ts'
import { ConflictError } from '../errors.ts'
import { models } from '../models/table.ts'
import { checkCandles, openJobCandles } from './candles.ts'
import { joined } from './checkpoint.ts'
import { pack } from './packed.ts'
import { tune, withoutFans, type Outcome } from './pipeline.ts'
import { readSamples, type SampleRow } from './sample-store.ts'
import { getTuningJob } from './service.ts'
import { settingsOf } from './settings.ts'
import type { TuningJobRow } from './table.ts'

/** A stored job beside the same job run again. */
export interface Replay {
  jobId: string
  /** SHA-256 over samples, model and verdict, as stored and as it came out now */
  storedDigest: string
  digest: string
  same: boolean
  /** null: it is no longer stored, so there is nothing to compare with */
  parts: { name: 'samples' | 'model' | 'predictions' | 'verdict'; same: boolean | null }[]
  durationMs: number
}

/**
 * Run a completed job again from what is stored of its question (settings, seed, the ledger's numbers, candles) and
 * compare the bits. Nothing is written, and the ledger counts nothing: the same question tries nothing new.
 *
 * @throws NotFoundError   no such job
 * @throws ConflictError   it is not completed
 * @throws ValidationError its candles are gone
 */
export async function replayTuningJob(
  ctx: AppContext,
  id: string,
  options: { signal?: AbortSignal; progress?: (phase: string, done: number, total: number) => void } = {},
): Promise<Replay> {
  const job = await getTuningJob(ctx, id)
  if (job.status !== 'COMPLETED' || !job.resultDigest) {
    throw new ConflictError(`Job ${job.name} (${id}) is ${job.status}. Only a COMPLETED job can be replayed.`)
  }
  const started = performance.now()
  using open = await openJobCandles(ctx, job)
  checkCandles(open.dataSet, job)
  const outcome = await tune(ctx.engine, open.dataSet, settingsOf(job), {
    signal: options.signal ?? new AbortController().signal,
    progress: options.progress ?? (() => {}),
    finished: async () => new Float64Array(),
    save: async () => {},
  })
  return {
    jobId: id,
    storedDigest: job.resultDigest,
    digest: outcome.digest,
    same: outcome.digest === job.resultDigest,
    parts: await compare(ctx, job, outcome),
    durationMs: performance.now() - started,
  }
}

async function compare(ctx: AppContext, job: TuningJobRow, outcome: Outcome): Promise<Replay['parts']> {
  const rows = await readSamples(ctx.db, job.id)
  const [model] = job.modelId ? await ctx.db.select().from(models).where(eq(models.id, job.modelId)) : []
  const { learned } = outcome
  const predicted = rows.map((row) => row.predicted)
  const now = rows.map((_, at) => finite(learned ? learned.predicted[at] : NaN))
  return [
    { name: 'samples', same: rows.length > 0 ? sameSamples(rows, outcome) : null },
    { name: 'model', same: model ? equal(model.artifact, learned?.model.toBytes() ?? new Uint8Array()) : null },
    { name: 'predictions', same: rows.length > 0 ? predicted.every((value, at) => value === now[at]) : null },
    { name: 'verdict', same: canonical(withoutFans(job.result!)) === canonical(withoutFans(outcome.result)) },
  ]
}

function sameSamples(stored: readonly SampleRow[], { samples: { count, rows, metrics } }: Outcome): boolean {
  if (metrics.length !== count * METRIC_NAMES.length || stored.length !== count) return false
  const now = joined(rows, metrics, rows.length / count)
  const size = now.length / count
  return stored.every(({ values }, at) => equal(pack(values), pack(now.subarray(at * size, (at + 1) * size))))
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((value, at) => value === b[at])
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null
}

/** The database does not keep the order of keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}
