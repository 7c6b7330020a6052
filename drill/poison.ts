import { type ChildProcess, fork } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import type { App } from '../src/app.ts'
import { mean } from '../src/engine/statistics.ts'
import { createTuningJob } from '../src/tuning/service.ts'
import { tuningJobs, type TuningJobRow } from '../src/tuning/table.ts'
import { smallJob } from '../test/tuning/jobs.ts'
import { openQuiet } from './app.ts'
import { Cluster } from './cluster.ts'
import type { Drill } from './drill.ts'
import { POISON_SAMPLES } from './poison-samples.ts'

const WORKERS = 2
const GOOD_JOBS = 50
/** Jobs of some seconds, so that to start three workers anew is little beside them. */
const GOOD_SAMPLES = 1500
const MOST_GROWTH = 0.2
const GIVE_UP_MS = 170_000

/**
 * Promise R5: among fifty good jobs is one that kills whatever worker takes it. It is given up after three, says so, and
 * every other job is completed, by workers that are started again as a supervisor would, hardly later than the same
 * fifty jobs were without it, just before.
 */
export const poison: Drill = async ({ random, report }) => {
  const cluster = await Cluster.create({ walMb: 256 })
  const environment = { DATABASE_URL: cluster.url, TUNEBOOK_THREADS: '1' }
  const app = await openQuiet(environment)
  const giveUpAt = performance.now() + GIVE_UP_MS
  try {
    const place = Math.floor(random() * GOOD_JOBS)
    const alone = await work(app, environment, null, giveUpAt)
    const beside = await work(app, environment, place, giveUpAt)
    const [waitAlone, waitBeside] = [alone, beside].map(({ good }) => mean(good.map(({ ms }) => ms)))
    const facts = {
      place,
      code: beside.poisoned?.error?.code,
      attempts: beside.poisoned?.attempt,
      deaths: beside.deaths,
      completed: beside.good.length,
      triedTwice: beside.good.filter(({ attempt }) => attempt > 1).length,
      secondsUntilDone: [waitAlone, waitBeside].map((ms) => Math.round(ms / 100) / 10),
      growth: Math.round(100 * (waitBeside / waitAlone - 1)) / 100,
    }
    report(facts)
    return (
      facts.code === 'JOB_CRASHED' &&
      facts.attempts === 3 &&
      facts.deaths === 3 &&
      facts.completed === GOOD_JOBS &&
      alone.good.length === GOOD_JOBS &&
      facts.growth <= MOST_GROWTH
    )
  } finally {
    await app.close()
    cluster.remove()
  }
}

interface Worked {
  /** those that were completed; ms from the start of the workers to the end of the job */
  good: { ms: number; attempt: number }[]
  poisoned: TuningJobRow | undefined
  deaths: number
}

/** Have fifty good jobs done by a fleet of their own. @param place of the poison among them; null: without */
async function work(
  app: App,
  environment: Record<string, string>,
  place: number | null,
  giveUpAt: number,
): Promise<Worked> {
  const { db } = app.ctx
  const fleet = new Fleet(environment)
  const ids: string[] = []
  let poisonId = ''
  for (let job = 0; job < GOOD_JOBS; job++) {
    if (job === place) poisonId = await add(app, POISON_SAMPLES)
    ids.push(await add(app, GOOD_SAMPLES))
  }
  const [{ began }] = await db
    .select({ began: sql<number>`extract(epoch from clock_timestamp())::double precision * 1000` })
    .from(sql`(select 1) as one`)
  try {
    fleet.start()
    const open = sql`${tuningJobs.status} in ('PENDING', 'RUNNING')`
    while ((await db.$count(tuningJobs, open)) > 0 && performance.now() < giveUpAt) await wait(100)
  } finally {
    fleet.end()
  }
  const jobs = await db.select().from(tuningJobs)
  return {
    good: jobs
      .filter(({ id, status }) => ids.includes(id) && status === 'COMPLETED')
      .map(({ finishedAt, attempt }) => ({ ms: finishedAt!.getTime() - began, attempt })),
    poisoned: jobs.find(({ id }) => id === poisonId),
    deaths: fleet.deaths,
  }
}

async function add({ ctx }: App, sampleCount: number): Promise<string> {
  return (await createTuningJob(ctx, await smallJob(ctx, { sampleCount, placeboRuns: 0 }))).id
}

/** Workers that are started again when they die. */
class Fleet {
  readonly #environment: Record<string, string>
  readonly #children = new Set<ChildProcess>()
  #ending = false
  deaths = 0

  constructor(environment: Record<string, string>) {
    this.#environment = environment
  }

  start(): void {
    while (this.#children.size < WORKERS) {
      const script = fileURLToPath(new URL('poisoned-worker.ts', import.meta.url))
      const child = fork(script, { env: { ...process.env, ...this.#environment }, stdio: 'ignore' })
      this.#children.add(child)
      child.once('exit', () => {
        this.#children.delete(child)
        if (this.#ending) return
        this.deaths++
        this.start()
      })
    }
  }

  end(): void {
    this.#ending = true
    for (const child of this.#children) child.kill('SIGKILL')
  }
}
