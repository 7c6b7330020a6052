import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { replay } from '../../src/cli/replay.ts'
import { Engine } from '../../src/engine/pool.ts'
import { ConflictError, NotFoundError } from '../../src/errors.ts'
import { serveHttp } from '../../src/server/http.ts'
import { withoutFans } from '../../src/tuning/pipeline.ts'
import { replayTuningJob } from '../../src/tuning/replay.ts'
import { findReplay, startReplay } from '../../src/tuning/replay-queue.ts'
import { createTuningJob } from '../../src/tuning/service.ts'
import { sampleBlocks, tuningJobs, type TuningJobRow } from '../../src/tuning/table.ts'
import { startWorker } from '../../src/tuning/worker.ts'
import { TEST_TOKEN, testContext, type TestContext } from '../helpers.ts'
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

  test('gives the bits of a job that finished before its Monte Carlo runs had fans', async () => {
    const isJob = eq(tuningJobs.id, job.id)
    expect(job.result!.monteCarlo!.some(({ fan }) => fan)).toBe(true)
    await ctx.db
      .update(tuningJobs)
      .set({ result: withoutFans(job.result!) })
      .where(isJob)
    const replay = await replayTuningJob(ctx, job.id)
    expect(replay.same).toBe(true)
    expect(replay.parts.map(({ same }) => same)).toEqual([true, true, true, true])
    await ctx.db.update(tuningJobs).set({ result: job.result }).where(isJob)
  })

  test('is done by a worker for whoever asks by the API or the command line of another machine', async () => {
    const server = await serveHttp({ ...ctx, config: { ...ctx.config, port: 0 } }, '/nowhere')
    const home = mkdtempSync(join(tmpdir(), 'tunebook-replay-'))
    vi.stubEnv('TUNEBOOK_HOME', home)
    const lines: string[] = []
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((line) => Boolean(lines.push(String(line))))
    const { url } = server
    try {
      expect(await replay(job.id, { url, token: TEST_TOKEN })).toBe(0)
      expect(lines.join('')).toContain('THE SAME BITS')
      expect(await replay(job.id, { url, token: TEST_TOKEN, json: true })).toBe(0)
      expect(JSON.parse(lines.at(-1)!)).toMatchObject({ jobId: job.id, same: true, digest: job.resultDigest })
      await expect(replay('job_none', { url, token: TEST_TOKEN })).rejects.toThrow('No tuning job')
    } finally {
      write.mockRestore()
      vi.unstubAllEnvs()
      await server.close()
      rmSync(home, { recursive: true, force: true })
    }
  })

  test('that cannot be done says why', async () => {
    const isJob = eq(tuningJobs.id, job.id)
    await ctx.db.update(tuningJobs).set({ resultDigest: null }).where(isJob)
    const { id } = await startReplay(ctx, job.id)
    await vi.waitFor(async () => expect((await findReplay(ctx, id))!.status).toBe('FAILED'), { timeout: 30_000 })
    expect((await findReplay(ctx, id))!.error).toContain('can be replayed')
    await ctx.db.update(tuningJobs).set({ resultDigest: job.resultDigest }).where(isJob)
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
