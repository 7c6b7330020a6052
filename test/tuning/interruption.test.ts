import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import type { Database } from '../../src/db.ts'
import { Queue } from '../../src/queue/queue.ts'
import { createTuningJob, findTuningJob } from '../../src/tuning/service.ts'
import { readSamples } from '../../src/tuning/sample-store.ts'
import { startWorker } from '../../src/tuning/worker.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { haltingEngine } from './halting-engine.ts'
import { runJob, smallJob, until, untilFinal } from './jobs.ts'

/** Three blocks of samples. */
const BLOCKS = { sampleCount: 600 }

let ctx: TestContext
beforeAll(async () => {
  ctx = await testContext()
})
afterAll(() => ctx.close())

async function storedSamples(db: Database, jobId: string): Promise<number> {
  return (await readSamples(db, jobId)).length
}

test('a job that the service lets go of when it stops goes on from its checkpoint, to the same bits', async () => {
  const halted = Promise.withResolvers<void>()
  const queue = await Queue.open(ctx.storage, ctx.log)
  const first = { ...ctx, queue, engine: haltingEngine(ctx.engine, 3, halted.resolve) }
  await startWorker(first)
  const { id } = await createTuningJob(first, await smallJob(first, BLOCKS))
  await halted.promise
  await first.queue.stop()

  const released = (await findTuningJob(ctx, id))!
  expect(released).toMatchObject({ status: 'PENDING', phase: 'QUEUED', attempt: 1, error: null })
  expect(await storedSamples(ctx.db, id)).toBe(400)

  await startWorker(ctx)
  const resumed = await untilFinal(ctx, id)
  expect(resumed).toMatchObject({ status: 'COMPLETED', attempt: 2, startedAt: released.startedAt })
  expect((await runJob(ctx, BLOCKS)).resultDigest).toBe(resumed.resultDigest)
})

describe('a worker process that is killed', () => {
  const home = mkdtempSync(join(tmpdir(), 'tunebook-killed-'))
  afterAll(() => rmSync(home, { recursive: true, force: true }))

  test('in the middle of a job loses at most a block of samples, and the next one ends it with the same bits', async () => {
    // a database that no other worker of this suite looks into
    const other = await testContext()
    const environment = { TUNEBOOK_HOME: home, TUNEBOOK_THREADS: '2', DATABASE_URL: other.config.databaseUrl ?? '' }
    const script = fileURLToPath(new URL('worker-process.ts', import.meta.url))
    const child = spawn(process.execPath, [script, JSON.stringify(BLOCKS)], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    const id = line.toString().trim()
    child.kill('SIGKILL')
    await once(child, 'close')

    const app = await openApp(readConfig(environment), pino({ level: 'silent' }))
    const heir = app.ctx
    // It may have been taken up before we look.
    expect(await findTuningJob(heir, id)).toMatchObject({ status: 'RUNNING' })
    expect(await storedSamples(heir.db, id)).toBeGreaterThanOrEqual(400)
    const found = performance.now()
    await until(heir, id, ({ attempt }) => attempt === 2)
    // Its lock in the database, or that of the home folder, is free; the heartbeat would take ten seconds to tell.
    expect(performance.now() - found).toBeLessThan(8000)
    const resumed = await untilFinal(heir, id)
    expect(resumed).toMatchObject({ status: 'COMPLETED', attempt: 2 })
    expect((await runJob(heir, BLOCKS)).resultDigest).toBe(resumed.resultDigest)
    await app.close()
    await other.close()
  }, 120_000)
})
