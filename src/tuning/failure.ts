import { sql } from 'drizzle-orm'
import { databaseFailure } from '../db-failure.ts'
import { OutOfMemoryError } from '../engine/memory-guard.ts'
import { DomainError } from '../errors.ts'
import { isOutage } from '../outage.ts'
import type { JobError, JobPhase } from './job.ts'

/** How a job looks that has failed, but for its error. */
export const FAILED = { status: 'FAILED', phase: 'FINISHED', etaMs: null, finishedAt: sql`now()` } as const

/** Whether it is of the job's own making, and would come again. */
export function isExpected(error: unknown): boolean {
  return error instanceof DomainError || isOutOfMemory(error)
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof OutOfMemoryError || (error as { code?: unknown }).code === 'ERR_WORKER_OUT_OF_MEMORY'
}

/** What its user is told of a failure, and where it happened. */
export function explain(thrown: unknown, phase: JobPhase): JobError {
  if (isOutOfMemory(thrown)) {
    const message = 'A compute thread ran out of memory. Try a shorter period or fewer samples.'
    return { code: 'JOB_OUT_OF_MEMORY', message, phase, retryable: false }
  }
  const error = databaseFailure(thrown) ?? thrown
  if (!(error instanceof DomainError)) {
    const message = 'Unexpected error. The log has the details under the id of this job.'
    return { code: 'INTERNAL', message, phase, retryable: true }
  }
  return { code: error.code, message: error.message, phase, retryable: isOutage(error) }
}
