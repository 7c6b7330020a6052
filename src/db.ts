import { createHash } from 'node:crypto'
import { mkdirSync, realpathSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { PGlite, type PGliteOptions, type Results, type Transaction as LiteTransaction } from '@electric-sql/pglite'
import type { PgAsyncDatabase } from 'drizzle-orm/pg-core/async'
import { drizzle as drizzleLite } from 'drizzle-orm/pglite'
import { drizzle as drizzlePostgres } from 'drizzle-orm/postgres-js'
import type { Config } from './config.ts'
import { withDeadline } from './deadline.ts'
import { ConflictError } from './errors.ts'
import { migrateEmbedded, migrateServer } from './migration.ts'
import { operationSignal } from './operation.ts'
import { connect } from './postgres.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- the two drivers' result types meet only here
export type Database = PgAsyncDatabase<any>
/** What a service function does its work with: the database, or the transaction it was called in. */
export type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0]

/** An open database, embedded or server, with its schema up to date. */
export interface Storage {
  db: Database
  /** What the queue connects with. */
  engine: { kind: 'embedded'; lite: PGlite } | { kind: 'server'; url: string }
  /** Call back at every NOTIFY on `channel` (lower case), from any process; and once after each reconnect, with ''. */
  listen(channel: string, callback: (payload: string) => void): Promise<() => Promise<void>>
  close(): Promise<void>
}

/**
 * Open the database that the configuration names and bring its schema up to date.
 *
 * @throws ConflictError     another process holds the embedded folder, or a newer version has changed the schema
 * @throws UnavailableError  the server cannot be reached
 */
export async function openStorage(config: Pick<Config, 'databaseUrl' | 'home'>): Promise<Storage> {
  return config.databaseUrl === undefined ? openEmbedded(config.home) : openServer(config.databaseUrl)
}

/**
 * PGlite that gives the event loop a turn before each statement. Without it two thousand awaited queries in a row
 * starve HTTP and timers for half a second.
 */
class PoliteLite extends PGlite {
  override async _runExclusiveQuery<T>(statement: () => Promise<T>): Promise<T> {
    await turn()
    return super._runExclusiveQuery(statement)
  }

  /** A statement that has begun cannot be cancelled here; the next one of an operation that was given up is not begun. */
  override async query<T>(...args: Parameters<PGlite['query']>): Promise<Results<T>> {
    operationSignal()?.throwIfAborted()
    return super.query<T>(...args)
  }

  override transaction<T>(work: (tx: LiteTransaction) => Promise<T>): Promise<T> {
    return super.transaction((tx) => {
      const query = async <R>(...args: Parameters<PGlite['query']>): Promise<Results<R>> => {
        operationSignal()?.throwIfAborted()
        return tx.query<R>(...args)
      }
      return work({ ...tx, query })
    })
  }
}

const BYTEA = 17

/**
 * Both drivers would turn bytes into a Buffer, whose `slice` is a view into memory that others share, or (PGlite) go
 * through the text character by character, at a tenth of the speed.
 */
const BYTES = {
  parse: (text: string): Uint8Array => {
    const { buffer, byteOffset, byteLength } = Buffer.from(text.slice(2), 'hex')
    return new Uint8Array(buffer, byteOffset, byteLength)
  },
  serialize: ({ buffer, byteOffset, byteLength }: Uint8Array): string =>
    `\\x${Buffer.from(buffer, byteOffset, byteLength).toString('hex')}`,
}

/** @param options for tests, which start from a template in memory; the home folder is then only locked */
export async function openEmbedded(home: string, options: PGliteOptions = {}): Promise<Storage> {
  mkdirSync(home, { recursive: true, mode: 0o700 })
  const unlock = await lockFolder(home)
  try {
    const lite = new PoliteLite({
      dataDir: join(home, 'database'),
      parsers: { [BYTEA]: BYTES.parse },
      serializers: { [BYTEA]: BYTES.serialize },
      ...options,
    })
    await lite.waitReady
    const db = drizzleLite({ client: lite })
    await migrateEmbedded(db)
    return {
      db,
      engine: { kind: 'embedded', lite },
      listen: (channel, callback) => lite.listen(channel, callback),
      close: async () => {
        await lite.close()
        await unlock()
      },
    }
  } catch (error) {
    await unlock()
    throw error
  }
}

/** The server ends a statement after this long. */
const STATEMENT_MS = 30_000
/** We stop waiting a little later: then the server itself is not heard any more. */
const DEADLINE_MS = 35_000

async function openServer(url: string): Promise<Storage> {
  await migrateServer(url)
  const client = connect(url, {
    max: 10,
    backoff: (attempt) => Math.min(0.5, 0.05 * 2 ** attempt),
    idle_timeout: 60,
    connection: { application_name: 'tunebook', statement_timeout: STATEMENT_MS, lock_timeout: 10_000 },
    types: { bytea: { to: BYTEA, from: [BYTEA], ...BYTES } },
  })
  return {
    db: drizzlePostgres({ client: withDeadline(client, DEADLINE_MS) }),
    engine: { kind: 'server', url },
    listen: async (channel, callback) => {
      const listener = await client.listen(channel, callback, () => callback(''))
      return () => listener.unlisten()
    },
    close: () => client.end({ timeout: 5 }),
  }
}

/**
 * PGlite takes no lock of its own: a second process would open the folder and its writes would vanish. A listening
 * abstract socket named after the folder is freed by the kernel even on kill -9 (Linux; per network namespace).
 *
 * @returns how to free it
 */
export async function lockFolder(home: string): Promise<() => Promise<void>> {
  if (process.platform !== 'linux') return async () => {}
  const name = createHash('sha256').update(realpathSync(home)).digest('hex').slice(0, 32)
  const server = createServer()
  server.unref()
  await new Promise<void>((done, fail) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      fail(
        error.code === 'EADDRINUSE'
          ? new ConflictError(
              `Another process is using ${home}. Stop it, set TUNEBOOK_HOME to another folder, or set DATABASE_URL to share one PostgreSQL.`,
            )
          : error,
      ),
    )
    server.listen(`\0tunebook-${name}`, done)
  })
  return () => new Promise((done) => server.close(() => done()))
}

/** A driver's SQLSTATE, whichever of the two drivers threw; undefined for other errors. */
export function sqlState(error: unknown): string | undefined {
  const { cause, code } = Object(error) as { cause?: { code?: unknown }; code?: unknown }
  const state = cause?.code ?? code
  return typeof state === 'string' ? state : undefined
}
