/** Worker processes on one PostgreSQL, watched while they share a job. */
import { setTimeout as wait } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import type { Cluster } from '../../drill/cluster.ts'
import { Victim } from '../../drill/process.ts'
import type { AppContext } from '../../src/context.ts'
import { createSyntheticMarket } from '../../src/market/service.ts'
import { findStrategyByName } from '../../src/strategy/service.ts'
import { cancelTuningJob, createTuningJob } from '../../src/tuning/service.ts'
import { cpuOf, cpuOfAll, cpuOfServer } from './processes.ts'
import type { Idle, Run } from './model.ts'

const DAY = 86_400_000
const FROM = Date.UTC(2025, 0, 1)
const TRAINING_DAYS = 45
const TEST_DAYS = 15
/** Minutes to train on. */
export const BARS = TRAINING_DAYS * 1440
/** A block is this part of TUNEBOOK_SHARE_FROM (src/tuning/blocks.ts). */
const BLOCK_SHARE = 0.2
/** Parts of a job that are not looked at: candles are loaded, the last workers have nothing to do. */
const WARM_UP = 0.15
const TAIL = 0.05
const IDLE_MS = 6000
const LOOK_EVERY_MS = 40

interface Look {
  at: number
  done: number
  workerMs: number
  databaseMs: number
  allMs: number
  logMs: number
  walBytes: number
  commits: number
}

export class Fleet {
  readonly #ctx: AppContext
  readonly #cluster: Cluster
  readonly #samples: number
  readonly workers: Victim[] = []

  /** @param samples of a block */
  constructor(ctx: AppContext, cluster: Cluster, samples: number) {
    this.#ctx = ctx
    this.#cluster = cluster
    this.#samples = samples
  }

  /** Have so many workers, of one thread each. */
  async grow(count: number): Promise<void> {
    const environment = {
      DATABASE_URL: this.#cluster.url,
      TUNEBOOK_THREADS: '1',
      TUNEBOOK_SHARE_FROM: String(Math.ceil((this.#samples * BARS) / BLOCK_SHARE)),
    }
    while (this.workers.length < count) this.workers.push(new Victim('worker', environment))
    await Promise.all(this.workers.map((worker) => worker.started()))
  }

  async end(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.kill()))
  }

  /** Share a job of so many blocks, up to the last one; what comes after them is not waited for. */
  async run(blocks: number, seed: number): Promise<Run> {
    const ctx = this.#ctx
    const { id } = await createTuningJob(ctx, await jobInput(ctx, blocks * this.#samples, seed))
    const looks: Look[] = []
    for (;;) {
      const look = await this.#look(id)
      looks.push(look)
      if (look.done >= blocks) break
      await wait(LOOK_EVERY_MS)
    }
    await cancelTuningJob(ctx, id)
    const first = looks.find(({ done }) => done >= Math.max(1, WARM_UP * blocks))!
    const last = looks.findLast(({ done }) => done <= (1 - TAIL) * blocks)!
    const done = last.done - first.done
    if (done <= 0) throw new Error(`A run of ${blocks} blocks was over before it could be watched.`)
    const ms = last.at - first.at
    const worker = (last.workerMs - first.workerMs) / done
    const database = (last.databaseMs - first.databaseMs) / done
    return {
      workers: this.workers.length,
      samples: this.#samples,
      blocksPerSecond: (1000 * done) / ms,
      cost: {
        worker,
        database,
        log: (last.logMs - first.logMs) / done,
        cycle: (ms * this.workers.length) / done,
      },
      background: Math.max(0, (last.allMs - first.allMs) / ms - ((worker + database) * done) / ms),
      walBytes: (last.walBytes - first.walBytes) / done,
      commits: (last.commits - first.commits) / done,
    }
  }

  /** What the workers cost while there is nothing to do. */
  async idle(): Promise<Idle> {
    const { db } = this.#ctx
    const name = sql`application_name in ('tunebook', 'tunebook-queue', 'tunebook-presence')`
    const connections = async (): Promise<number> => {
      const counted = db.select({ n: sql<number>`count(*)::integer` })
      const [{ n }] = await counted.from(sql`pg_stat_activity`).where(name)
      return n
    }
    const [before, began] = [cpuOfServer(this.#cluster.folder), performance.now()]
    await wait(IDLE_MS)
    const database = cpuOfServer(this.#cluster.folder) - before
    const processes = this.workers.length + 1 // this process has the same connections
    const seconds = (performance.now() - began) / 1000
    return { database: database / seconds / processes, connections: Math.ceil((await connections()) / processes) }
  }

  async #look(jobId: string): Promise<Look> {
    const [row] = await this.#ctx.db
      .select({
        done: sql<number>`(select count(*)::integer from sample_blocks where job_id = ${jobId})`,
        logMs: sql<number>`(${LOG_MS})`,
        walBytes: sql<number>`pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::double precision`,
        commits: sql<number>`(select xact_commit::double precision from pg_stat_database where datname = current_database())`,
      })
      .from(sql`(select 1) as one`)
    const pids = this.workers.map(({ child }) => child.pid!)
    const databaseMs = cpuOfServer(this.#cluster.folder)
    return { ...row, at: performance.now(), workerMs: cpuOf(pids), databaseMs, allMs: cpuOfAll() }
  }
}

/** What it takes to bring the log to the disk, ms since the start; the database is asked to time it. */
const LOG_MS = sql.raw('select wal_sync_time from pg_stat_wal')

/** Have the database time what it writes. */
export async function timeTheLog({ db }: AppContext): Promise<void> {
  await db.execute(sql`alter system set track_wal_io_timing = on`)
  await db.execute(sql`select pg_reload_conf()`)
}

async function jobInput(ctx: AppContext, sampleCount: number, seed: number) {
  const bars = (TRAINING_DAYS + TEST_DAYS) * 1440
  const market = { symbol: 'BENCH/USDT', timeframe: '1m', bars, from: FROM, edge: 1, seed: 3 }
  const day = (days: number): Date => new Date(FROM + days * DAY)
  return {
    strategyId: (await findStrategyByName(ctx, 'rsi-adx-volume'))!.id,
    marketId: (await createSyntheticMarket(ctx, market)).id,
    trainingPeriod: { from: day(0), to: day(TRAINING_DAYS) },
    testPeriod: { from: day(TRAINING_DAYS), to: day(TRAINING_DAYS + TEST_DAYS) },
    sampler: 'RANDOM' as const,
    sampleCount,
    seed,
    objective: 'ROI' as const,
    algorithm: 'RANDOM_FOREST' as const,
    placeboRuns: 0,
  }
}
