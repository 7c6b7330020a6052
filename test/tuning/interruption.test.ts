import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { count, eq } from 'drizzle-orm'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import type { AppContext } from '../../src/context.ts'
import { Queue } from '../../src/queue/queue.ts'
import { createTuningJob, findTuningJob } from '../../src/tuning/service.ts'
import { samples } from '../../src/tuning/table.ts'
import { startWorker } from '../../src/tuning/worker.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { runJob, smallJob, until, untilFinal } from './jobs.ts'

/** Many blocks of samples, so that there is something to interrupt. */
const MANY = { sampleCount: 3000, hyperparameters: { nEstimators: 10 } }

let ctx: TestContext
beforeAll(async () => {
  ctx = await testContext()
})
afterAll(() => ctx.close())

async function storedSamples({ db }: Pick<AppContext, 'db'>, jobId: string): Promise<number> {
  const [row] = await db.select({ stored: count() }).from(samples).where(eq(samples.jobId, jobId))
  return row.stored
}

/** A second life of the service on the same database. */
async function rebirth(): Promise<AppContext> {
  const born = { ...ctx, queue: await Queue.open(ctx.storage, ctx.log) }
  await startWorker(born)
  return born
}

test('a job that the service lets go of when it stops goes on from its checkpoint, to the same bits', async () => {
  const first = await rebirth()
  const { id } = await createTuningJob(first, await smallJob(first, MANY))
  await expect.poll(() => storedSamples(ctx, id), { timeout: 30_000, interval: 5 }).toBeGreaterThan(0)
  await first.queue.stop()

  const released = (await findTuningJob(ctx, id))!
  expect(released).toMatchObject({ status: 'PENDING', phase: 'QUEUED', attempt: 1, error: null })
  const before = await storedSamples(ctx, id)
  expect(before).toBeGreaterThan(0)
  expect(before).toBeLessThan(MANY.sampleCount)

  const second = await rebirth()
  const resumed = await untilFinal(second, id)
  expect(resumed).toMatchObject({ status: 'COMPLETED', attempt: 2 })
  expect(resumed.fraction).toBeGreaterThanOrEqual(released.fraction)
  expect(resumed.startedAt).toEqual(released.startedAt)
  expect((await runJob(second, MANY)).resultDigest).toBe(resumed.resultDigest)
  await second.queue.stop()
})

test('a service that stops while nothing runs leaves a waiting job for the next one', async () => {
  const { id } = await createTuningJob(ctx, await smallJob(ctx))
  const first = await rebirth()
  await first.queue.stop()
  const second = await rebirth()
  expect(await untilFinal(second, id)).toMatchObject({ status: 'COMPLETED' })
  await second.queue.stop()
})

describe('a worker process that is killed', () => {
  const home = mkdtempSync(join(tmpdir(), 'tunebook-killed-'))
  afterAll(() => rmSync(home, { recursive: true, force: true }))

  test('in the middle of a job loses at most a block of samples, and the next one ends it with the same bits', async () => {
    const environment = {
      TUNEBOOK_HOME: home,
      TUNEBOOK_THREADS: '2',
      ...(ctx.config.databaseUrl && { DATABASE_URL: ctx.config.databaseUrl }),
    }
    const script = fileURLToPath(new URL('worker-process.ts', import.meta.url))
    const child = spawn(process.execPath, [script, JSON.stringify(MANY)], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let last = { id: '', stored: 0 }
    for await (const line of createInterface({ input: child.stdout })) {
      last = JSON.parse(line) as typeof last
      if (last.stored >= 400) child.kill('SIGKILL')
    }
    expect(last.stored).toBeLessThan(MANY.sampleCount)

    const app = await openApp(readConfig(environment), pino({ level: 'silent' }))
    const left = await findTuningJob(app.ctx, last.id)
    expect(left!.status).toBe('RUNNING')
    expect(await storedSamples(app.ctx, last.id)).toBeGreaterThanOrEqual(last.stored)

    const found = performance.now()
    await until(app.ctx, last.id, ({ attempt }) => attempt === 2)
    const seconds = (performance.now() - found) / 1000
    expect(seconds).toBeLessThan(ctx.config.databaseUrl ? 20 : 8)
    const resumed = await untilFinal(app.ctx, last.id)
    expect(resumed).toMatchObject({ status: 'COMPLETED', attempt: 2 })
    expect(await storedSamples(app.ctx, last.id)).toBe(MANY.sampleCount)
    expect((await runJob(app.ctx, MANY)).resultDigest).toBe(resumed.resultDigest)
    await app.close()
  }, 120_000)
})
