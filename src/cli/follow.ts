import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from './client.ts'
import { CliFailure, ConnectionLost } from './failure.ts'
import { isFinal, JOB_PROGRESS, type JobProgress } from './finished-job.ts'

const ATTEMPTS = 6
const PAUSE_MS = 500

/**
 * Watch a job until it is final. A broken connection is made anew: the first event is the present state, so nothing
 * is missed.
 *
 * @throws CliFailure the server stays away, or the job was deleted
 */
export async function followJob(
  client: Client,
  id: string,
  onChange: (job: JobProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  for (let failures = 0; ; failures++) {
    try {
      const events = client.subscribe<{ tuningJobProgress: JobProgress }>(JOB_PROGRESS, { id }, signal)
      for await (const { tuningJobProgress: job } of events) {
        failures = 0
        onChange(job)
        if (isFinal(job.status)) return
      }
      if (!signal.aborted) throw new CliFailure(`Job ${id} is gone: somebody has deleted it.`)
      return
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof ConnectionLost) || failures >= ATTEMPTS) throw error
      await sleep(PAUSE_MS * 2 ** failures, undefined, { signal }).catch(() => {})
    }
  }
}
