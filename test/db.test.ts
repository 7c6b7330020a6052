import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { customType, integer, pgTable } from 'drizzle-orm/pg-core'
import { count, eq, sql } from 'drizzle-orm'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { lockFolder, openEmbedded, openStorage, sqlState, type Storage } from '../src/db.ts'
import { ConflictError, UnavailableError } from '../src/errors.ts'
import { seedStrategies } from '../src/strategy/service.ts'
import { strategies } from '../src/strategy/table.ts'
import { testContext, type TestContext } from './helpers.ts'

/** Each is a folder. */
const MIGRATIONS = readdirSync(fileURLToPath(new URL('../drizzle', import.meta.url))).length

const folders: string[] = []
const children: ChildProcess[] = []
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'tunebook-db-'))
  folders.push(path)
  return path
}

/** Another process with the same database; `said` is its first line. */
function open(home: string, databaseUrl = ''): { child: ChildProcess; said: Promise<string>; ended: Promise<unknown> } {
  const script = fileURLToPath(new URL('db-process.ts', import.meta.url))
  const child = spawn(process.execPath, [script, home, databaseUrl], { stdio: ['pipe', 'pipe', 'inherit'] })
  children.push(child)
  const ended = new Promise((resolve) => child.on('close', resolve))
  const said = new Promise<string>((resolve) => {
    child.stdout.on('data', (text: Buffer) => resolve(text.toString().trim()))
    child.on('close', () => resolve('nothing'))
  })
  return { child, said, ended }
}

/** The embedded database in a folder of its own, made from the template where there is one. */
function openFolder(home: string): Promise<Storage> {
  const template = inject('databaseTemplate')
  return openEmbedded(home, existsSync(template) ? { loadDataDir: new Blob([readFileSync(template)]) } : {})
}

describe('the embedded database', () => {
  test('keeps what was written when it is opened again, and at once', async () => {
    const home = folder()
    const first = await openFolder(home)
    await seedStrategies(first)
    const before = await first.db.select().from(strategies)
    await first.close()
    const again = await openEmbedded(home)
    expect(await again.db.select().from(strategies)).toEqual(before)
    await again.close()
  })

  test('belongs to one process at a time, and to the next one after a kill -9', async () => {
    const home = folder()
    await (await openFolder(home)).close()
    const holder = open(home)
    expect(await holder.said).toBe('open')

    await expect(openEmbedded(home)).rejects.toThrow(ConflictError)
    await expect(openEmbedded(home)).rejects.toThrow(
      `Another process is using ${home}. Stop it, set TUNEBOOK_HOME to another folder, or set DATABASE_URL to share one PostgreSQL.`,
    )
    expect(await open(home).said).toContain(`ConflictError: Another process is using ${home}.`)

    holder.child.kill('SIGKILL')
    await holder.ended
    const heir = await openEmbedded(home)
    const [row] = await heir.db.select({ total: count() }).from(strategies)
    expect(row.total).toBe(0)
    await heir.close()
  })

  test('lets go of its folder when it cannot be opened', async () => {
    const home = folder()
    writeFileSync(join(home, 'database'), 'not a folder')
    await expect(openEmbedded(home)).rejects.toThrow()
    rmSync(join(home, 'database'))
    await (await openFolder(home)).close()
  })

  test('is refused where a newer version has changed its schema, and left as it is', async () => {
    const home = folder()
    const storage = await openFolder(home)
    const future = '29991231000000_future'
    await storage.db.execute(
      sql`insert into drizzle.__drizzle_migrations (hash, created_at, name) values ('', 0, ${future})`,
    )
    await storage.close()
    await expect(openEmbedded(home)).rejects.toThrow(
      new ConflictError(
        `The database has been upgraded by a newer Tunebook: this version does not know its migration ${future}. Start that version or a later one, or restore the backup that was made before the upgrade.`,
      ),
    )
    await (
      await lockFolder(home)
    )() // nobody holds it
  })

  test('lets timers run between statements', async () => {
    const storage = await openFolder(folder())
    let ticks = 0
    const timer = setInterval(() => ticks++, 1)
    for (let i = 0; i < 300; i++) await storage.db.execute(sql`select ${i}::integer`)
    clearInterval(timer)
    expect(ticks).toBeGreaterThan(10)
    await storage.close()
  })
})

const server = process.env.TEST_DATABASE_URL

