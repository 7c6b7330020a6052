import { setTimeout as wait } from 'node:timers/promises'
import { inArray } from 'drizzle-orm'
import type { App } from '../src/app.ts'
import type { AppContext } from '../src/context.ts'
import { createTuningJob } from '../src/tuning/service.ts'
import { tuningJobs } from '../src/tuning/table.ts'
import { smallJob } from '../test/tuning/jobs.ts'
import { openQuiet } from './app.ts'
import { Cluster } from './cluster.ts'
import type { Drill } from './drill.ts'
import { Listener } from './listener.ts'
import { Server, SMALL_HEAP } from './server.ts'

const ROUNDS = 60
const SUBSCRIPTIONS_A_ROUND = 1000
const SOCKETS = 10
const JOBS = 300
/** The first rounds fill caches and warm the compiler up. */
const WARM_UP = 0.6
const MOST_MB_A_ROUND = 1
const MOST_JOBS_MB = 20
const GIVE_UP_MS = 120_000

/** Promise R27: thousands of subscriptions that come and go, and 300 jobs, leave nothing behind. */
export const leaks: Drill = async ({ report }) => {
  const cluster = await Cluster.create()
  const environment = { DATABASE_URL: cluster.url, TUNEBOOK_THREADS: '1', ...SMALL_HEAP }
  let app: App | undefined
  const servers: Server[] = []
  try {
    app = await openQuiet(environment)
    const api = await Server.start({ ...environment, TUNEBOOK_ROLE: 'api' })
    servers.push(api)
    const subscriptions = await comeAndGo(app.ctx, api)
    const worker = await Server.start(environment)
    servers.push(worker)
    const jobs = await runJobs(app.ctx, worker)
    report({ ...subscriptions, ...jobs })
    return (
      subscriptions.left === 0 &&
      subscriptions.mbPerThousand <= MOST_MB_A_ROUND &&
      jobs.jobsDone === JOBS &&
      jobs.jobsMb <= MOST_JOBS_MB
    )
  } finally {
    await Promise.all(servers.map((server) => server.victim.kill()))
    await app?.close()
    cluster.remove()
  }
}

async function comeAndGo(ctx: AppContext, server: Server) {
  const { id } = await createTuningJob(ctx, await smallJob(ctx))
  const listeners = await Promise.all(
    Array.from({ length: SOCKETS }, () => Listener.open(server.url, server.authorization)),
  )
  const query = `subscription { tuningJobProgress(id: "${id}") { id revision } }`
  const memory: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    await Promise.all(listeners.map((listener) => follow(listener, query, SUBSCRIPTIONS_A_ROUND / SOCKETS, round)))
    while ((await server.metric('tunebook_subscriptions')) > 0) await wait(20)
    memory.push(server.rssMb)
  }
  // What they leave without a word counts too.
  for (const listener of listeners) for (let at = 0; at < 50; at++) listener.follow(`last-${at}`, query, () => {})
  await wait(200)
  for (const { socket } of listeners) socket.terminate()
  await wait(1000)
  const left = await server.metric('tunebook_subscriptions')
  return { subscriptions: ROUNDS * SUBSCRIPTIONS_A_ROUND, left, mbPerThousand: round2(slope(memory)) }
}

/** Follow many times at once, and leave each as soon as the first state has come. */
async function follow(listener: Listener, query: string, count: number, round: number): Promise<void> {
  const firsts = Array.from({ length: count }, (_, at) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const name = `${round}-${at}`
    listener.follow(name, query, () => {
      listener.leave(name)
      resolve()
    })
    return promise
  })
  await Promise.all(firsts)
}

async function runJobs(ctx: AppContext, worker: Server) {
  const changes = { sampleCount: 20, placeboRuns: 0, hyperparameters: { nEstimators: 10 } }
  const deadline = performance.now() + GIVE_UP_MS
  const input = await smallJob(ctx, changes)
  for (let seed = 0; seed < JOBS; seed++) await createTuningJob(ctx, { ...input, seed, name: `leak ${seed}` })
  let before = 0
  for (;;) {
    const open = await ctx.db.$count(tuningJobs, inArray(tuningJobs.status, ['PENDING', 'RUNNING']))
    const done = JOBS - open
    if (before === 0 && done >= JOBS * WARM_UP) before = worker.rssMb
    if (open === 0 || performance.now() > deadline) {
      return { jobsDone: done, jobsMb: Math.round(worker.rssMb - before) }
    }
    await wait(100)
  }
}

/** Least squares over the later rounds. */
function slope(values: number[]): number {
  const late = values.slice(Math.round(values.length * WARM_UP))
  const middle = (late.length - 1) / 2
  const mean = late.reduce((sum, value) => sum + value, 0) / late.length
  const covariance = late.reduce((sum, value, at) => sum + (at - middle) * (value - mean), 0)
  return covariance / late.reduce((sum, _, at) => sum + (at - middle) ** 2, 0)
}

const round2 = (value: number): number => Math.round(value * 100) / 100
