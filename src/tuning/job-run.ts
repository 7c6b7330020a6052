import { sql } from 'drizzle-orm'
import type { AppContext } from '../context.ts'
import type { Transaction } from '../db.ts'
import { isOutage, outlasting } from '../outage.ts'
import type { Delivery } from '../queue/queue.ts'
import type { Attempt } from './attempt.ts'
import { shareBacktests, type Sharing } from './blocks.ts'
import { checkCandles, openJobCandles } from './candles.ts'
import { finishedSamples, saveSamples } from './checkpoint.ts'
import { complete } from './completion.ts'
import { phasesMs } from './estimate.ts'
import { explain, FAILED, isExpected } from './failure.ts'
import type { JobError, JobPhase } from './job.ts'
import { tune, type Hooks } from './pipeline.ts'
import { ProgressMeter, type ProgressState } from './progress.ts'
import { ProgressWriter } from './progress-writer.ts'
import { enqueue, JOB_TOPIC, TUNING_QUEUE, type TuningMessage } from './service.ts'
import { settingsOf } from './settings.ts'
import { tuningJobs } from './table.ts'

/** A disk that is full lets small things be written, and fails again at once. */
const WAIT_FOR_DATABASE_S = 2

/** One attempt at one job, from the candles to the verdict or to the decision what its failure means. */
export class JobRun {
  readonly #ctx: AppContext
  readonly #attempt: Attempt
  readonly #delivery: Delivery<TuningMessage>
  readonly #signal: AbortSignal
  readonly #changes: AsyncIterableIterator<string>
  readonly #meter: ProgressMeter
  readonly #progress = new ProgressWriter(
    (state) => this.#writeProgress(state),
    () => performance.now(),
  )
  #phase: JobPhase = 'LOADING'

  constructor(ctx: AppContext, attempt: Attempt, delivery: Delivery<TuningMessage>) {
    this.#ctx = ctx
    this.#attempt = attempt
    this.#delivery = delivery
    const plan = phasesMs(settingsOf(attempt.job), ctx.engine.threads)
    this.#meter = new ProgressMeter(() => performance.now(), plan)
    this.#signal = AbortSignal.any([delivery.signal, attempt.lost])
    this.#changes = ctx.events.subscribe(JOB_TOPIC, attempt.job.id)
  }

  async toTheEnd(): Promise<void> {
    const { engine, log } = this.#ctx
    const { job } = this.#attempt
    const watching = this.#watch()
    try {
      log.info({ job: job.id, attempt: job.attempt, name: job.name }, 'job started')
      this.#step('LOADING', 0, 1)
      using open = await openJobCandles(this.#ctx, job)
      const warnings = checkCandles(open.dataSet, job)
      const outcome = await tune(engine, open.dataSet, settingsOf(job), this.#hooks())
      await this.#progress.flush()
      await complete(this.#attempt, { ...outcome, warnings: [...warnings, ...outcome.warnings] })
      log.info({ job: job.id, score: outcome.result.readiness.score, digest: outcome.digest }, 'job finished')
    } catch (error) {
      await this.#progress.flush()
      await this.#giveUp(error)
    } finally {
      await this.#changes.return?.()
      await watching
    }
  }

  #hooks(): Hooks {
    return {
      signal: this.#signal,
      progress: (phase, done, total) => this.#step(phase, done, total),
      finished: () => finishedSamples(this.#attempt),
      save: (from, rows, metrics) => saveSamples(this.#attempt, from, rows, metrics),
      share: (work) => this.#share(work),
    }
  }

  /** Others can only help where they reach the same database. */
  #share(work: Sharing): Promise<Float64Array> | null {
    const { config, storage } = this.#ctx
    const size = work.bars * (work.rows.length / this.#attempt.job.strategy.parameterSpace.length)
    if (storage.engine.kind === 'embedded' || size < config.shareFrom) return null
    return shareBacktests(this.#ctx, this.#attempt, work)
  }

  /**
   * What a failure means: nothing, where the job is no longer ours; a pause, where the service stops or the database is
   * away or full; the end, where trying again would fail again; else another try.
   *
   * @throws the error, so that the queue delivers the job again
   */
  async #giveUp(error: unknown): Promise<void> {
    const { log, queue } = this.#ctx
    const { job, lost } = this.#attempt
    if (lost.aborted) return
    if (queue.stopping) return this.#release()
    if (this.#delivery.signal.aborted) throw error // the queue has taken the message away and sees to the rest

    const jobError = explain(error, this.#phase)
    if (isOutage(error)) {
      log.warn({ job: job.id, attempt: job.attempt, err: error }, 'job waits for the database')
      return this.#release(jobError)
    }
    const expected = isExpected(error)
    if (!expected) log.error({ job: job.id, attempt: job.attempt, err: error }, 'job attempt failed')
    if (expected || this.#delivery.lastAttempt) {
      return this.#leave({ ...FAILED, error: jobError })
    }
    await this.#leave({ status: 'PENDING', phase: 'QUEUED', error: jobError })
    throw error
  }

  /**
   * Back into the queue as if new: whoever takes it up goes on from the last checkpoint. The message that we hold may
   * have been given to somebody else while the database was away; there is to be one.
   */
  async #release(error: JobError | null = null): Promise<void> {
    const { id } = this.#attempt.job
    await this.#leave({ status: 'PENDING', phase: 'QUEUED', error }, async (tx) => {
      await this.#ctx.queue.withdraw(tx, TUNING_QUEUE, id)
      await enqueue(this.#ctx, tx, id, { startAfter: error ? WAIT_FOR_DATABASE_S : 0 })
    })
  }

  /**
   * The last that this attempt writes, as soon as the database lets it.
   *
   * @param also what is to be done with it, or not at all
   */
  async #leave(values: Record<string, unknown>, also?: (tx: Transaction) => Promise<void>): Promise<void> {
    await outlasting(this.#delivery.signal, () =>
      this.#ctx.db.transaction(async (tx) => {
        if (await this.#attempt.update(tx, { ...values, etaMs: null })) await also?.(tx)
      }),
    )
  }

  /** Look at the row whenever it changes: a cancel, or a newer attempt, ends this one. */
  async #watch(): Promise<void> {
    for await (const id of this.#changes) {
      try {
        await this.#attempt.check()
      } catch (error) {
        this.#ctx.log.warn({ job: id, err: error }, 'could not see whether the job is still wanted')
      }
    }
  }

  #step(phase: JobPhase, done: number, total: number): void {
    this.#phase = phase
    this.#progress.offer(this.#meter.step(phase, done, total))
  }

  async #writeProgress(state: ProgressState): Promise<void> {
    try {
      const fraction = sql`greatest(${tuningJobs.fraction}, ${state.fraction}::double precision)`
      await this.#attempt.update(this.#ctx.db, { ...state, fraction })
    } catch (error) {
      this.#ctx.log.warn({ job: this.#attempt.job.id, err: error }, 'progress was not written')
    }
  }
}
