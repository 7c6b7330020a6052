import { setTimeout as wait } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import type { App } from '../src/app.ts'
import { models } from '../src/models/table.ts'
import { HOLDER_LOCKS } from '../src/queue/presence.ts'
import { messageHolders } from '../src/queue/table.ts'
import { replayTuningJob } from '../src/tuning/replay.ts'
import { createTuningJob, TUNING_QUEUE } from '../src/tuning/service.ts'
import { tuningJobs } from '../src/tuning/table.ts'
import { smallJob } from '../test/tuning/jobs.ts'
import { openQuiet } from './app.ts'
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
    app = await openQuiet(environment)
    const { ctx } = app
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
    const handedOn: number[] = []
    let faults = 0
    const late: Promise<void>[] = []
    while ((await openJobs(app)) > 0 && performance.now() - started < GIVE_UP_MS) {
      await wait(between(random, PAUSE_MS))
      // Who loses its worker three times counts as poison; that is another promise.
      if (faults >= FAULTS || (await onTheirLast(app)) > 0) continue
      const at = Math.floor(random() * WORKERS)
      if (faults++ % 4 === 3) late.push(freeze(workers[at], between(random, STOPPED_MS)))
      else {
        await workers[at].kill()
        late.push(watchHandedOn(app, performance.now(), handedOn))
        workers[at] = new Victim('worker', environment)
      }
    }
    await Promise.all(late)
    const rows = await ctx.db.select().from(tuningJobs)
    const jobs = rows.filter(({ name }) => name.startsWith('drill'))
    const same: boolean[] = []
    for (const { id, status } of jobs) if (status === 'COMPLETED') same.push((await replayTuningJob(ctx, id)).same)
    const perJob = await ctx.db
      .select({ id: models.jobId, n: sql<number>`count(*)::integer` })
      .from(models)
      .groupBy(models.jobId)
    const sorted = handedOn.toSorted((a, b) => a - b)
    report({
      jobs: jobs.length,
      faults,
      seconds: Math.round((performance.now() - started) / 1000),
      lost: jobs.filter(({ status }) => status !== 'COMPLETED').length,
      failures: jobs.flatMap(({ name, attempt, error }) => (error ? [{ name, attempt, code: error.code }] : [])),
      doubleEffects: perJob.filter(({ n }) => n > 1).length,
      otherBits: same.filter((each) => !each).length,
      attempts: jobs.reduce((sum, { attempt }) => sum + attempt, 0),
      handedOnMsMedian: Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0),
      handedOnMsMax: Math.round(sorted.at(-1) ?? 0),
    })
    return (
      jobs.length === JOBS &&
      jobs.every(({ status }) => status === 'COMPLETED') &&
      same.every(Boolean) &&
      perJob.every(({ n }) => n === 1)
    )
  } finally {
    await Promise.all(workers.map((worker) => worker.kill()))
    await app?.close()
    cluster.remove()
  }
}

async function openJobs({ ctx }: App): Promise<number> {
  return ctx.db.$count(tuningJobs, sql`${tuningJobs.status} in ('PENDING', 'RUNNING')`)
}

/** Messages that are delivered for the last time, or will be next: a worker may die over one before the job knows. */
async function onTheirLast({ ctx }: App): Promise<number> {
  const isLast = sql`state < 'completed' and retry_count + (state = 'retry')::integer >= retry_limit`
  return ctx.db.$count(sql`pgboss.job`, sql`name = ${TUNING_QUEUE} and ${isLast}`)
}

/** How long what a worker held when it was killed stays with the dead. */
async function watchHandedOn({ ctx }: App, killedAt: number, handedOn: number[]): Promise<void> {
  const orphans = sql`not exists (select 1 from pg_locks l where l.locktype = 'advisory' and l.classid = ${HOLDER_LOCKS} and l.objid = ${messageHolders.holder})`
  await wait(30) // the server needs some milliseconds to see that the connection is gone
  if ((await ctx.db.$count(messageHolders, orphans)) === 0) return
  while ((await ctx.db.$count(messageHolders, orphans)) > 0 && performance.now() - killedAt < 15_000) await wait(10)
  handedOn.push(performance.now() - killedAt)
}

async function freeze(worker: Victim, ms: number): Promise<void> {
  worker.signal('SIGSTOP')
  await wait(ms)
  worker.signal('SIGCONT')
}

function between(random: () => number, { low, high }: { low: number; high: number }): number {
  return low + random() * (high - low)
}
