import { sql } from 'drizzle-orm'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AppContext } from '../../src/context.ts'
import type { Engine } from '../../src/engine/pool.ts'
import { DomainError, UnavailableError } from '../../src/errors.ts'
import { Queue } from '../../src/queue/queue.ts'
import { bounds } from '../../src/strategy/parameter-space.ts'
import { workBlock } from '../../src/tuning/blocks.ts'
import { BLOCK_QUEUE, createTuningJob, findTuningJob, retryTuningJobs, TUNING_QUEUE } from '../../src/tuning/service.ts'
import { tuningJobs } from '../../src/tuning/table.ts'
import { startWorker } from '../../src/tuning/worker.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { engineWith, haltingEngine } from './halting-engine.ts'
import { runJob, smallJob, until, untilFinal } from './jobs.ts'

let ctx: TestContext
beforeEach(async () => {
  ctx = await testContext()
})
afterEach(() => ctx.close())

/** The same world with an engine that backtests in its own way. */
function withEngine(backtest: Engine['backtest']): AppContext {
  return { ...ctx, engine: engineWith(ctx.engine, backtest) }
}

describe('an unexpected error', () => {
  test('is tried three times, then the job has failed; the message tells nothing of the inside', async () => {
    const lines: string[] = []
    const log = pino({ level: 'error' }, { write: (line: string) => lines.push(line) })
    let tries = 0
    const broken = withEngine(async () => {
      tries++
      throw new Error('secret of the kernel')
    })
    await startWorker({ ...broken, log })
    const { id } = await createTuningJob(ctx, await smallJob(ctx))
    const waiting = await until(ctx, id, ({ status, attempt }) => status === 'PENDING' && attempt === 1)
    expect(waiting.error).toMatchObject({ code: 'INTERNAL', retryable: true })

    const job = await untilFinal(ctx, id)
    expect(tries).toBe(3)
    expect(job).toMatchObject({ status: 'FAILED', phase: 'FINISHED', attempt: 3, resultDigest: null, modelId: null })
    expect(job.error).toEqual({
      code: 'INTERNAL',
      message: 'Unexpected error. The log has the details under the id of this job.',
      phase: 'BACKTESTING',
      retryable: true,
    })
    expect(lines).toHaveLength(3)
    expect(lines.every((line) => line.includes('secret of the kernel') && line.includes(id))).toBe(true)
    await expect.poll(() => ctx.events.size).toBe(0)
  })

  test.each([
    ['a bug', new Error('hiccup')],
    ['a service that cannot answer now', new UnavailableError('The database is restarting.')],
  ])('that passes leaves no trace: %s', async (_, error) => {
    let tries = 0
    const flaky = withEngine((...args) => {
      if (++tries === 1) throw error
      return ctx.engine.backtest(...args)
    })
    await startWorker(flaky)
    expect(await runJob(ctx)).toMatchObject({ status: 'COMPLETED', attempt: 2, error: null })
  })

  test.each<[what: string, code: string | undefined, told: object]>([
    [
      'a thread without memory',
      'ERR_WORKER_OUT_OF_MEMORY',
      { status: 'FAILED', attempt: 1, error: { code: 'JOB_OUT_OF_MEMORY' } },
    ],
    ['a database that went away', 'CONNECTION_CLOSED', { status: 'COMPLETED', attempt: 2 }],
    ['a full disk', '53100', { status: 'COMPLETED', attempt: 2 }],
  ])('is told from %s', async (_, code, told) => {
    let tries = 0
    const failing = withEngine((...args) => {
      if (++tries === 1) throw Object.assign(new Error('it happened'), { code })
      return ctx.engine.backtest(...args)
    })
    await startWorker(failing)
    expect(await runJob(ctx)).toMatchObject(told)
  })

  test('does not keep the next job waiting', async () => {
    await startWorker(
      withEngine((request, options) => {
        if (request.batch.count === 13) throw new Error('an unlucky number of samples')
        return ctx.engine.backtest(request, options)
      }),
    )
    const unlucky = await createTuningJob(ctx, await smallJob(ctx, { sampleCount: 13 }))
    const good = await runJob(ctx)
    expect(good.status).toBe('COMPLETED')
    const failed = await untilFinal(ctx, unlucky.id)
    expect(failed.status).toBe('FAILED')
    expect(good.startedAt!.getTime()).toBeLessThan(failed.finishedAt!.getTime())
  })
})

