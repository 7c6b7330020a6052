import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { drizzle } from 'drizzle-orm/postgres-js'
import { migrate } from 'drizzle-orm/postgres-js/migrator'
import postgres from 'postgres'
import { openStorage } from '../src/db.ts'
import { readSamples } from '../src/tuning/sample-store.ts'
import { Cluster } from './cluster.ts'
import type { Drill } from './drill.ts'
import { populate, SAMPLES } from './populate.ts'
import { Victim } from './process.ts'

/** The schema that is upgraded ends before this migration, which rewrites every sample. */
const FIRST_NEW = 'sample_blocks'
const SERVERS = 4
const MOST_SECONDS = 60
const MOST_LOCKED_MS = 1000
const COMPARED_JOBS = 10
const FOLDER = fileURLToPath(new URL('../drizzle', import.meta.url))

/**
 * Promise R24: a database of 1,000 jobs and a million samples, of an older schema. A server that upgrades it is killed in
 * the middle; then four start at once, and one of them does it within a minute, while nobody waits long for a table.
 * Nothing is lost or changed, and a server that is older than the schema refuses to start.
 */
export const upgrade: Drill = async ({ random, report }) => {
  const cluster = await Cluster.create({ walMb: 2048 })
  const client = postgres(cluster.url, { max: 4, onnotice: () => {} })
  const servers: Victim[] = []
  try {
    await olderSchema(cluster.url)
    const populating = performance.now()
    const jobs = await populate(client)
    const populatedSeconds = Math.round((performance.now() - populating) / 1000)
    const bytesBefore = await sizeOf(client, 'samples')
    const compared = Array.from({ length: COMPARED_JOBS }, () => jobs[Math.floor(random() * jobs.length)])
    const before = await Promise.all(compared.map((id) => oldSamples(client, id)))

    await killInside(client, cluster.url, 200 + 1500 * random())
    const stillOld = await sizeOf(client, 'samples')

    const environment = { DATABASE_URL: cluster.url, PORT: '0', TUNEBOOK_THREADS: '1' }
    const done = new AbortController()
    const locked = Promise.all(PROBES.map((probe) => slowest(client, probe, done.signal)))
    const began = performance.now()
    for (let server = 0; server < SERVERS; server++) servers.push(new Victim('serve', environment))
    await Promise.all(servers.map((server) => server.started()))
    const seconds = (performance.now() - began) / 1000
    done.abort()
    const lockedMs = Math.max(...(await locked))

    const [{ samples }] = await client`select sum(count)::integer as samples from sample_blocks`
    const after = await newSamples(cluster.url, compared)
    const [{ twice }] = await client`select count(*) - count(distinct name) as twice from drizzle.__drizzle_migrations`
    const [{ migrations }] = await client`select count(*)::integer as migrations from drizzle.__drizzle_migrations`
    const refusal = await olderServer(client, environment)
    const same = JSON.stringify(before) === JSON.stringify(after)
    report({
      populatedSeconds,
      jobs: jobs.length,
      samples,
      seconds: Math.round(10 * seconds) / 10,
      lockedMs: Math.round(lockedMs),
      rolledBack: stillOld === bytesBefore,
      migrations,
      migratedTwice: Number(twice),
      same,
      bytesPerSampleBefore: Math.round(bytesBefore / SAMPLES),
      bytesPerSampleAfter: Math.round((await sizeOf(client, 'sample_blocks')) / SAMPLES),
      refusal,
    })
    return (
      samples === SAMPLES &&
      seconds <= MOST_SECONDS &&
      lockedMs <= MOST_LOCKED_MS &&
      stillOld === bytesBefore &&
      migrations === readdirSync(FOLDER).length &&
      Number(twice) === 0 &&
      same &&
      refusal.includes('upgraded by a newer Tunebook')
    )
  } finally {
    await Promise.all(servers.map((server) => server.kill()))
    await client.end({ timeout: 1 })
    cluster.remove()
  }
}

/** What an older version would have left: its migrations, applied. */
async function olderSchema(url: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tunebook-older-'))
  const names = readdirSync(FOLDER).toSorted()
  const end = names.findIndex((name) => name.endsWith(FIRST_NEW))
  if (end < 0) throw new Error(`There is no migration ${FIRST_NEW}.`)
  const client = postgres(url, { max: 1, onnotice: () => {} })
  try {
    for (const name of names.slice(0, end)) cpSync(join(FOLDER, name), join(folder, name), { recursive: true })
    await migrate(drizzle({ client }), { migrationsFolder: folder })
  } finally {
    await client.end()
    rmSync(folder, { recursive: true })
  }
}

/** A process that dies while it rewrites the samples. */
async function killInside(client: postgres.Sql, url: string, afterMs: number): Promise<void> {
  const victim = new Victim('migrate', { DATABASE_URL: url })
  const writing = async (): Promise<boolean> => {
    const inside = await client`select 1 from pg_stat_activity where application_name = 'tunebook-migration'
      and state = 'active' and query like '%INSERT INTO "sample_blocks"%'`
    return inside.length > 0
  }
  while (victim.isAlive && !(await writing())) await wait(20)
  await wait(afterMs)
  if (!victim.isAlive) throw new Error(`The migration was over before it could be killed:\n${victim.output}`)
  await victim.kill()
}

/** What the API does all the time: none of it may have to wait long for a table. */
const PROBES: ((client: postgres.Sql) => Promise<unknown>)[] = [
  (client) => client`update tuning_jobs set revision = revision + 1 where name = 'job 1'`,
  (client) => client`update strategies set name = name`,
  (client) => client`select id from models limit 1`,
]

async function slowest(
  client: postgres.Sql,
  probe: (client: postgres.Sql) => Promise<unknown>,
  signal: AbortSignal,
): Promise<number> {
  let worst = 0
  while (!signal.aborted) {
    const asked = performance.now()
    await probe(client)
    worst = Math.max(worst, performance.now() - asked)
    await wait(50)
  }
  return worst
}

async function sizeOf(client: postgres.Sql, table: string): Promise<number> {
  const [{ bytes }] = await client`select pg_total_relation_size(${table}::regclass)::float8 as bytes`
  return bytes as number
}

/** index, split, tradeCount, objective, predicted, packed in hex */
type Line = [number, string, number, number | null, number | null, string]

async function oldSamples(client: postgres.Sql, jobId: string): Promise<Line[]> {
  const rows = await client`select index, split, trade_count, objective, predicted, encode(packed, 'hex') as packed
    from samples where job_id = ${jobId} order by index`
  return rows.map((row) => [row.index, row.split, row.trade_count, row.objective, row.predicted, row.packed] as Line)
}

async function newSamples(databaseUrl: string, jobIds: string[]): Promise<Line[][]> {
  const storage = await openStorage({ databaseUrl, home: '' })
  try {
    const all = await Promise.all(jobIds.map((id) => readSamples(storage.db, id)))
    return all.map((rows) =>
      rows.map(({ index, split, tradeCount, objective, predicted, values }): Line => {
        const packed = Buffer.from(values.slice().buffer).toString('hex')
        return [index, split, tradeCount, objective, predicted, packed]
      }),
    )
  } finally {
    await storage.close()
  }
}

/** A server that does not know the newest migration of the database. @returns what it says */
async function olderServer(client: postgres.Sql, environment: Record<string, string>): Promise<string> {
  await client`insert into drizzle.__drizzle_migrations (hash, created_at, name) values ('', 0, '29991231000000_future')`
  const older = new Victim('serve', environment)
  const code = await older.ended()
  return code === 1 ? older.output.trim() : `It ended with ${code}: ${older.output}`
}
