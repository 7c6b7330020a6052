import type { AppContext } from '../../src/context.ts'
import { createSyntheticMarket } from '../../src/market/service.ts'
import { findStrategyByName, seedStrategies } from '../../src/strategy/service.ts'

const DAY = 86_400_000
const FROM = Date.UTC(2025, 0, 1)

/** A market of 30 days and the input of a job on it that takes a fraction of a second. */
export async function smallJob(ctx: AppContext): Promise<Record<string, unknown>> {
  await seedStrategies(ctx)
  const market = await smallMarket(ctx)
  const strategy = await findStrategyByName(ctx, 'rsi-adx-volume')
  return {
    strategyId: strategy!.id,
    marketId: market.id,
    trainingPeriod: { from: iso(0), to: iso(20) },
    testPeriod: { from: iso(20), to: iso(30) },
    sampleCount: 40,
    seed: 1,
    objective: 'ROI',
    algorithm: 'RANDOM_FOREST',
    hyperparameters: { nEstimators: 10 },
    riskLimits: { minTrades: 1 },
    placeboRuns: 20,
  }
}

export function smallMarket(ctx: AppContext) {
  return createSyntheticMarket(ctx, {
    symbol: 'TEST/USDT',
    timeframe: '5m',
    bars: 30 * 288,
    from: FROM,
    edge: 1,
    seed: 3,
  })
}

function iso(day: number): string {
  return new Date(FROM + day * DAY).toISOString()
}

export const CREATE = `mutation ($input: CreateTuningJobInput!) {
  createTuningJob(input: $input) {
    __typename
    ... on CreateTuningJobSuccess { job { id status } }
    ... on Error { message }
  }
}`

export const PROGRESS = `subscription ($id: ID!) {
  tuningJobProgress(id: $id) { id status revision progress { phase fraction } readiness { score productionReady } }
}`
