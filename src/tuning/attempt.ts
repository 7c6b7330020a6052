import { and, eq } from 'drizzle-orm'
import type { AppContext } from '../context.ts'
import type { Database, Transaction } from '../db.ts'
import { announce } from '../events.ts'
import { JOB_TOPIC, nextRevision } from './service.ts'
import { tuningJobs, type TuningJobRow } from './table.ts'

/** The job is no longer this worker's: cancelled, deleted, or handed to another after this one seemed dead. */
export class LostJob extends Error {
  constructor(id: string) {
    super(`Job ${id} is no longer ours.`)
  }
}

/**
 * A worker's hold on a job. All that it writes is guarded by the number of the attempt: one that has lost its job, and
 * may not know it yet, changes nothing.
 */
export class Attempt {
  readonly job: TuningJobRow
  readonly #ctx: AppContext
  readonly #lost = new AbortController()

  constructor(ctx: AppContext, job: TuningJobRow) {
    this.#ctx = ctx
    this.job = job
  }

  /** Aborts when the job turns out to be lost. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /** Change the job, and say so. @returns false where it is lost */
  async update(tx: Database | Transaction, values: Record<string, unknown>): Promise<boolean> {
    const changed = await tx
      .update(tuningJobs)
      .set({ ...values, ...nextRevision })
      .where(this.#isOurs())
      .returning({ id: tuningJobs.id })
    if (changed.length === 0) return this.#lose()
    await announce(tx, JOB_TOPIC, this.job.id)
    return true
  }

  /**
   * Write more than the row of the job, all of it or nothing.
   *
   * @throws LostJob
   */
  async transaction<T>(write: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#ctx.db.transaction(async (tx) => {
      const [row] = await tx.select({ id: tuningJobs.id }).from(tuningJobs).where(this.#isOurs()).for('update')
      if (!row) {
        this.#lose()
        throw new LostJob(this.job.id)
      }
      return write(tx)
    })
  }

  /** Look again whether the job is ours. */
  async check(): Promise<void> {
    const [row] = await this.#ctx.db.select({ id: tuningJobs.id }).from(tuningJobs).where(this.#isOurs())
    if (!row) this.#lose()
  }

  #isOurs() {
    const { id, attempt } = this.job
    return and(eq(tuningJobs.id, id), eq(tuningJobs.attempt, attempt), eq(tuningJobs.status, 'RUNNING'))
  }

  #lose(): false {
    this.#lost.abort(new LostJob(this.job.id))
    return false
  }
}
