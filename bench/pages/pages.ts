/**
 * Pages of a study of 100,000 samples, asked over HTTP of a server on each of the two databases: the first, one in the
 * middle and the last, in several orders and under each filter, with the count of all that the filter lets pass.
 *
 * npm run bench:pages [-- samples]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { pino } from 'pino'
import { Cluster } from '../../drill/cluster.ts'
import { openApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import type { AppContext } from '../../src/context.ts'
import { serveHttp } from '../../src/server/http.ts'
import type { SampleFilter, SampleOrder } from '../../src/tuning/sample-list.ts'
import { cpuMsOf, median, quantileOf, wallMs } from '../engine/clock.ts'
import { Report } from '../engine/report.ts'
import { fillStudy } from './fill.ts'

const GOAL_MS = 50
const TOKEN = 'the-admin-token-of-the-bench-of-pages'
const ROUNDS = 15

const samples = Number(process.argv[2] ?? 100_000)
const report = new Report()

const ORDERS: SampleOrder[] = [
  { field: 'INDEX', direction: 'ASC' },
  { field: 'INDEX', direction: 'DESC' },
  { field: 'OBJECTIVE', direction: 'DESC' },
  { field: 'PREDICTED', direction: 'ASC' },
]
const FILTERS: Record<string, SampleFilter> = {
  'a split': { split: ['VALIDATION'] },
  'least trades': { minTrades: 40 },
  'least objective': { minObjective: 0.2 },
  'all three': { split: ['VALIDATION', 'TEST'], minTrades: 20, minObjective: 0.1 },
  'hardly any': { minObjective: 0.8 },
}

const QUERY = `query ($id: ID!, $first: Int, $last: Int, $after: String, $filter: SampleFilter, $orderBy: SampleOrder) {
  tuningJob(id: $id) {
    samples(first: $first, last: $last, after: $after, filter: $filter, orderBy: $orderBy) {
      totalCount
      pageInfo { endCursor hasNextPage }
      nodes { index split objective predicted parameters metrics { roi sharpeRatio maxDrawdown tradeCount } }
    }
  }
}`

interface Answer {
  totalCount: number
  pageInfo: { endCursor: string }
  nodes: { index: number }[]
}

await measure('embedded', {})
const cluster = await Cluster.create()
try {
  await measure('PostgreSQL', { DATABASE_URL: cluster.url })
} finally {
  cluster.remove()
}
report.printGoals()
report.write('pages.json')
if (report.goals.some(({ value, goal }) => value > goal)) process.exitCode = 1

async function measure(database: string, environment: Record<string, string>): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'tunebook-bench-'))
  const config = readConfig({ TUNEBOOK_HOME: home, TUNEBOOK_ADMIN_TOKEN: TOKEN, PORT: '0', ...environment })
  const app = await openApp(config, pino({ level: 'silent' }))
  const server = await serveHttp(app.ctx)
  try {
    await app.ctx.queue.stop() // nobody takes the job up: it is written here
    const began = performance.now()
    const id = await fillStudy(app.ctx, samples)
    const seconds = (performance.now() - began) / 1000
    await measurePages(database, (variables) => ask(server.url, { id, ...variables }))
    const bytes = await bytesPerSample(app.ctx)
    report.note(`${database}: ${bytes} bytes per sample on disk; backtested and stored in ${seconds.toFixed(1)} s`)
  } finally {
    await server.close()
    await app.close()
    rmSync(home, { recursive: true, force: true })
  }
}

async function measurePages(database: string, page: (variables: object) => Promise<Answer>): Promise<void> {
  const asked: [name: string, variables: object][] = []
  for (const orderBy of ORDERS) {
    const name = `${orderBy.field} ${orderBy.direction}`
    const after = await middleCursor(page, orderBy)
    asked.push([`first page, ${name}`, { first: 100, orderBy }])
    asked.push(
      [`in the middle, ${name}`, { first: 100, orderBy, after }],
      [`last page, ${name}`, { last: 100, orderBy }],
    )
  }
  for (const [name, filter] of Object.entries(FILTERS)) {
    for (const orderBy of [ORDERS[0], ORDERS[2]]) {
      asked.push([`${name}, ${orderBy.field} ${orderBy.direction}`, { first: 100, filter, orderBy }])
    }
  }
  const rows = []
  let slowest = 0
  for (const [name, variables] of asked) {
    const { totalCount, nodes } = await page(variables)
    const times = await wallMs(() => page(variables), ROUNDS)
    const cpu = await cpuMsOf(async () => {
      for (let round = 0; round < ROUNDS; round++) await page(variables)
    })
    const [p50, p90] = [median(times), quantileOf(times, 0.9)]
    rows.push({
      page: name,
      rows: nodes.length,
      of: totalCount,
      p50: ms(p50),
      p90: ms(p90),
      'CPU ms': ms(cpu / ROUNDS),
    })
    slowest = Math.max(slowest, p50)
  }
  report.goal(`${database}: the slowest kind of page, median`, slowest, '≤', GOAL_MS, 'ms')
  report.table(`${database}: pages of ${samples.toLocaleString('en-US')} samples over HTTP, ms`, rows)
}

/** A cursor that half of the samples come before. */
async function middleCursor(page: (variables: object) => Promise<Answer>, orderBy: SampleOrder): Promise<string> {
  const cursorOf = (key: [number, string]): string => Buffer.from(JSON.stringify(key)).toString('base64url')
  if (orderBy.field === 'INDEX') return cursorOf([samples >> 1, String(samples >> 1)])
  let [low, high] = [-1, 2]
  for (let step = 0; step < 20; step++) {
    const value = (low + high) / 2
    const { totalCount } = await page({ first: 0, filter: { minObjective: value } })
    if (totalCount > samples / 2) low = value
    else high = value
  }
  return cursorOf([orderBy.field === 'PREDICTED' ? 0.9 * low : low, '0'])
}

async function ask(url: string, variables: object): Promise<Answer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify({ query: QUERY, variables }),
  })
  const { data, errors } = (await response.json()) as { data: { tuningJob: { samples: Answer } }; errors?: unknown }
  if (errors) throw new Error(JSON.stringify(errors))
  return data.tuningJob.samples
}

async function bytesPerSample({ db }: AppContext): Promise<number> {
  const size = sql<string>`pg_total_relation_size('sample_blocks')`
  const [{ bytes }] = await db.select({ bytes: size }).from(sql`(select 1) as one`)
  return Math.round(Number(bytes) / samples)
}

function ms(value: number): number {
  return Math.round(10 * value) / 10
}
