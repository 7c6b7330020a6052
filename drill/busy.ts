import { inArray, sql } from 'drizzle-orm'
import type { App } from '../src/app.ts'
import type { AppContext } from '../src/context.ts'
import { createTuningJob } from '../src/tuning/service.ts'
import { tuningJobs } from '../src/tuning/table.ts'
import { smallJob } from '../test/tuning/jobs.ts'
import { openQuiet } from './app.ts'
import { Cluster } from './cluster.ts'
import type { Drill } from './drill.ts'
import { Server } from './server.ts'

const JOBS = 20
const CLIENTS = 10
const ASK_MS = 20_000
const MOST_P99_MS = 100
const SUBMITS = 200
const SUBMITTERS = 20
const KILL_AFTER = 50
const MOST_READY_MS = 3000

/** A job that keeps a process busy for some seconds. */
const LONG = { sampleCount: 5000, hyperparameters: { nEstimators: 300 } }

/**
 * Promise R28: simple questions are answered while jobs run. Promise R2: the server is killed while jobs are
 * submitted; every one that was answered is there, and soon it is ready again.
 */
export const busy: Drill = async ({ report }) => {
  const cluster = await Cluster.create()
  const environment = { DATABASE_URL: cluster.url, TUNEBOOK_THREADS: '1' }
  const servers: Server[] = []
  let app: App | undefined
  try {
    app = await openQuiet(environment)
    const server = await Server.start(environment)
    servers.push(server)
    const quick = await whileTraining(app.ctx, server)
    const killed = await killedWhileSubmitting(app.ctx, server)
    const started = performance.now()
    servers.push(await Server.start({ ...environment, TUNEBOOK_ROLE: 'api' }))
    const readyMs = Math.round(performance.now() - started)
    const ids = (await app.ctx.db.select({ id: tuningJobs.id }).from(tuningJobs)).map(({ id }) => id)
    const lost = killed.answered.filter((id) => !ids.includes(id)).length
    report({ ...quick, submitted: killed.answered.length, lost, readyMs })
    return (
      killed.answered.length >= KILL_AFTER &&
      quick.p99Ms <= MOST_P99_MS &&
      quick.failed === 0 &&
      lost === 0 &&
      readyMs <= MOST_READY_MS
    )
  } finally {
    await Promise.all(servers.map((server) => server.victim.kill()))
    await app?.close()
    cluster.remove()
  }
}

async function whileTraining(ctx: AppContext, server: Server) {
  const input = await smallJob(ctx, LONG)
  for (let seed = 0; seed < JOBS; seed++) await createTuningJob(ctx, { ...input, seed, name: `busy ${seed}` })
  while ((await ctx.db.$count(tuningJobs, sql`${tuningJobs.status} = 'RUNNING'`)) === 0);
  const times: number[] = []
  let failed = 0
  const end = performance.now() + ASK_MS
  const client = async (): Promise<void> => {
    while (performance.now() < end) {
      const { code, ms } = await server.ask('{ markets(first: 5) { nodes { id symbol } } }')
      times.push(ms)
      if (code !== undefined) failed++
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
  const still = await ctx.db.$count(tuningJobs, inArray(tuningJobs.status, ['PENDING', 'RUNNING']))
  if (still === 0) throw new Error('The drill itself is wrong: the jobs ended before the questions.')
  const sorted = times.toSorted((a, b) => a - b)
  return { asked: times.length, failed, p99Ms: Math.round(sorted[Math.floor(sorted.length * 0.99)]) }
}

const SUBMIT = `mutation ($input: CreateTuningJobInput!) { createTuningJob(input: $input) {
  ... on CreateTuningJobSuccess { job { id } } ... on Error { message } } }`

async function killedWhileSubmitting(ctx: AppContext, server: Server): Promise<{ answered: string[] }> {
  const { strategyId, marketId, trainingPeriod, testPeriod, sampleCount, objective } = await smallJob(ctx)
  const answered: string[] = []
  const submit = async (seed: number): Promise<void> => {
    const input = { strategyId, marketId, trainingPeriod, testPeriod, sampleCount, objective, seed, name: `s ${seed}` }
    const { data } = await server.ask(SUBMIT, { input })
    const { job, message } = (data?.createTuningJob ?? {}) as { job?: { id: string }; message?: string }
    if (message) throw new Error(`The drill itself is wrong: ${message}`)
    if (!job) return
    answered.push(job.id)
    if (answered.length === KILL_AFTER) await server.victim.kill()
  }
  let seed = 0
  const submitter = async (): Promise<void> => {
    while (seed < SUBMITS && server.victim.isAlive) await submit(seed++)
  }
  await Promise.all(Array.from({ length: SUBMITTERS }, submitter))
  return { answered }
}
