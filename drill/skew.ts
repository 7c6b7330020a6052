import { setTimeout as wait } from 'node:timers/promises'
import { asc, sql } from 'drizzle-orm'
import { events } from '../src/events/table.ts'
import { models } from '../src/models/table.ts'
import { createTuningJob } from '../src/tuning/service.ts'
import { tuningJobs } from '../src/tuning/table.ts'
import { smallJob } from '../test/tuning/jobs.ts'
import { openQuiet } from './app.ts'
import { Cluster } from './cluster.ts'
import type { Drill } from './drill.ts'
import { shifted, Victim } from './process.ts'

const HOUR_MS = 3_600_000
const JOBS = 12
const GIVE_UP_MS = 150_000

/**
 * Promise R25: of two workers one is an hour ahead, the other an hour behind. No job is run twice, none expires before
 * its time, and what is written down is in order and of the database's time.
 */
export const skew: Drill = async ({ report }) => {
  const cluster = await Cluster.create()
  const environment = { DATABASE_URL: cluster.url, TUNEBOOK_THREADS: '1' }
  const app = await openQuiet(environment)
  const { db } = app.ctx
  const workers: Victim[] = []
  try {
    const began = Date.now()
    for (let job = 0; job < JOBS; job++) {
      await createTuningJob(app.ctx, await smallJob(app.ctx, { sampleCount: 400, placeboRuns: 0, seed: job }))
    }
    for (const shiftMs of [HOUR_MS, -HOUR_MS])
      workers.push(new Victim('worker', { ...environment, ...shifted(shiftMs) }))
    await Promise.all(workers.map((worker) => worker.started()))
    const open = sql`${tuningJobs.status} in ('PENDING', 'RUNNING')`
    while ((await db.$count(tuningJobs, open)) > 0 && Date.now() - began < GIVE_UP_MS) await wait(100)
    const jobs = await db.select().from(tuningJobs)
    const spans = jobs.flatMap(({ createdAt, startedAt, finishedAt }) => [createdAt, startedAt, finishedAt])
    const isOurs = (at: Date | null): boolean =>
      at !== null && at.getTime() >= began - 1000 && at.getTime() <= Date.now() + 1000
    const times = (await db.select({ at: events.createdAt }).from(events).orderBy(asc(events.sequence))).map(
      ({ at }) => at,
    )
    const facts = {
      jobs: jobs.length,
      completed: jobs.filter(({ status }) => status === 'COMPLETED').length,
      triedTwice: jobs.filter(({ attempt }) => attempt !== 1).length,
      models: await db.$count(models),
      otherTimes: [...spans, ...times].filter((at) => !isOurs(at)).length,
      backwards: jobs.filter(
        ({ createdAt, startedAt, finishedAt }) => !(createdAt <= startedAt! && startedAt! <= finishedAt!),
      ).length,
      events: times.length,
    }
    report(facts)
    return (
      facts.completed === JOBS && facts.models === JOBS && facts.triedTwice + facts.otherTimes + facts.backwards === 0
    )
  } finally {
    await Promise.all(workers.map((worker) => worker.kill()))
    await app.close()
    cluster.remove()
  }
}
