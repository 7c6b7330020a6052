import { type ChildProcess, fork } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import { pino } from 'pino'
import { type App, openApp } from '../src/app.ts'
import { readConfig } from '../src/config.ts'
import { createTuningJob } from '../src/tuning/service.ts'
import { tuningJobs } from '../src/tuning/table.ts'
import { smallJob } from '../test/tuning/jobs.ts'
import { Cluster } from './cluster.ts'
import type { Drill } from './drill.ts'
import { POISON_SAMPLES } from './poison-samples.ts'

const WORKERS = 2
const GOOD_JOBS = 50
const GIVE_UP_MS = 150_000

/**
 * Promise R5: among fifty good jobs is one that kills whatever worker takes it. It is given up after three, says so, and
 * every other job is completed, by workers that are started again as a supervisor would.
 */
export const poison: Drill = async ({ random, report }) => {
  const cluster = await Cluster.create({ walMb: 256 })
  const environment = { DATABASE_URL: cluster.url, TUNEBOOK_THREADS: '1' }
  const app = await openApp({ ...readConfig(environment), role: 'api' }, pino({ level: 'silent' }))
  const fleet = new Fleet(environment)
  try {
    const place = Math.floor(random() * GOOD_JOBS)
    let poisonId = ''
    for (let job = 0; job < GOOD_JOBS; job++) {
      if (job === place) poisonId = await add(app, POISON_SAMPLES)
      await add(app, 60)
    }
    const began = performance.now()
    fleet.start()
    const open = sql`${tuningJobs.status} in ('PENDING', 'RUNNING')`
    while ((await app.ctx.db.$count(tuningJobs, open)) > 0 && performance.now() - began < GIVE_UP_MS) await wait(100)
    const jobs = await app.ctx.db.select().from(tuningJobs)
    const poisoned = jobs.find(({ id }) => id === poisonId)!
    const good = jobs.filter(({ id }) => id !== poisonId)
    const facts = {
      code: poisoned.error?.code,
      attempts: poisoned.attempt,
      deaths: fleet.deaths,
      completed: good.filter(({ status }) => status === 'COMPLETED').length,
      triedTwice: good.filter(({ attempt }) => attempt > 1).length,
      seconds: Math.round((performance.now() - began) / 1000),
    }
    report(facts)
    return facts.code === 'JOB_CRASHED' && facts.attempts === 3 && facts.deaths === 3 && facts.completed === GOOD_JOBS
  } finally {
    fleet.end()
    await app.close()
    cluster.remove()
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
