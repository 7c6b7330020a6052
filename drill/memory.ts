import { setTimeout as wait } from 'node:timers/promises'
import type { AppContext } from '../src/context.ts'
import { Engine } from '../src/engine/pool.ts'
import type { CreateTuningJobInput } from '../src/tuning/input.ts'
import { createTuningJob, getTuningJob } from '../src/tuning/service.ts'
import { startWorker } from '../src/tuning/worker.ts'
import { smallJob } from '../test/tuning/jobs.ts'
import { openQuiet } from './app.ts'
import { Cluster } from './cluster.ts'
import type { Drill } from './drill.ts'

const HOGS = new URL('./hog.ts', import.meta.url).href
const MIB = 1 << 20
const HEAP_MB = 64
const MORE_THAN_NOW = 512 * MIB

/**
 * Promise R9: a compute thread that runs out of memory costs one job, which says so within five seconds, whether it is
 * JavaScript objects or bytes beside them; the process and its other calls go on. A job that could not fit is refused
 * when it is submitted.
 */
export const memory: Drill = async ({ report }) => {
  const cluster = await Cluster.create()
  const app = await openQuiet({ DATABASE_URL: cluster.url, TUNEBOOK_THREADS: '2' })
  const residentBytes = process.memoryUsage.rss() + MORE_THAN_NOW
  const small = new Engine(2, () => {}, { heapMb: HEAP_MB, residentBytes })
  let hog = 'hog'
  const engine = new Proxy(small, {
    get: (target, name) => {
      if (name === 'backtest') return () => target.call({ module: HOGS, name: hog, data: null })
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  try {
    await startWorker({ ...app.ctx, engine })
    const input = await smallJob(app.ctx)
    const objects = await deathOf(app.ctx, input)
    hog = 'hogBytes'
    const bytes = await deathOf(app.ctx, input)
    const tiny = new Engine(1, () => {}, { memoryBytes: 100_000 })
    const refusal = await createTuningJob({ ...app.ctx, engine: tiny }, input).catch((e: unknown) => e)
    await tiny.close()
    const tooLarge = (refusal as { code?: string }).code
    report({ objects, bytes, tooLarge })
    return [objects, bytes].every(isKept) && tooLarge === 'TOO_LARGE'
  } finally {
    await small.close()
    await app.close()
    cluster.remove()
  }
}

interface Death {
  code: string | undefined
  seconds: number
  slowestOtherMs: number
}

/** A job whose backtests take all memory, and what other calls feel of it. */
async function deathOf(ctx: AppContext, input: CreateTuningJobInput): Promise<Death> {
  const started = performance.now()
  const { id } = await createTuningJob(ctx, input)
  let slowestOther = 0
  let job = await getTuningJob(ctx, id)
  while (['PENDING', 'RUNNING'].includes(job.status) && performance.now() - started < 60_000) {
    const asked = performance.now()
    job = await getTuningJob(ctx, id)
    slowestOther = Math.max(slowestOther, performance.now() - asked)
    await wait(20)
  }
  return {
    code: job.error?.code,
    seconds: Math.round((performance.now() - started) / 100) / 10,
    slowestOtherMs: Math.round(slowestOther),
  }
}

function isKept({ code, seconds, slowestOtherMs }: Death): boolean {
  return code === 'JOB_OUT_OF_MEMORY' && seconds <= 5 && slowestOtherMs <= 500
}