describe('a retry of a failed job', () => {
  test('starts from nothing and may well succeed', async () => {
    let isBroken = true
    await startWorker(
      withEngine((...args) => {
        if (isBroken) throw new Error('broken')
        return ctx.engine.backtest(...args)
      }),
    )
    const failed = await runJob(ctx)
    expect(failed.status).toBe('FAILED')
    isBroken = false
    const [retried] = await retryTuningJobs(ctx, [failed.id])
    expect(retried).toMatchObject({ status: 'PENDING', error: null, finishedAt: null, attempt: 3 })
    expect(await untilFinal(ctx, failed.id)).toMatchObject({ status: 'COMPLETED', attempt: 4, error: null })
  })
})

describe('a database that cannot be asked for a moment', () => {
  test('ends neither the process nor the job', async () => {
    let failures = 0
    const db = new Proxy(ctx.db, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name)
        if (name !== 'select' || typeof value !== 'function') return value
        return (...args: unknown[]) => {
          // the worker's look at its own row asks for the id alone
          const isLook = Object.keys(Object(args[0]) as object).join() === 'id'
          if (isLook && failures++ < 3) throw new Error('connection lost')
          return value.apply(target, args) as unknown
        }
      },
    })
    await startWorker({ ...ctx, db })
    expect(await runJob(ctx)).toMatchObject({ status: 'COMPLETED', attempt: 1 })
    expect(failures).toBeGreaterThan(2)
  })
})

describe('a database that is away or full', () => {
  /** The same world; everything that is asked of the database fails while `outage.code` says so. */
  function withOutages(outage: { code: string | null }): AppContext['db'] {
    return new Proxy(ctx.db, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        return (...args: unknown[]) => {
          if (outage.code) throw Object.assign(new Error('no database'), { code: outage.code })
          return value.apply(target, args) as unknown
        }
      },
    })
  }

  test('hears of the end of a job as soon as it is back: the end needs no second attempt', async () => {
    const outage: { code: string | null } = { code: null }
    const { engine } = withEngine(async () => {
      outage.code = 'CONNECTION_CLOSED'
      setTimeout(() => (outage.code = null), 300)
      throw new DomainError('TOO_LARGE', 'This cannot be done.')
    })
    await startWorker({ ...ctx, engine, db: withOutages(outage) })
    const job = await runJob(ctx)
    expect(job).toMatchObject({ status: 'FAILED', attempt: 1, error: { code: 'TOO_LARGE' } })
  })

  test.each([
    ['away', 'CONNECTION_CLOSED', 'SERVICE_UNAVAILABLE'],
    ['full', '53100', 'STORAGE_FULL'],
  ])(
    '%s, is waited for however often: no attempt at the job counts, and its bits are the same',
    async (_, code, said) => {
      const outage: { code: string | null } = { code: null }
      let outages = 0
      const { engine } = withEngine(async (...args) => {
        const metrics = await ctx.engine.backtest(...args)
        if (outages < 3) {
          outages++
          outage.code = code
          setTimeout(() => (outage.code = null), 300)
        }
        return metrics
      })
      await startWorker({ ...ctx, engine, db: withOutages(outage) })
      const { id } = await createTuningJob(ctx, await smallJob(ctx))
      const waiting = await until(ctx, id, ({ status, attempt }) => status === 'PENDING' && attempt === 1)
      expect(waiting.error).toMatchObject({ code: said, retryable: true })
      const job = await untilFinal(ctx, id)
      expect(job).toMatchObject({ status: 'COMPLETED', error: null })
      expect(job.attempt).toBe(4) // one more than a job has that fails by itself
      const undisturbed = await runJob(ctx)
      expect(undisturbed.resultDigest).toBe(job.resultDigest)
    },
  )
})

describe('a worker that cannot ask the database', () => {
  test('does not take a block for one that nobody wants any more', async () => {
    const { id } = await createTuningJob(ctx, await smallJob(ctx))
    const db = new Proxy(ctx.db, {
      get: (target, name) => {
        if (name === 'select') throw Object.assign(new Error('no database'), { code: 'CONNECTION_CLOSED' })
        return Reflect.get(target, name) as unknown
      },
    })
    const data = { jobId: id, attempt: 1, from: 0, rows: '' }
    const { signal } = new AbortController()
    await expect(workBlock({ ...ctx, db }, { data, signal, lastAttempt: false })).rejects.toThrow('no database')
  })
})

