import { and, eq, inArray, sql } from 'drizzle-orm'
import { METRIC_NAMES } from '../backtest/metrics.ts'
import type { AppContext } from '../context.ts'
import type { Database, Transaction } from '../db.ts'
import { DomainError, ValidationError } from '../errors.ts'
import { announce } from '../events.ts'
import { periodQuality, qualityGate } from '../market/quality.ts'
import { storeModel } from '../models/service.ts'
import type { Delivery } from '../queue/queue.ts'
import { showTime, windowOf } from '../backtest/period.ts'
import type { Candles } from '../engine/candles.ts'
import type { JobError, JobPhase } from './job.ts'
import { tune, type Hooks, type Outcome } from './pipeline.ts'
import { pack, unpack } from './packed.ts'
import { ProgressMeter, type ProgressState } from './progress.ts'
import { jobCandles, JOB_TOPIC, nextRevision, settingsOf, TUNING_QUEUE } from './service.ts'
import { samples, tuningJobs, type TuningJobRow } from './table.ts'

interface Message {
  jobId: string
}

/** Progress is written this often at most. */
const PROGRESS_MS = 200

/** The job is no longer this worker's: cancelled, deleted, or handed to another after this one seemed dead. */
class LostJob extends Error {}

/** Take jobs from the queue, one at a time, until the queue stops. */
export async function startWorker(ctx: AppContext): Promise<void> {
  await ctx.queue.declare(TUNING_QUEUE)
  await ctx.queue.work<Message>(
    TUNING_QUEUE,
    (delivery) => work(ctx, delivery),
    ({ jobId }) => bury(ctx, jobId),
  )
}

/** Work on one delivery. What it writes is guarded by the attempt number: a worker that lost its job changes nothing. */
async function work(ctx: AppContext, delivery: Delivery<Message>): Promise<void> {
  const job = await claim(ctx, delivery.data.jobId)
  if (!job) return
  const run = new JobRun(ctx, job, delivery)
  try {
    await run.toTheEnd()
  } catch (error) {
    await run.giveUp(error)
  } finally {
    await run.letGo()
  }
}

/** Make the job ours; null where it is cancelled, done or gone. */
async function claim(ctx: AppContext, id: string): Promise<TuningJobRow | null> {
  return ctx.db.transaction(async (tx) => {
    const [row] = await tx
      .update(tuningJobs)
      .set({
        status: 'RUNNING',
        phase: 'LOADING',
        attempt: sql`${tuningJobs.attempt} + 1`,
        startedAt: sql`coalesce(${tuningJobs.startedAt}, now())`,
        error: null,
        ...nextRevision,
      })
      .where(and(eq(tuningJobs.id, id), inArray(tuningJobs.status, ['PENDING', 'RUNNING'])))
      .returning()
    if (row) await announce(tx, JOB_TOPIC, id)
    return row ?? null
  })
}

/** A job whose workers died each time. */
async function bury(ctx: AppContext, id: string): Promise<void> {
  const error: JobError = {
    code: 'JOB_CRASHED',
    message:
      'The worker died each time it ran this job. Try a smaller sample count or a shorter period, and look at the log.',
    phase: 'QUEUED',
    retryable: true,
  }
  await ctx.db.transaction(async (tx) => {
    await tx
      .update(tuningJobs)
      .set({ status: 'FAILED', error, etaMs: null, finishedAt: sql`now()`, ...nextRevision })
      .where(and(eq(tuningJobs.id, id), inArray(tuningJobs.status, ['PENDING', 'RUNNING'])))
    await announce(tx, JOB_TOPIC, id)
  })
}

/** One attempt at one job. */
class JobRun {
  readonly #ctx: AppContext
  readonly #job: TuningJobRow
  readonly #delivery: Delivery<Message>
  readonly #lost = new AbortController()
  readonly #signal: AbortSignal
  readonly #events: AsyncIterableIterator<string>
  readonly #meter = new ProgressMeter(() => performance.now())
  #state: ProgressState | undefined
  #phase: JobPhase = 'LOADING'
  #lastWrite = 0
  #writing: Promise<unknown> = Promise.resolve()

  constructor(ctx: AppContext, job: TuningJobRow, delivery: Delivery<Message>) {
    this.#ctx = ctx
    this.#job = job
    this.#delivery = delivery
    this.#signal = AbortSignal.any([delivery.signal, this.#lost.signal])
    this.#events = ctx.events.subscribe(JOB_TOPIC, job.id)
    void this.#watch()
  }

