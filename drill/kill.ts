import { setTimeout as wait } from 'node:timers/promises'
import { eq, sql } from 'drizzle-orm'
import { pino } from 'pino'
import { type App, openApp } from '../src/app.ts'
import { readConfig } from '../src/config.ts'
import { models } from '../src/models/table.ts'
import { createTuningJob } from '../src/tuning/service.ts'
import { tuningJobs } from '../src/tuning/table.ts'
import { smallJob } from '../test/tuning/jobs.ts'
import { Cluster } from './cluster.ts'
import type { Drill } from './drill.ts'
import { Victim } from './process.ts'

const WORKERS = 2
const JOBS = 50
const FAULTS = 30
/** Half of the jobs are of this size, half of the other: short ones end between faults, long ones are hit. */
const SAMPLES = [300, 2000]
/** What follows the samples is the same whoever does it; the drill is about who does. */
const WITHOUT_PLACEBO = { placeboRuns: 0 }
const PAUSE_MS = { low: 200, high: 1200 }
const STOPPED_MS = { low: 4000, high: 10_000 }
const GIVE_UP_MS = 170_000

/**
 * Promises R1, R3, R4: workers are killed, every fourth is frozen for some seconds instead, while 50 jobs run. No job is
 * lost, none has a double effect, all have the bits of an undisturbed run.
 */
export const kill: Drill = async ({ random, report }) => {
  const cluster = await Cluster.create()
  const environment = { DATABASE_URL: cluster.url, TUNEBOOK_THREADS: '1' }
  const workers: Victim[] = []
  let app: App | undefined
  try {
    app = await openApp({ ...readConfig(environment), role: 'api' }, pino({ level: 'silent' }))
    const { ctx } = app
    const expected = await undisturbed(app)
    for (let worker = 0; worker < WORKERS; worker++) workers.push(new Victim('worker', environment))
    await Promise.all(workers.map((worker) => worker.started()))
    const ids: string[] = []
    for (let job = 0; job < JOBS; job++) {
      const changes = {
        ...WITHOUT_PLACEBO,
        sampleCount: SAMPLES[job % 2],
        seed: 1 + ((job >> 1) % 2),
        name: `drill ${job}`,
      }
      ids.push((await createTuningJob(ctx, await smallJob(ctx, changes))).id)
    }

    const started = performance.now()
    const reclaims: number[] = []
    let faults = 0
    const late: Promise<void>[] = []
    while ((await openJobs(app)) > 0 && performance.now() - started < GIVE_UP_MS) {
      await wait(between(random, PAUSE_MS))
      if (faults >= FAULTS) continue
      const at = Math.floor(random() * WORKERS)
      if (faults++ % 4 === 3) late.push(freeze(workers[at], between(random, STOPPED_MS)))
      else {
        const held = await runningJobs(app)
        await workers[at].kill()
        late.push(watchReclaim(app, held, performance.now(), reclaims))
        workers[at] = new Victim('worker', environment)
      }
    }
    await Promise.all(late)
    const rows = await ctx.db.select().from(tuningJobs)
    const jobs = rows.filter(({ name }) => name.startsWith('drill'))
    const digests = jobs.map(
      ({ sampleCount, seed, resultDigest }) => resultDigest === expected.get(`${sampleCount} ${seed}`),
    )
    const perJob = await ctx.db
      .select({ id: models.jobId, n: sql<number>`count(*)::integer` })
      .from(models)
      .groupBy(models.jobId)
    const sorted = reclaims.toSorted((a, b) => a - b)
    report({
      jobs: jobs.length,
      faults,
      seconds: Math.round((performance.now() - started) / 1000),
      lost: jobs.filter(({ status }) => status !== 'COMPLETED').length,
      doubleEffects: perJob.filter(({ n }) => n > 1).length,
      otherBits: digests.filter((same) => !same).length,
      attempts: jobs.reduce((sum, { attempt }) => sum + attempt, 0),
      reclaimMsMedian: Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0),
      reclaimMsMax: Math.round(sorted.at(-1) ?? 0),
    })
    return (
      jobs.length === JOBS &&
      jobs.every(({ status }) => status === 'COMPLETED') &&
      digests.every(Boolean) &&
      perJob.every(({ n }) => n === 1)
    )
  } finally {
    await Promise.all(workers.map((worker) => worker.kill()))
    await app?.close()
    cluster.remove()
  }
}

/** Digests of the jobs as one process alone makes them, by "samples seed". */
async function undisturbed({ ctx }: App): Promise<Map<string, string>> {
  const digests = new Map<string, string>()
  const worker = new Victim('worker', { DATABASE_URL: ctx.config.databaseUrl!, TUNEBOOK_THREADS: '2' })
  try {
    for (const sampleCount of SAMPLES) {
      for (const seed of [1, 2]) {
        const { id } = await createTuningJob(
          ctx,
          await smallJob(ctx, { ...WITHOUT_PLACEBO, sampleCount, seed, name: 'alone' }),
        )
        for (;;) {
          const [job] = await ctx.db.select().from(tuningJobs).where(eq(tuningJobs.id, id))
          if (job.resultDigest) digests.set(`${sampleCount} ${seed}`, job.resultDigest)
          if (!['PENDING', 'RUNNING'].includes(job.status)) break
          await wait(50)
        }
      }
    }
    return digests
  } finally {
    await worker.kill()
  }
}

async function openJobs({ ctx }: App): Promise<number> {
  return ctx.db.$count(tuningJobs, sql`${tuningJobs.status} in ('PENDING', 'RUNNING')`)
}

/** Attempts of the jobs that run. */
async function runningJobs({ ctx }: App): Promise<Map<string, number>> {
  const rows = await ctx.db
    .select({ id: tuningJobs.id, attempt: tuningJobs.attempt })
    .from(tuningJobs)
    .where(eq(tuningJobs.status, 'RUNNING'))
  return new Map(rows.map(({ id, attempt }) => [id, attempt]))
}

/** How long until one of the jobs that ran when a worker was killed is taken up again. */
async function watchReclaim(app: App, held: Map<string, number>, killedAt: number, reclaims: number[]): Promise<void> {
  while (held.size > 0 && performance.now() - killedAt < 15_000) {
    const rows = await app.ctx.db.select({ id: tuningJobs.id, attempt: tuningJobs.attempt }).from(tuningJobs)
    if (rows.some(({ id, attempt }) => held.has(id) && attempt > held.get(id)!)) {
      reclaims.push(performance.now() - killedAt)
      return
    }
    await wait(20)
  }
}

async function freeze(worker: Victim, ms: number): Promise<void> {
  worker.signal('SIGSTOP')
  await wait(ms)
  worker.signal('SIGCONT')
}

function between(random: () => number, { low, high }: { low: number; high: number }): number {
  return low + random() * (high - low)
}
