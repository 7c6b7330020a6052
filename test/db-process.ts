/** Opens a database as a process of its own, says so, and closes it when its standard input ends. */
import { pino } from 'pino'
import { openStorage } from '../src/db.ts'
import { Queue } from '../src/queue/queue.ts'

const [home, databaseUrl] = process.argv.slice(2)
try {
  const storage = await openStorage({ home, databaseUrl: databaseUrl || undefined })
  const queue = await Queue.open(storage, pino({ level: 'silent' }))
  process.stdout.write('open\n')
  await new Promise((resolve) => process.stdin.on('end', resolve).resume())
  await queue.stop()
  await storage.close()
} catch (error) {
  process.stdout.write(`${(error as Error).name}: ${(error as Error).message}\n`)
}
