import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { quantileOf } from '../bench/engine/clock.ts'
import { tuningJobs } from '../src/tuning/table.ts'
import { smallJob } from '../test/tuning/jobs.ts'
import { openQuiet } from './app.ts'
import { Cluster } from './cluster.ts'
import type { Drill } from './drill.ts'
import { ROOMY_HEAP, Server } from './server.ts'

const JOBS = 1000
const WARM_UP = 200
const SUBMITTERS = 5
const ASKING_MS = 10_000
const MOST_SUBMIT_MS = 100
const MOST_GROWN_MB = 50
/** Below this a question is quick, however many times longer than another. */
const QUICK_MS = 5

const SIMPLE = '{ strategies(first: 5) { nodes { id name } } }'
const SUBMIT = `mutation ($input: CreateTuningJobInput!) {
  createTuningJob(input: $input) { ... on CreateTuningJobSuccess { job { id } } ... on Error { message } }
}`

/**
 * Promise R19: a thousand jobs that wait for a worker make neither submitting nor asking slow, and cost the server
 * hardly any memory.
 */
export const load: Drill = async ({ report }) => {
  const cluster = await Cluster.create({ walMb: 256 })
  const environment = { DATABASE_URL: cluster.url, TUNEBOOK_THREADS: '1', TUNEBOOK_ROLE: 'api' }
  const app = await openQuiet(environment)
  let server: Server | undefined
  try {
    const input = await smallJob(app.ctx)
    server = await Server.start({ ...environment, ...ROOMY_HEAP })
    await asking(server) // the first answers are slow
    const idle = await asking(server)
    await submitAll(server, input, WARM_UP) // until then memory grows with code, not with jobs
    const before = residentMb(server)
    const idleCpuMs = server.cpuMs
    const submitted = await submitAll(server, input, JOBS - WARM_UP)
    const submitCpuMs = (server.cpuMs - idleCpuMs) / submitted.length
    const queued = await asking(server)
    const facts = {
      waiting: await app.ctx.db.$count(tuningJobs, sql`${tuningJobs.status} = 'PENDING'`),
      submitP50Ms: Math.round(quantileOf(submitted, 0.5)),
      submitCpuMs: Math.round(10 * submitCpuMs) / 10,
      submitP99Ms: Math.round(quantileOf(submitted, 0.99)),
      idleP99Ms: Math.round(quantileOf(idle, 0.99)),
      queuedP99Ms: Math.round(quantileOf(queued, 0.99)),
      grownMb: Math.round(residentMb(server) - before),
    }
    report(facts)
    return (
      facts.waiting === JOBS &&
      facts.submitP99Ms <= MOST_SUBMIT_MS &&
      facts.queuedP99Ms <= 2 * Math.max(facts.idleP99Ms, QUICK_MS) &&
      facts.grownMb <= MOST_GROWN_MB
    )
  } finally {
    await server?.victim.kill()
    await app.close()
    cluster.remove()
  }
}

/** @returns ms of each answer */
async function submitAll(server: Server, input: object, count: number): Promise<number[]> {
  const times: number[] = []
  let left = count
  const submit = async (): Promise<void> => {
    while (left-- > 0) {
      const { ms, code, data } = await server.ask(SUBMIT, { input })
      const done = data?.createTuningJob as { job?: object; message?: string } | undefined
      if (!done?.job) throw new Error(`A job was refused: ${code ?? done?.message}`)
      times.push(ms)
    }
  }
  await Promise.all(Array.from({ length: SUBMITTERS }, submit))
  return times
}

/** Simple questions, one after the other. @returns ms of each answer */
async function asking(server: Server): Promise<number[]> {
  const times: number[] = []
  for (const end = performance.now() + ASKING_MS; performance.now() < end; await wait(10)) {
    const { ms, code } = await server.ask(SIMPLE)
    if (code) throw new Error(`A question was refused: ${code}`)
    times.push(ms)
  }
  return times
}

function residentMb({ victim }: Server): number {
  const status = readFileSync(`/proc/${victim.child.pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024
}
