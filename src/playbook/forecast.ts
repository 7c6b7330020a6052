import type { FieldError } from '../errors.ts'
import type { MarketRegime } from '../market/regimes.ts'
import { contentDigest, type TradeSide } from './trade.ts'

/** What a bot expected, and what came of it once that is known. */
export interface ForecastInput {
  externalId: string
  symbol: string
  strategy?: string | null | undefined
  regime: MarketRegime
  madeAt: Date
  resolvedAt?: Date | null | undefined
  confidence: number
  predictedDirection: TradeSide
  actualDirection?: TradeSide | null | undefined
  predictedChange?: number | null | undefined
  actualChange?: number | null | undefined
}

/** What makes a forecast impossible. @param now ms since epoch */
export function forecastProblems(forecast: ForecastInput, now: number): FieldError[] {
  const { externalId, symbol, confidence, madeAt, resolvedAt, actualDirection } = forecast
  const checks: [field: keyof ForecastInput, good: boolean, message: string][] = [
    ['externalId', externalId.length > 0 && externalId.length <= 200, 'must have 1 to 200 characters.'],
    ['symbol', symbol.length > 0 && symbol.length <= 200, 'must have 1 to 200 characters.'],
    ['confidence', confidence >= 0 && confidence <= 100, `${confidence} is not within 0 to 100.`],
    ['madeAt', madeAt.getTime() <= now + 300_000, `${madeAt.toISOString()} is in the future.`],
    ['resolvedAt', !resolvedAt || resolvedAt >= madeAt, 'is before madeAt.'],
    ['resolvedAt', !resolvedAt || resolvedAt.getTime() <= now + 300_000, 'is in the future.'],
    ['actualDirection', Boolean(actualDirection) === Boolean(resolvedAt), 'and resolvedAt are given together.'],
  ]
  return checks.filter(([, good]) => !good).map(([field, , message]) => ({ path: [field], message }))
}

/** Two parts: what was expected, and what came of it. */
export function forecastDigest(forecast: ForecastInput): { expected: string; outcome: string } {
  const { resolvedAt, actualDirection, actualChange, ...expected } = forecast
  return {
    expected: contentDigest(expected),
    outcome: resolvedAt ? contentDigest({ resolvedAt, actualDirection, actualChange }) : '',
  }
}
