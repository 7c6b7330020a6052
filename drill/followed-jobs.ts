import { setTimeout as wait } from 'node:timers/promises'
import type { AppContext } from '../src/context.ts'
import { replayTuningJob } from '../src/tuning/replay.ts'
import { createTuningJob, getTuningJob } from '../src/tuning/service.ts'
import { smallJob } from '../test/tuning/jobs.ts'
import { openQuiet } from './app.ts'
import type { Cluster } from './cluster.ts'
import { Listener } from './listener.ts'
import type { Server } from './server.ts'

const JOBS = 3
/** Some seconds each. */
const SIZE = { sampleCount: 10_000, placeboRuns: 50 }
const FOLLOWERS = 5
const GIVE_UP_MS = 90_000

/** Jobs that run, one after another, while their database is mistreated, and clients that wait for their ends. */
export class FollowedJobs {
  readonly #cluster: Cluster
  readonly #ids: string[]
  readonly #listeners: Listener[]
  /** what each follower has heard last of each job */
  readonly #heard = new Map<string, unknown>()

  private constructor(cluster: Cluster, ids: string[], listeners: Listener[]) {
    this.#cluster = cluster
    this.#ids = ids
    this.#listeners = listeners
    for (const [follower, listener] of listeners.entries()) {
      for (const id of ids) {
        const query = `subscription { tuningJobProgress(id: "${id}") { status } }`
        listener.follow(id, query, ({ status }) => this.#heard.set(`${follower} ${id}`, status))
      }
    }
  }

  static async start(cluster: Cluster, server: Server): Promise<FollowedJobs> {
    const ids = await inApp(cluster, async (ctx) => {
      const made: string[] = []
      for (let seed = 1; seed <= JOBS; seed++) {
        made.push((await createTuningJob(ctx, await smallJob(ctx, { ...SIZE, seed }))).id)
      }
      return made
    })
    const open = Array.from({ length: FOLLOWERS }, () => Listener.open(server.url, server.authorization))
    return new FollowedJobs(cluster, ids, await Promise.all(open))
  }

  /** Wait for the ends, and run each job again. */
  async outcome() {
    const deadline = performance.now() + GIVE_UP_MS
    const ends = (): number => [...this.#heard.values()].filter((status) => status === 'COMPLETED').length
    while (ends() < JOBS * FOLLOWERS && performance.now() < deadline) await wait(50)
    await Promise.all(this.#listeners.map((listener) => listener.close()))
    return inApp(this.#cluster, async (ctx) => {
      const jobs = await Promise.all(this.#ids.map((id) => getTuningJob(ctx, id)))
      const completed = jobs.filter(({ status }) => status === 'COMPLETED')
      let sameBits = 0
      for (const { id } of completed) if ((await replayTuningJob(ctx, id)).same) sameBits++
      return {
        jobsLost: JOBS - completed.length,
        otherBits: completed.length - sameBits,
        attempts: jobs.map(({ attempt }) => attempt),
        endsMissed: JOBS * FOLLOWERS - ends(),
      }
    })
  }
}

async function inApp<T>(cluster: Cluster, work: (ctx: AppContext) => Promise<T>): Promise<T> {
  const app = await openQuiet({ DATABASE_URL: cluster.url, TUNEBOOK_THREADS: '1' })
  try {
    return await work(app.ctx)
  } finally {
    await app.close()
  }
}
