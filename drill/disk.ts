import { rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { syntheticCandles } from '../src/market/synthetic.ts'
import { Cluster } from './cluster.ts'
import type { Drill } from './drill.ts'
import { FollowedJobs } from './followed-jobs.ts'
import { Server } from './server.ts'

const DISK_MB = 160
/** So little is left that the log of PostgreSQL goes on, which has its space already, and a table does not grow. */
const LEFT_BYTES = 64 * 1024
const HOURS = 20_000
/** Longer than three deliveries of a job take. */
const FULL_MS = 10_000

/**
 * Promise R8: the disk of the database fills up while jobs run. What writes is told so, what reads goes on, the server
 * lives; soon after space is freed everything is as before, and the jobs end as if nothing had been.
 */
export const disk: Drill = async ({ report }) => {
  if (process.getuid?.() !== 0) {
    report({ skipped: 'a disk of its own takes root' })
    return true
  }
  const cluster = await Cluster.create({ tmpfsMb: DISK_MB })
  let server: Server | undefined
  try {
    server = await Server.start({ DATABASE_URL: cluster.url, TUNEBOOK_THREADS: '1' })
    const before = await importMarket(server, 'BEFORE/USDT')
    const jobs = await FollowedJobs.start(cluster, server)
    const ballast = join(cluster.folder, 'ballast')
    const { bavail, bsize } = statfsSync(cluster.folder)
    writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - LEFT_BYTES), 1))
    const full = await importMarket(server, 'FULL/USDT')
    const reading = await server.ask('{ markets { totalCount } strategies { totalCount } }')
    await wait(FULL_MS)
    rmSync(ballast)
    const freed = performance.now()
    let after = await importMarket(server, 'AFTER/USDT')
    while (after !== null && performance.now() - freed < 20_000) {
      await wait(100)
      after = await importMarket(server, 'AFTER/USDT')
    }
    const healedMs = Math.round(performance.now() - freed)
    const followed = await jobs.outcome()
    const alive = server.victim.isAlive
    report({ whileFull: full, readingWhileFull: reading.code ?? 'answered', healedMs, ...followed, serverAlive: alive })
    return (
      before === null &&
      full === 'STORAGE_FULL' &&
      reading.code === undefined &&
      healedMs <= 10_000 &&
      followed.jobsLost === 0 &&
      followed.otherBits === 0 &&
      followed.endsMissed === 0 &&
      alive
    )
  } finally {
    await server?.victim.kill()
    cluster.remove()
  }
}

/** Half a megabyte of candles. @returns the code of the error, null where they were stored */
async function importMarket(server: Server, symbol: string): Promise<string | null> {
  const candles = syntheticCandles({ seed: 1, bars: HOURS, timeframe: '1h', from: Date.UTC(2020, 0, 1), edge: 0 })
  const lines = Array.from({ length: HOURS }, (_, bar) =>
    [candles.openTime, candles.open, candles.high, candles.low, candles.close, candles.volume]
      .map((column) => column[bar])
      .join(','),
  )
  const mutation = `mutation ($input: CandleImportInput!) {
    importCandles(input: $input) { __typename ... on ValidationError { message } }
  }`
  const content = Buffer.from(`${lines.join('\n')}\n`).toString('base64')
  const { code, data } = await server.ask(mutation, { input: { exchange: 'drill', symbol, timeframe: '1h', content } })
  const result = data?.importCandles as { __typename: string; message?: string } | undefined
  return code ?? (result?.__typename === 'ImportCandlesSuccess' ? null : (result?.message ?? 'no answer'))
}
