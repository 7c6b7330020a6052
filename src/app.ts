import type { Logger } from 'pino'
import type { Config } from './config.ts'
import type { AppContext } from './context.ts'
import { startFailure } from './db-failure.ts'
import { openStorage } from './db.ts'
import { Engine } from './engine/pool.ts'
import { EventHub } from './events.ts'
import { startPlaybookSchedule } from './playbook/schedule.ts'
import { Queue } from './queue/queue.ts'
import { seedStrategies } from './strategy/service.ts'
import { startWorker } from './tuning/worker.ts'
import { localViewer } from './viewer.ts'
import { startWebhook } from './webhook/service.ts'

/** Everything opened and wired together. */
export interface App {
  ctx: AppContext
  /** Let the worker release its job, then close what was opened, in reverse order. Idempotent; at most 8 s. */
  close(): Promise<void>
}

const CLOSE_WITHIN_MS = 8000

/**
 * Open the database, start the engine, the queue and the worker. What was opened is closed again where a later step
 * fails.
 *
 * @throws ConflictError    another process holds the home folder
 * @throws UnavailableError the database server does not answer, or does not let us in
 */
export async function openApp(config: Config, log: Logger): Promise<App> {
  try {
    return await open(config, log)
  } catch (error) {
    throw startFailure(error)
  }
}

async function open(config: Config, log: Logger): Promise<App> {
  await using opening = new AsyncDisposableStack()
  const storage = await openStorage(config)
  opening.defer(() => storage.close())
  const events = new EventHub()
  await events.start(storage)
  opening.defer(() => events.stop())
  const engine = new Engine(config.threads, (error) => log.debug({ err: error }, 'late answer of a compute thread'))
  opening.defer(() => engine.close())
  const queue = await Queue.open(storage, log)
  opening.defer(() => queue.stop())

  const viewer = localViewer('SCHEDULE')
  const ctx: AppContext = { config, db: storage.db, storage, engine, queue, events, log, viewer, clock: Date.now }
  await seedStrategies(ctx)
  if (config.role !== 'api') {
    await startWorker(ctx)
    opening.defer(startPlaybookSchedule(ctx))
  }

  if (config.webhook) opening.defer(await startWebhook(ctx, config.webhook))

  const opened = opening.move()
  let closed: Promise<void> | undefined
  return { ctx, close: () => (closed ??= inTime(opened.disposeAsync(), log)) }
}

/** Jobs and checkpoints are durable, so a close that hangs may be left behind. */
async function inTime(closing: Promise<void>, log: Logger): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(() => {
    log.warn(`Closing took longer than ${CLOSE_WITHIN_MS / 1000} s and was cut short; nothing that was stored is lost.`)
    resolve()
  }, CLOSE_WITHIN_MS)
  await Promise.race([closing, late])
  clearTimeout(timer)
}
