import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import type { PgAsyncDatabase } from 'drizzle-orm/pg-core/async'
import type { PgliteDatabase } from 'drizzle-orm/pglite'
import { migrate as migrateLite } from 'drizzle-orm/pglite/migrator'
import { drizzle as drizzlePostgres } from 'drizzle-orm/postgres-js'
import { migrate as migratePostgres } from 'drizzle-orm/postgres-js/migrator'
import { startFailure } from './db-failure.ts'
import { ConflictError } from './errors.ts'
import { connect } from './postgres.ts'

const FOLDER = { migrationsFolder: fileURLToPath(new URL('../drizzle', import.meta.url)) }
/** Any number; all our processes use the same one, so that one of them migrates and the others wait. */
const MIGRATION_LOCK = 7_420_251_121

/** @throws ConflictError a newer version has changed the schema */
export async function migrateEmbedded(db: PgliteDatabase): Promise<void> {
  await refuseNewer(db)
  await migrateLite(db, FOLDER)
}

/**
 * Drizzle's migrator takes no lock, and two that start together fail; so the lock is ours. It belongs to the session,
 * which has no time limits, does nothing else and ends here: whatever happens, nobody waits for a lock in vain.
 *
 * @throws ConflictError    a newer version has changed the schema, or the server is too old
 * @throws UnavailableError the server cannot be reached, or does not let us in
 */
export async function migrateServer(url: string): Promise<void> {
  const client = connect(url, {
    max: 1,
    connection: { application_name: 'tunebook-migration', statement_timeout: 0, lock_timeout: 0 },
  })
  try {
    const [{ version }] = await client`select current_setting('server_version_num')::integer as version`
    refuseOlder(version)
    // So that the server stops where this process is killed; not every system that PostgreSQL runs on can tell.
    await client`set client_connection_check_interval = 1000`.catch(() => {})
    await client`select pg_advisory_lock(${MIGRATION_LOCK})`
    const db = drizzlePostgres({ client })
    await refuseNewer(db)
    await migratePostgres(db, FOLDER)
  } catch (error) {
    throw startFailure(error)
  } finally {
    await client.end({ timeout: 1 })
  }
}

/** The oldest PostgreSQL that we answer for; what an older one lacks would show much later. */
const OLDEST = 14

/** @param version as the server says it, in numbers: 140011 @throws ConflictError too old */
export function refuseOlder(version: number): void {
  const major = Math.floor(version / 10_000)
  if (major >= OLDEST) return
  throw new ConflictError(
    `The database of DATABASE_URL is PostgreSQL ${major}; Tunebook needs ${OLDEST} or newer. Upgrade it, or name another one.`,
  )
}

/** What this version would write into a schema that it does not know could not be trusted. */
// oxlint-disable-next-line typescript/no-explicit-any -- either driver
async function refuseNewer(db: PgAsyncDatabase<any>): Promise<void> {
  const known = readMigrationFiles(FOLDER).map(({ name }) => name)
  const [{ table }] = await db
    .select({ table: sql<string | null>`to_regclass('drizzle.__drizzle_migrations')::text` })
    .from(sql`(select 1) as one`)
  if (table === null) return
  const applied = await db.select({ name: sql<string>`name` }).from(sql`drizzle.__drizzle_migrations`)
  const unknown = applied.map(({ name }) => name).filter((name) => !known.includes(name))
  if (unknown.length === 0) return
  throw new ConflictError(
    `The database has been upgraded by a newer Tunebook: this version does not know its migration ${unknown.toSorted().at(-1)}. Start that version or a later one, or restore the backup that was made before the upgrade.`,
  )
}
