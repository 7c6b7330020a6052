import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { eq } from 'drizzle-orm'
import postgres from 'postgres'
import type { App } from '../src/app.ts'
import type { AppContext } from '../src/context.ts'
import { createTuningJob, getTuningJob } from '../src/tuning/service.ts'
import { sampleBlocks } from '../src/tuning/table.ts'
import { smallJob } from '../test/tuning/jobs.ts'
import { openQuiet } from './app.ts'
import { Cluster } from './cluster.ts'
import type { Drill } from './drill.ts'
import { Listener } from './listener.ts'
import { Server } from './server.ts'

const CALL_MS = 3000
const SUBSCRIBERS = 10
/** Longer than the time to stop by far. */
const LONG = { sampleCount: 50_000, placeboRuns: 0, hyperparameters: { nEstimators: 1000 } }
const MOST_MS = 10_000
/** Beyond the time in which two signals are taken for one wish. */
const SECOND_AFTER_MS = 400
const AT_ONCE_MS = 1000

/**
 * Promise R23: SIGTERM lets a call of three seconds end, puts two jobs back with what they have done, tells ten
 * subscribers to come again, and ends with 0 within ten seconds. A second one ends the process at once.
 */
export const drain: Drill = async ({ report }) => {
  const cluster = await Cluster.create()
  const environment = { DATABASE_URL: cluster.url, TUNEBOOK_THREADS: '1' }
  const servers: Server[] = []
  let app: App | undefined
  try {
    app = await openQuiet(environment)
    const { ctx } = app
    // A process works on one job at a time.
    for (let at = 0; at < 2; at++) servers.push(await Server.start(environment))
    const ids = [await longJob(ctx, 1), await longJob(ctx, 2)]
    await Promise.all(ids.map((id) => untilUnderWay(ctx, id)))
    const ends: Awaited<ReturnType<typeof stopped>>[] = []
    for (const server of servers) ends.push(await stopped(server, cluster.url))
    const jobs = await Promise.all(ids.map((id) => getTuningJob(ctx, id)))
    const kept = await Promise.all(ids.map((id) => ctx.db.$count(sampleBlocks, eq(sampleBlocks.jobId, id))))
    servers.push(await Server.start({ ...environment, TUNEBOOK_ROLE: 'api' }))
    const second = await secondSignal(servers[2], cluster.url)
    const facts = {
      call: ends.map(({ call }) => call),
      closedWith: [...new Set(ends.flatMap(({ codes }) => codes))],
      exits: ends.map(({ exit }) => exit),
      stopMsMax: Math.max(...ends.map(({ ms }) => ms)),
      jobs: jobs.map(({ status }) => status),
      blocksKept: kept,
      secondExit: second.exit,
      secondMs: second.ms,
    }
    report(facts)
    return (
      facts.call.every((code) => code === 'answered') &&
      String(facts.closedWith) === '1001' &&
      facts.exits.every((exit) => exit === 0) &&
      facts.stopMsMax <= MOST_MS &&
      facts.jobs.every((status) => status === 'PENDING') &&
      kept.every((blocks) => blocks > 0) &&
      second.exit === 143 &&
      second.ms <= AT_ONCE_MS
    )
  } finally {
    await Promise.all(servers.map((server) => server.victim.kill()))
    await app?.close()
    cluster.remove()
  }
}

async function longJob(ctx: AppContext, seed: number): Promise<string> {
  const { id } = await createTuningJob(ctx, await smallJob(ctx, { ...LONG, seed, name: `long ${seed}` }))
  return id
}

/** It runs, and some of its samples are stored. */
async function untilUnderWay(ctx: AppContext, id: string): Promise<void> {
  while ((await ctx.db.$count(sampleBlocks, eq(sampleBlocks.jobId, id))) === 0) {
    const { status, error } = await getTuningJob(ctx, id)
    if (status !== 'PENDING' && status !== 'RUNNING') throw new Error(`The job is ${status}: ${error?.message}`)
    await wait(20)
  }
}

/** Stop a server that has a call to answer and subscribers to tell. */
async function stopped(server: Server, databaseUrl: string) {
  const listeners = await Promise.all(
    Array.from({ length: SUBSCRIBERS }, () => Listener.open(server.url, server.authorization)),
  )
  for (const listener of listeners) listener.follow('1', 'subscription { tuningJobChanged { id } }', () => {})
  const closing = listeners.map(async ({ socket }) => Number((await once(socket, 'close'))[0]))
  const call = await heldCall(server, databaseUrl)
  const { exit, ms } = await signalled(server)
  return { call: await call.answer, codes: await Promise.all(closing), exit, ms }
}

/** A call that is under way and takes three seconds: somebody else holds what it wants to read. */
async function heldCall(server: Server, databaseUrl: string): Promise<{ answer: Promise<string> }> {
  const other = postgres(databaseUrl, { max: 1 })
  const { promise: locked, resolve } = Promise.withResolvers<void>()
  const holding = other.begin(async (sql) => {
    await sql`lock table api_tokens in access exclusive mode`
    resolve()
    await wait(CALL_MS)
  })
  await locked
  const answer = server.ask('{ apiTokens { id } }').then(async ({ code = 'answered' }) => {
    await holding
    await other.end()
    return code
  })
  await wait(200) // it is waiting for the table by now
  return { answer }
}

async function signalled(server: Server): Promise<{ exit: number | null; ms: number }> {
  const started = performance.now()
  const ended = once(server.victim.child, 'exit')
  server.victim.signal('SIGTERM')
  const [exit] = (await ended) as [number | null]
  return { exit, ms: Math.round(performance.now() - started) }
}

/** While it still waits for a call. */
async function secondSignal(server: Server, databaseUrl: string) {
  const call = await heldCall(server, databaseUrl)
  server.victim.signal('SIGTERM')
  await wait(SECOND_AFTER_MS)
  if (!server.victim.isAlive) throw new Error('It did not wait for its call.')
  const second = await signalled(server)
  await call.answer
  return second
}
