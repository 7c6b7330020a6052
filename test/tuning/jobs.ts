import type { AppContext } from '../../src/context.ts'
import { createSyntheticMarket } from '../../src/market/service.ts'
import type { MarketRow } from '../../src/market/table.ts'
import { findStrategyByName, seedStrategies } from '../../src/strategy/service.ts'
import type { CreateTuningJobInput } from '../../src/tuning/input.ts'
import { createTuningJob, getTuningJob } from '../../src/tuning/service.ts'
import type { TuningJobRow } from '../../src/tuning/table.ts'

const DAY = 86_400_000
export const FROM = Date.UTC(2025, 0, 1)
/** Days of the market; its candles are 15 minutes long. */
export const DAYS = 60

export function day(number: number): Date {
  return new Date(FROM + number * DAY)
}

/** A market with an edge that rsi-adx-volume can find, the same for everybody who asks. */
export function market(ctx: AppContext, symbol = 'TEST/USDT'): Promise<MarketRow> {
  return createSyntheticMarket(ctx, { symbol, timeframe: '15m', bars: DAYS * 96, from: FROM, edge: 2, seed: 3 })
}

/** A job that takes a fraction of a second: 45 days to train on, 15 to test. */
export async function smallJob(
  ctx: AppContext,
  { strategy = 'rsi-adx-volume', ...changes }: Partial<CreateTuningJobInput> & { strategy?: string } = {},
): Promise<CreateTuningJobInput> {
  await seedStrategies(ctx)
  return {
    strategyId: (await findStrategyByName(ctx, strategy))!.id,
    marketId: (await market(ctx)).id,
    trainingPeriod: { from: day(0), to: day(45) },
    testPeriod: { from: day(45), to: day(60) },
    sampler: 'LATIN_HYPERCUBE',
    sampleCount: 40,
    objective: 'ROI',
    algorithm: 'RANDOM_FOREST',
    hyperparameters: { nEstimators: 10 },
    riskLimits: { minTrades: 3 },
    placeboRuns: 20,
    ...changes,
  }
}

/** Create a small job and wait for its end; a worker is running. */
export async function runJob(
  ctx: AppContext,
  changes: Partial<CreateTuningJobInput> & { strategy?: string } = {},
): Promise<TuningJobRow> {
  const { id } = await createTuningJob(ctx, await smallJob(ctx, changes))
  return untilFinal(ctx, id)
}

export function untilFinal(ctx: AppContext, id: string): Promise<TuningJobRow> {
  return until(ctx, id, ({ status }) => !['PENDING', 'RUNNING'].includes(status))
}

/** The job as soon as it looks as wanted. */
export async function until(
  ctx: AppContext,
  id: string,
  isSo: (job: TuningJobRow) => boolean,
  withinMs = 50_000,
): Promise<TuningJobRow> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const job = await getTuningJob(ctx, id)
    if (isSo(job)) return job
    if (performance.now() > deadline) throw new Error(`Job ${id} is still ${job.status} in ${job.phase}.`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
