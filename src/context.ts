import type { Logger } from 'pino'
import type { Config } from './config.ts'
import type { Database, Storage } from './db.ts'
import type { Engine } from './engine/pool.ts'
import type { EventHub } from './events.ts'
import type { Queue } from './queue/queue.ts'
import type { Viewer } from './viewer.ts'

/** What a service function gets first: everything that is not its input. Nothing in it is global. */
export interface AppContext {
  config: Config
  db: Database
  storage: Storage
  engine: Engine
  queue: Queue
  events: EventHub
  log: Logger
  viewer: Viewer
  /** ms since epoch; tests set it */
  clock: () => number
}