describe('a block that fails', () => {
  test('each time ends its job with what it failed of', async () => {
    const halted = Promise.withResolvers<void>()
    const { id } = await createTuningJob(ctx, await smallJob(ctx))
    await startWorker({ ...ctx, engine: haltingEngine(ctx.engine, 1, halted.resolve) })
    await halted.promise
    const { strategy } = (await findTuningJob(ctx, id))!
    const lowest = Float64Array.from(strategy.parameterSpace, (spec) => bounds(spec).low)
    const rows = Buffer.from(lowest.buffer).toString('base64')
    const small = withEngine(async () => {
      throw Object.assign(new Error('heap'), { code: 'ERR_WORKER_OUT_OF_MEMORY' })
    })
    const { signal } = new AbortController()
    const delivery = { data: { jobId: id, attempt: 1, from: 0, rows }, signal, lastAttempt: false }
    await expect(workBlock(small, delivery)).rejects.toThrow('heap')
    expect(await findTuningJob(ctx, id)).toMatchObject({ status: 'RUNNING' })
    await workBlock(small, { ...delivery, lastAttempt: true })
    const error = { code: 'JOB_OUT_OF_MEMORY', phase: 'BACKTESTING', retryable: false }
    expect(await findTuningJob(ctx, id)).toMatchObject({ status: 'FAILED', phase: 'FINISHED', error })
  })
})

describe('a dead message', () => {
  const openMessages = async (queue: string): Promise<number> => {
    const [row] = await ctx.db
      .select({ open: sql<number>`count(*)::integer` })
      .from(sql`pgboss.job`)
      .where(sql`name = ${queue} and completed_on is null`)
    return row.open
  }

  test('buries no job that has been begun anew', async () => {
    await ctx.queue.declare(TUNING_QUEUE)
    const halted = Promise.withResolvers<void>()
    const { id } = await createTuningJob(ctx, await smallJob(ctx))
    await startWorker({ ...ctx, engine: haltingEngine(ctx.engine, 1, halted.resolve) })
    await halted.promise
    await ctx.queue.send(ctx.db, `${TUNING_QUEUE}-dead`, { jobId: id }, id)
    await expect.poll(() => openMessages(`${TUNING_QUEUE}-dead`), { timeout: 10_000 }).toBe(0)
    expect(await findTuningJob(ctx, id)).toMatchObject({ status: 'RUNNING', attempt: 1 })
  })

  test('of a block ends the attempt that wanted it, and no later one', async () => {
    const halted = Promise.withResolvers<void>()
    const { id } = await createTuningJob(ctx, await smallJob(ctx))
    await startWorker({ ...ctx, engine: haltingEngine(ctx.engine, 1, halted.resolve) })
    await halted.promise
    const block = (attempt: number) =>
      ctx.queue.send(ctx.db, `${BLOCK_QUEUE}-dead`, { jobId: id, attempt, from: 0, rows: '' }, id)
    await block(0)
    await expect.poll(() => openMessages(`${BLOCK_QUEUE}-dead`), { timeout: 10_000 }).toBe(0)
    expect(await findTuningJob(ctx, id)).toMatchObject({ status: 'RUNNING', attempt: 1 })
    await block(1)
    expect(await untilFinal(ctx, id)).toMatchObject({ status: 'FAILED', error: { code: 'JOB_CRASHED' } })
  })

  test('or one that was left behind is not beside that of a retry', async () => {
    const { id } = await createTuningJob(ctx, await smallJob(ctx))
    await ctx.db.update(tuningJobs).set({ status: 'FAILED' })
    await retryTuningJobs(ctx, [id])
    expect(await openMessages(TUNING_QUEUE)).toBe(1)
  })
})

describe.skipIf(process.env.TEST_DATABASE_URL)('a job that kills its worker', () => {
  test('has crashed after the third, and other jobs go on', async () => {
    const { id } = await createTuningJob(ctx, await smallJob(ctx))
    const other = await createTuningJob(ctx, await smallJob(ctx, { sampleCount: 41 }))
    const deadly: Engine['backtest'] = (request, options) =>
      request.batch.count === 40 ? new Promise(() => {}) : ctx.engine.backtest(request, options)
    for (let death = 1; death <= 3; death++) {
      const queue = await Queue.open(ctx.storage, ctx.log)
      // a worker that takes the job and then is no more, without a word
      await startWorker({ ...withEngine(deadly), queue })
      await until(ctx, id, ({ attempt, phase }) => attempt === death && phase === 'BACKTESTING')
    }
    await startWorker(ctx)
    const job = await untilFinal(ctx, id)
    expect(job).toMatchObject({ status: 'FAILED', phase: 'FINISHED', attempt: 3 })
    expect(job.error).toEqual({
      code: 'JOB_CRASHED',
      message:
        'The worker died each time it ran this job. Try a smaller sample count or a shorter period, and look at the log.',
      phase: 'BACKTESTING',
      retryable: true,
    })
    expect(await untilFinal(ctx, other.id)).toMatchObject({ status: 'COMPLETED' })
  })
})
