import { setTimeout as wait } from 'node:timers/promises'
import { pino } from 'pino'
import { openApp } from '../src/app.ts'
import { readConfig } from '../src/config.ts'
import { Engine } from '../src/engine/pool.ts'
import { createTuningJob, getTuningJob } from '../src/tuning/service.ts'
import { startWorker } from '../src/tuning/worker.ts'
import { smallJob } from '../test/tuning/jobs.ts'
import { Cluster } from './cluster.ts'
import type { Drill } from './drill.ts'

const HEAP_MB = 64

/**
 * Promise R9: a compute thread that runs out of memory costs one job, which says so within five seconds; the process and
 * its other calls go on. A job that could not fit is refused when it is submitted.
 */
export const memory: Drill = async ({ report }) => {
  const cluster = await Cluster.create()
  const config = readConfig({ DATABASE_URL: cluster.url, TUNEBOOK_THREADS: '2' })
  const app = await openApp({ ...config, role: 'api' }, pino({ level: 'silent' }))
  const small = new Engine(2, () => {}, { heapMb: HEAP_MB })
  try {
    const hog = { module: new URL('./hog.ts', import.meta.url).href, name: 'hog', data: null }
    const engine = new Proxy(small, {
      get: (target, name) => {
        if (name === 'backtest') return () => target.call(hog)
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
    await startWorker({ ...app.ctx, engine })
    const input = await smallJob(app.ctx)
    const started = performance.now()
    const { id } = await createTuningJob(app.ctx, input)
    let slowestOther = 0
    let job = await getTuningJob(app.ctx, id)
    while (['PENDING', 'RUNNING'].includes(job.status) && performance.now() - started < 60_000) {
      const asked = performance.now()
      job = await getTuningJob(app.ctx, id)
      slowestOther = Math.max(slowestOther, performance.now() - asked)
      await wait(20)
    }
    const seconds = (performance.now() - started) / 1000
    const tiny = new Engine(1, () => {}, { memoryBytes: 100_000 })
    const refusal = await createTuningJob({ ...app.ctx, engine: tiny }, input).catch((e: unknown) => e)
    await tiny.close()
    const tooLarge = (refusal as { code?: string; message: string }).code
    report({
      code: job.error?.code,
      seconds: Math.round(10 * seconds) / 10,
      slowestOtherMs: Math.round(slowestOther),
      tooLarge,
    })
    return job.error?.code === 'JOB_OUT_OF_MEMORY' && seconds <= 5 && slowestOther <= 500 && tooLarge === 'TOO_LARGE'
  } finally {
    await small.close()
    await app.close()
    cluster.remove()
  }
}
