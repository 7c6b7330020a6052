import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Engine } from '../../src/engine/pool.ts'
import { ConflictError, NotFoundError } from '../../src/errors.ts'
import { replayTuningJob } from '../../src/tuning/replay.ts'
import { createTuningJob } from '../../src/tuning/service.ts'
import { sampleBlocks, tuningJobs, type TuningJobRow } from '../../src/tuning/table.ts'
import { startWorker } from '../../src/tuning/worker.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { runJob, smallJob } from './jobs.ts'

let ctx: TestContext
let job: TuningJobRow
beforeAll(async () => {
  ctx = await testContext()
  await startWorker(ctx)
  await runJob(ctx, { seed: 5, placeboRuns: 0 }) // so that the ledger is not empty
  job = await runJob(ctx)
})
afterAll(() => ctx.close())

describe('a replay', () => {
  test.each([1, 2])('gives the bits of the stored job on %i threads', async (threads) => {
    const engine = new Engine(threads, () => {})
    try {
      const replay = await replayTuningJob({ ...ctx, engine }, job.id)
      expect(replay).toMatchObject({ same: true, storedDigest: job.resultDigest, digest: job.resultDigest })
      expect(replay.parts.map(({ same }) => same)).toEqual([true, true, true, true])
      expect(job.trialsBefore).toBeGreaterThan(40) // its samples, and what its search has backtested
    } finally {
      await engine.close()
    }
  })

  test('says which part is not what was stored', async () => {
    const [row] = await ctx.db.select().from(sampleBlocks).where(eq(sampleBlocks.jobId, job.id)).limit(1)
    const forged = row.packed.slice()
    forged[0] ^= 1
    await ctx.db.update(sampleBlocks).set({ packed: forged }).where(eq(sampleBlocks.jobId, job.id))
    await ctx.db.update(tuningJobs).set({ seed: 2 }).where(eq(tuningJobs.id, job.id))
    const replay = await replayTuningJob(ctx, job.id)
    expect(replay.same).toBe(false)
    expect(replay.parts.find(({ name }) => name === 'samples')!.same).toBe(false)
  })

  test('is of completed jobs only', async () => {
    await ctx.queue.stop()
    const waiting = await createTuningJob(ctx, await smallJob(ctx, { seed: 77 }))
    await expect(replayTuningJob(ctx, waiting.id)).rejects.toThrow(ConflictError)
    await expect(replayTuningJob(ctx, 'job_none')).rejects.toThrow(NotFoundError)
  })
})