describe.skipIf(!server)('a database server', () => {
  const admin = postgres(server ?? 'postgres://nowhere', { max: 1, onnotice: () => {} })
  const names: string[] = []
  afterAll(async () => {
    for (const name of names) await admin.unsafe(`drop database if exists ${name} with (force)`)
    await admin.end()
  })

  async function emptyDatabase(): Promise<string> {
    const name = `tunebook_test_${randomBytes(6).toString('hex')}`
    names.push(name)
    await admin.unsafe(`create database ${name}`)
    const url = new URL(server!)
    url.pathname = name
    return url.toString()
  }

  test('is migrated once by processes that start at the same moment', async () => {
    const url = await emptyDatabase()
    const processes = Array.from({ length: 4 }, () => open(folder(), url))
    expect(await Promise.all(processes.map(({ said }) => said))).toEqual(['open', 'open', 'open', 'open'])
    for (const { child } of processes) child.stdin!.end()
    await Promise.all(processes.map(({ ended }) => ended))

    const client = postgres(url, { max: 1, onnotice: () => {} })
    expect(await client`select count(*)::integer as migrations from drizzle.__drizzle_migrations`).toEqual([
      { migrations: MIGRATIONS },
    ])
    expect(
      await client`select count(*)::integer as locks from pg_locks l join pg_database d on d.oid = l.database
        where l.locktype = 'advisory' and d.datname = current_database()`,
    ).toEqual([{ locks: 0 }])
    await client.end()
  })

  test('that is not there is unavailable, with what to check', async () => {
    const databaseUrl = new URL(server!)
    databaseUrl.port = '1'
    const refused = openStorage({ databaseUrl: databaseUrl.toString(), home: '' })
    await expect(refused).rejects.toThrow(UnavailableError)
    await expect(refused).rejects.toThrow(/ECONNREFUSED.* Check host and port/)
    const url = new URL(server!)
    url.pathname = 'no_such_database'
    await expect(openStorage({ databaseUrl: url.toString(), home: '' })).rejects.toThrow(
      /"no_such_database" does not exist.* Check user, password and name of the database/,
    )
  })

  test('whose user has no rights in it says so, with the remedy', async () => {
    const url = new URL(await emptyDatabase())
    const guest = `tunebook_guest_${randomBytes(6).toString('hex')}`
    await admin.unsafe(`create role ${guest} login password 'guest'`)
    try {
      Object.assign(url, { username: guest, password: 'guest' })
      await expect(openStorage({ databaseUrl: url.toString(), home: '' })).rejects.toThrow(
        /permission denied for database .* Make the user its owner/,
      )
    } finally {
      await admin.unsafe(`drop role ${guest}`)
    }
  })
})

describe('either database', () => {
  let ctx: TestContext
  beforeAll(async () => {
    ctx = await testContext()
  })
  afterAll(() => ctx.close())

  test('passes notifications on, to every listener, until it stops listening', async () => {
    const heard: string[] = []
    const ignored: string[] = []
    const stop = await ctx.storage.listen('tunebook_test', (payload) => heard.push(payload))
    const stopOther = await ctx.storage.listen('tunebook_test', (payload) => ignored.push(payload))
    await stopOther()
    const notify = (channel: string, payload: string) => ctx.db.execute(sql`select pg_notify(${channel}, ${payload})`)
    await notify('tunebook_test', 'Job:A:ß')
    await notify('tunebook_other', 'elsewhere')
    await expect.poll(() => heard.filter(Boolean)).toEqual(['Job:A:ß'])
    await stop()
    await notify('tunebook_test', 'too late')
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(heard.filter(Boolean)).toEqual(['Job:A:ß'])
    expect(ignored.filter(Boolean)).toEqual([])
  })

  test('gives bytes back as they were, in memory of their own', async () => {
    const bytea = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => 'bytea' })
    const table = pgTable('test_bytes', { id: integer().primaryKey(), bytes: bytea().notNull() })
    await ctx.db.execute(sql`create table test_bytes (id integer primary key, bytes bytea not null)`)
    const sizes = [0, 1, 8, 272, 4096, 100_000]
    const expected = sizes.map((size) => new Uint8Array(randomBytes(size)))
    await ctx.db.insert(table).values(expected.map((bytes, id) => ({ id, bytes: bytes.subarray() })))
    const rows = await ctx.db.select().from(table).orderBy(table.id)
    expect(rows.map(({ bytes }) => bytes)).toEqual(expected)
    // A Buffer's slice would be a view into memory that it shares with others.
    for (const { bytes } of rows) {
      expect(Buffer.isBuffer(bytes)).toBe(false)
      expect(bytes.slice().buffer.byteLength).toBe(bytes.length)
    }
  })

  test('tells the state of an error, whichever driver threw it', async () => {
    await seedStrategies(ctx)
    const [row] = await ctx.db.select().from(strategies).limit(1)
    const twice = await ctx.db
      .insert(strategies)
      .values(row)
      .catch((error: unknown) => error)
    expect(sqlState(twice)).toBe('23505')
    expect(sqlState(new Error('no state'))).toBeUndefined()
    expect(sqlState(undefined)).toBeUndefined()
  })

  test('shows nothing of a transaction that failed', async () => {
    const [row] = await ctx.db.select().from(strategies).limit(1)
    const work = ctx.db.transaction(async (tx) => {
      await tx.delete(strategies).where(eq(strategies.id, row.id))
      throw new Error('stop')
    })
    await expect(work).rejects.toThrow('stop')
    expect(await ctx.db.select().from(strategies).where(eq(strategies.id, row.id))).toHaveLength(1)
  })
})
