import { pino } from 'pino'
import { readConfig } from '../config.ts'
import { openStorage } from '../db.ts'
import { Queue } from '../queue/queue.ts'
import { EXIT } from './failure.ts'
import { print } from './output.ts'

/** Bring the database's schema, and that of the queue in it, up to date. Starting a server does the same. */
export async function migrate(): Promise<number> {
  const config = readConfig(process.env)
  const storage = await openStorage(config)
  try {
    const queue = await Queue.open(storage, pino({ level: 'silent' }))
    await queue.stop()
    print(
      `The schema of the ${storage.engine.kind === 'embedded' ? `embedded database in ${config.home}` : 'database of DATABASE_URL'} is up to date.`,
    )
    return EXIT.ready
  } finally {
    await storage.close()
  }
}
