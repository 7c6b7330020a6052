import { count, eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Queue } from '../../src/queue/queue.ts'
import { createTuningJob, findTuningJob } from '../../src/tuning/service.ts'
import { samples } from '../../src/tuning/table.ts'
import { startWorker } from '../../src/tuning/worker.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { smallJob, until, untilFinal } from './jobs.ts'

/** Many blocks of samples, so that there is something to interrupt. */
const MANY = { sampleCount: 3000, hyperparameters: { nEstimators: 10 } }

let ctx: TestContext
beforeAll(async () => {
  ctx = await testContext()
})
afterAll(() => ctx.close())

async function storedSamples(jobId: string): Promise<number> {
  const [row] = await ctx.db.select({ stored: count() }).from(samples).where(eq(samples.jobId, jobId))
  return row.stored
}

test('a job that the service lets go of when it stops goes on from its checkpoint, to the same bits', async () => {
  const first = { ...ctx, queue: await Queue.open(ctx.storage, ctx.log) }
  await startWorker(first)
  const { id } = await createTuningJob(first, await smallJob(first, MANY))
  await until(first, id, ({ phase, done }) => phase === 'BACKTESTING' && done > 0)
  while ((await storedSamples(id)) === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  await first.queue.stop()

  const released = (await findTuningJob(ctx, id))!
  expect(released.status).toBe('PENDING')
  const before = await storedSamples(id)
  expect(before).toBeGreaterThan(0)
  expect(before).toBeLessThan(MANY.sampleCount)

  const second = { ...ctx, queue: await Queue.open(ctx.storage, ctx.log) }
  await startWorker(second)
  const resumed = await untilFinal(second, id)
  expect(resumed).toMatchObject({ status: 'COMPLETED', attempt: 2 })

  const undisturbed = await createTuningJob(second, await smallJob(second, MANY))
  expect((await untilFinal(second, undisturbed.id)).resultDigest).toBe(resumed.resultDigest)
  await second.queue.stop()
})
