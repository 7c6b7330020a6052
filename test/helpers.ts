import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import postgres from 'postgres'
import { inject } from 'vitest'
import { readConfig } from '../src/config.ts'
import type { AppContext } from '../src/context.ts'
import { openEmbedded, openStorage, type Storage } from '../src/db.ts'
import { Engine } from '../src/engine/pool.ts'
import { EventHub } from '../src/events.ts'
import { Queue } from '../src/queue/queue.ts'
import { localViewer } from '../src/viewer.ts'

/** The moment at which tests take place. */
export const NOW = Date.UTC(2026, 0, 1)

/** The admin token of every test's server, and the header that shows it. */
export const TEST_TOKEN = 'the-admin-token-of-every-test-server'
export const SIGNED_IN = { authorization: `Bearer ${TEST_TOKEN}` }

/** A context with a fresh database of its own; call `close` when the suite is done. */
export interface TestContext extends AppContext {
  close(): Promise<void>
}

/**
 * A fresh database, engine and queue. The database is the embedded one, from a template that the global setup
 * made; with TEST_DATABASE_URL set it is a new database on that server, dropped afterwards.
 */
export async function testContext(options: { threads?: number } = {}): Promise<TestContext> {
  const home = mkdtempSync(join(tmpdir(), 'tunebook-test-'))
  const log = pino({ level: process.env.TEST_LOG_LEVEL ?? 'silent' })
  const { storage, drop, databaseUrl } = await freshStorage(home)
  const engine = new Engine(options.threads ?? 2, () => {})
  const events = new EventHub()
  await events.start(storage)
  const queue = await Queue.open(storage, log)
  return {
    config: readConfig({
      TUNEBOOK_HOME: home,
      TUNEBOOK_THREADS: '2',
      TUNEBOOK_ADMIN_TOKEN: TEST_TOKEN,
      ...(databaseUrl && { DATABASE_URL: databaseUrl }),
    }),
    db: storage.db,
    storage,
    engine,
    queue,
    events,
    log,
    viewer: localViewer('API', 'tester'),
    clock: () => NOW,
    close: async () => {
      await queue.stop()
      await events.stop()
      await engine.close()
      await storage.close()
      await drop()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

async function freshStorage(
  home: string,
): Promise<{ storage: Storage; drop: () => Promise<void>; databaseUrl?: string }> {
  const server = process.env.TEST_DATABASE_URL
  if (!server) {
    const template = new Blob([readFileSync(inject('databaseTemplate'))])
    return { storage: await openEmbedded(home, { dataDir: 'memory://', loadDataDir: template }), drop: async () => {} }
  }
  const name = `tunebook_test_${randomBytes(6).toString('hex')}`
  const admin = postgres(server, { max: 1, onnotice: () => {} })
  await admin.unsafe(`create database ${name}`)
  const url = new URL(server)
  url.pathname = name
  const databaseUrl = url.toString()
  return {
    storage: await openStorage({ databaseUrl, home }),
    databaseUrl,
    drop: async () => {
      await admin.unsafe(`drop database ${name} with (force)`)
      await admin.end()
    },
  }
}
