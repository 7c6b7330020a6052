import { setTimeout as wait } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AppContext } from '../../src/context.ts'
import { Queue } from '../../src/queue/queue.ts'
import { blockSize } from '../../src/tuning/blocks.ts'
import { BLOCK_QUEUE, cancelTuningJob, createTuningJob } from '../../src/tuning/service.ts'
import { startWorker } from '../../src/tuning/worker.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { engineWith, haltingEngine } from './halting-engine.ts'
import { runJob, smallJob, until } from './jobs.ts'

test('a block takes about as long whatever the period', () => {
  const size = (bars: number): number => blockSize(bars, 5e9)
  expect([43_200, 259_200, 2_628_000].map(size)).toEqual([5000, 3858, 381])
  expect([0, 1e9].map(size)).toEqual([5000, 25])
})

/** Eight blocks, where everything is shared. */
const MANY = { sampleCount: 200 }

describe.skipIf(!process.env.TEST_DATABASE_URL)('a large job on one PostgreSQL', () => {
  let ctx: TestContext
  const queues: Queue[] = []
  beforeAll(async () => {
    ctx = await testContext()
  })
  afterAll(async () => {
    for (const queue of queues) await queue.stop()
    await ctx.close()
  })

  /** A worker beside the others; as in a process of its own it has a queue of its own. */
  async function worker(changes: Partial<AppContext> = {}): Promise<AppContext> {
    const queue = await Queue.open(ctx.storage, ctx.log)
    queues.push(queue)
    const own = { ...ctx, config: { ...ctx.config, shareFrom: 0 }, queue, ...changes }
    await startWorker(own)
    return own
  }

  test('is shared by all workers and has the bits of a job that is not', async () => {
    const alone = await testContext()
    await startWorker(alone)
    const whole = await runJob(alone, MANY)
    await alone.close()
    const sizes = [0, 1].map((): number[] => [])
    for (const own of sizes) {
      const engine = engineWith(ctx.engine, (request, options) => {
        own.push(request.batch.count)
        return ctx.engine.backtest(request, options)
      })
      await worker({ engine })
    }
    const shared = await runJob(ctx, MANY)
    expect(shared).toMatchObject({ status: 'COMPLETED', resultDigest: whole.resultDigest })
    const blocks = sizes.map((own) => own.filter((count) => count === 25).length)
    expect(blocks[0] + blocks[1]).toBeGreaterThanOrEqual(8)
    expect(Math.min(...blocks)).toBeGreaterThan(0)
  }, 120_000)

  test('that is cancelled takes its blocks with it', async () => {
    const halted = Promise.withResolvers<void>()
    await Promise.all(queues.splice(0).map((queue) => queue.stop()))
    const own = await worker({ engine: haltingEngine(ctx.engine, 1, halted.resolve) })
    const { id } = await createTuningJob(own, await smallJob(own, MANY))
    await halted.promise
    await cancelTuningJob(own, id)
    await until(own, id, ({ status }) => status === 'CANCELLED')
    await wait(100)
    const open = sql`select id from pgboss.job where name = ${BLOCK_QUEUE} and state < 'completed'`
    expect(await ctx.db.execute(open)).toHaveLength(0)
  }, 60_000)
})
