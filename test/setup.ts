import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { TestProject } from 'vitest/node'
import { openEmbedded } from '../src/db.ts'
import { Queue } from '../src/queue/queue.ts'

declare module 'vitest' {
  interface ProvidedContext {
    databaseTemplate: string
  }
}

/** Two of its three databases are there to make others from; and after a checkpoint there is nothing to recover. */
const SMALLER = [
  ...['template0', 'template1'].flatMap((name) => [
    `alter database ${name} is_template false`,
    `drop database ${name}`,
  ]),
  'checkpoint',
]

/** Make the embedded database once, migrated; each suite starts from a copy of it. */
export default async function setup(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'tunebook-template-'))
  const file = join(folder, 'template.tar')
  // Processes that tests start read the same modules again and again.
  process.env.NODE_COMPILE_CACHE ??= join(folder, 'compiled')
  if (!process.env.TEST_DATABASE_URL) {
    const storage = await openEmbedded(folder, { dataDir: 'memory://' })
    const queue = await Queue.open(storage, pino({ level: 'silent' }))
    await queue.stop()
    if (storage.engine.kind === 'embedded') {
      for (const statement of SMALLER) await storage.engine.lite.exec(statement)
      const dump = await storage.engine.lite.dumpDataDir('none')
      writeFileSync(file, Buffer.from(await dump.arrayBuffer()))
    }
    await storage.close()
  }
  project.provide('databaseTemplate', file)
  return () => rmSync(folder, { recursive: true, force: true })
}
