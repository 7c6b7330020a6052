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

/** Make the embedded database once, migrated; each suite starts from a copy of it. */
export default async function setup(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'tunebook-template-'))
  const file = join(folder, 'template.tar')
  if (!process.env.TEST_DATABASE_URL) {
    const storage = await openEmbedded(folder, { dataDir: 'memory://' })
    const queue = await Queue.open(storage, pino({ level: 'silent' }))
    await queue.stop()
    if (storage.engine.kind === 'embedded') {
      const dump = await storage.engine.lite.dumpDataDir('none')
      writeFileSync(file, Buffer.from(await dump.arrayBuffer()))
    }
    await storage.close()
  }
  project.provide('databaseTemplate', file)
  return () => rmSync(folder, { recursive: true, force: true })
}