  async toTheEnd(): Promise<void> {
    const { id, name } = this.#job
    const log = this.#ctx.log.child({ job: id, attempt: this.#job.attempt })
    log.info({ name }, 'job started')
    this.#progress('LOADING', 0, 1)
    const candles = await jobCandles(this.#ctx, this.#job)
    const warnings = this.#checkCandles(candles)
    const hooks: Hooks = {
      signal: this.#signal,
      progress: (phase, done, total) => this.#progress(phase, done, total),
      finished: () => this.#finishedSamples(),
      save: (from, rows, metrics) => this.#saveSamples(from, rows, metrics),
    }
    const outcome = await tune(this.#ctx.engine, candles, settingsOf(this.#job), hooks)
    await this.#writing
    await this.#complete({ ...outcome, warnings: [...warnings, ...outcome.warnings] })
    log.info({ score: outcome.result.readiness.score, digest: outcome.digest }, 'job finished')
  }

  /** Decide what a failure means: nothing (the job is another's), later, or for good. */
  async giveUp(error: unknown): Promise<void> {
    await this.#writing.catch(() => {})
    if (error instanceof LostJob || this.#lost.signal.aborted) return
    const { db, queue, log } = this.#ctx
    const { id } = this.#job
    if (queue.stopping) {
      await db.transaction(async (tx) => {
        if (await this.#update(tx, { status: 'PENDING', phase: 'QUEUED', etaMs: null })) {
          await queue.send(tx, TUNING_QUEUE, { jobId: id })
        }
      })
      return
    }
    const expected = error instanceof DomainError
    const jobError: JobError = {
      code: expected ? error.code : 'INTERNAL',
      message: expected ? error.message : 'Unexpected error. The log has the details under the id of this job.',
      phase: this.#phase,
      retryable: !expected,
    }
    if (!expected) log.error({ job: id, err: error }, 'job attempt failed')
    if (expected || this.#delivery.lastAttempt) {
      await this.#update(db, { status: 'FAILED', error: jobError, etaMs: null, finishedAt: sql`now()` })
      return
    }
    await this.#update(db, { status: 'PENDING', phase: 'QUEUED', error: jobError, etaMs: null })
    throw error
  }

  async letGo(): Promise<void> {
    await this.#events.return?.()
  }

  /** Look at the row whenever it changes: a cancel, or a newer attempt, ends this one. */
  async #watch(): Promise<void> {
    for await (const _ of this.#events) {
      const [row] = await this.#ctx.db
        .select({ status: tuningJobs.status, attempt: tuningJobs.attempt })
        .from(tuningJobs)
        .where(eq(tuningJobs.id, this.#job.id))
      if (row?.status === 'RUNNING' && row.attempt === this.#job.attempt) continue
      this.#lost.abort(new LostJob(`Job ${this.#job.id} is no longer ours.`))
      return
    }
  }

  #checkCandles(candles: Candles): string[] {
    const { training, test, timeframeMs } = settingsOf(this.#job)
    return Object.entries({ trainingPeriod: training, testPeriod: test }).flatMap(([name, period]) => {
      const { start, end } = windowOf(candles.openTime, period, 0)
      if (start === end) {
        throw ValidationError.at(
          name,
          `There are no candles from ${showTime(period.from)} to ${showTime(period.to)}. Choose another period.`,
        )
      }
      const quality = periodQuality(candles.openTime.subarray(start, end), timeframeMs, period.from, period.to)
      const { verdict, reason } = qualityGate(quality)
      if (verdict === 'REFUSE' && !this.#job.allowGaps) throw ValidationError.at(name, reason!)
      return reason ? [`${name}: ${reason}`] : []
    })
  }

  #progress(phase: JobPhase, done: number, total: number): void {
    const changed = phase !== this.#phase
    this.#phase = phase
    this.#state = this.#meter.step(phase, done, total)
    const now = performance.now()
    if (!changed && now - this.#lastWrite < PROGRESS_MS) return
    this.#lastWrite = now
    this.#writing = this.#writing
      .then(() =>
        this.#update(this.#ctx.db, {
          ...this.#state!,
          fraction: sql`greatest(${tuningJobs.fraction}, ${this.#state!.fraction}::double precision)`,
        }),
      )
      .catch((error: unknown) => this.#ctx.log.warn({ job: this.#job.id, err: error }, 'progress was not written'))
  }

  /** Metrics that an earlier attempt has left behind, as far as they are without a hole. */
  async #finishedSamples(): Promise<Float64Array> {
    const rows = await this.#ctx.db
      .select({ index: samples.index, packed: samples.packed })
      .from(samples)
      .where(eq(samples.jobId, this.#job.id))
      .orderBy(samples.index)
    const gapless = rows.filter(({ index }, at) => index === at)
    const metrics = new Float64Array(gapless.length * METRIC_NAMES.length)
    const width = this.#job.strategy.parameterSpace.length
    gapless.forEach(({ packed }, at) => metrics.set(unpack(packed).subarray(width), at * METRIC_NAMES.length))
    return metrics
  }

  async #saveSamples(from: number, rows: Float64Array, metrics: Float64Array): Promise<void> {
    const count = metrics.length / METRIC_NAMES.length
    const width = rows.length / count
    const tradeCount = METRIC_NAMES.indexOf('tradeCount')
    const values = Array.from({ length: count }, (_, at) => {
      const own = metrics.subarray(at * METRIC_NAMES.length, (at + 1) * METRIC_NAMES.length)
      return {
        jobId: this.#job.id,
        index: from + at,
        tradeCount: own[tradeCount]!,
        packed: pack(rows.subarray(at * width, (at + 1) * width), own),
      }
    })
    this.#signal.throwIfAborted()
    await this.#ctx.db.insert(samples).values(values).onConflictDoNothing()
  }

  /** The model, the samples' part in it, and the verdict: all of it or nothing, and only while the job is ours. */
  async #complete({ samples: drawn, learned, result, warnings, digest }: Outcome): Promise<void> {
    const job = this.#job
    await this.#ctx.db.transaction(async (tx) => {
      const model = learned
        ? await storeModel(tx, {
            name: job.name,
            algorithm: job.algorithm,
            objective: job.objective,
            jobId: job.id,
            strategyId: job.strategyId,
            marketId: job.marketId,
            strategy: job.strategy,
            features: job.features,
            featureNames: learned.featureNames,
            hyperparameters: { ...learned.model.hyperparameters },
            training: learned.training,
            validation: learned.validation,
            test: learned.test,
            calibration: learned.calibration,
            artifact: learned.model.toBytes(),
          })
        : null
      const parts: ('TRAIN' | 'VALIDATION' | 'TEST' | 'NONE')[] = Array.from({ length: drawn.count }, () => 'NONE')
      learned?.split.train.forEach((at) => (parts[at] = 'TRAIN'))
      learned?.split.validation.forEach((at) => (parts[at] = 'VALIDATION'))
      learned?.split.test.forEach((at) => (parts[at] = 'TEST'))
      const verdicts = parts.map((split, index) => ({
        index,
        split,
        objective: finiteOrNull(drawn.objective[index]!),
        predicted: learned ? finiteOrNull(learned.predicted[index]!) : null,
      }))
      await tx.execute(sql`
        update samples set split = v.split, objective = v.objective, predicted = v.predicted
        from jsonb_to_recordset(${JSON.stringify(verdicts)}::text::jsonb)
          as v(index integer, split text, objective double precision, predicted double precision)
        where samples.job_id = ${job.id} and samples.index = v.index`)
      const ours = await this.#update(tx, {
        status: 'COMPLETED',
        phase: 'FINISHED',
        done: 1,
        total: 1,
        fraction: 1,
        etaMs: 0,
        finishedAt: sql`now()`,
        result,
        warnings,
        resultDigest: digest,
        modelId: model?.id ?? null,
        score: result.readiness.score,
        productionReady: result.readiness.productionReady,
      })
      if (!ours) throw new LostJob(`Job ${job.id} is no longer ours.`)
    })
  }

  /** @returns false where the job is no longer this attempt's */
  async #update(tx: Database | Transaction, values: Record<string, unknown>): Promise<boolean> {
    const { id, attempt } = this.#job
    const changed = await tx
      .update(tuningJobs)
      .set({ ...values, ...nextRevision })
      .where(and(eq(tuningJobs.id, id), eq(tuningJobs.attempt, attempt), eq(tuningJobs.status, 'RUNNING')))
      .returning({ id: tuningJobs.id })
    if (changed.length > 0) await announce(tx, JOB_TOPIC, id)
    return changed.length > 0
  }
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null
}
