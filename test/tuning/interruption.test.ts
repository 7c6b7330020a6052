import { count, eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Engine } from '../../src/engine/pool.ts'
import { Queue } from '../../src/queue/queue.ts'
import { createTuningJob, findTuningJob } from '../../src/tuning/service.ts'
import { samples } from '../../src/tuning/table.ts'
import { startWorker } from '../../src/tuning/worker.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { smallJob, untilFinal } from './jobs.ts'

/** Three blocks of samples. */
const BLOCKS = { sampleCount: 600 }

let ctx: TestContext
beforeAll(async () => {
  ctx = await testContext()
})
afterAll(() => ctx.close())

/** An engine that comes to a halt at its third backtest, until it is told to stop. */
function haltingEngine(atHalt: () => void): Engine {
  let calls = 0
  const backtest: Engine['backtest'] = (request, options) => {
    if (++calls < 3) return ctx.engine.backtest(request, options)
    atHalt()
    return new Promise((_, reject) => options!.signal!.addEventListener('abort', () => reject(options!.signal!.reason)))
  }
  return new Proxy(ctx.engine, {
    get: (target, name) => {
      if (name === 'backtest') return backtest
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

test('a job that the service lets go of when it stops goes on from its checkpoint, to the same bits', async () => {
  const halted = Promise.withResolvers<void>()
  const first = { ...ctx, queue: await Queue.open(ctx.storage, ctx.log), engine: haltingEngine(halted.resolve) }
  await startWorker(first)
  const { id } = await createTuningJob(first, await smallJob(first, BLOCKS))
  await halted.promise
  await first.queue.stop()

  expect(await findTuningJob(ctx, id)).toMatchObject({ status: 'PENDING', attempt: 1 })
  const [row] = await ctx.db.select({ stored: count() }).from(samples).where(eq(samples.jobId, id))
  expect(row.stored).toBe(400)

  await startWorker(ctx)
  const resumed = await untilFinal(ctx, id)
  expect(resumed).toMatchObject({ status: 'COMPLETED', attempt: 2 })
  const undisturbed = await createTuningJob(ctx, await smallJob(ctx, BLOCKS))
  expect((await untilFinal(ctx, undisturbed.id)).resultDigest).toBe(resumed.resultDigest)
})
