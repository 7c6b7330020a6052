import { wilsonInterval } from '../evidence/statistics.ts'
import { MARKET_REGIMES } from '../market/regimes.ts'

/** Forecasts that came true or did not, as columns, in the order in which they were made. */
export interface ForecastLog {
  /** code of the regime in which each was made */
  regime: Uint8Array
  /** 0…100 */
  confidence: Float64Array
  /** 1 where the direction was right, else 0 */
  hit: Uint8Array
  /** size of the change that came, as a fraction of the price; NaN where it is not known */
  change: Float64Array
}

export const NO_FORECASTS: ForecastLog = {
  regime: new Uint8Array(),
  confidence: new Float64Array(),
  hit: new Uint8Array(),
  change: new Float64Array(),
}

export interface ForecastScore {
  resolved: number
  /** share of right directions; null without a resolved forecast */
  accuracy: number | null
  /** mean (confidence / 100 − hit)²: 0 is perfect, 0.25 is what a coin called at 50 % gets; null without any */
  brier: number | null
  /** true where 95 % of Wilson's interval lie below one half, from 20 forecasts on */
  misleading: boolean
}

const LEAST_FORECASTS = 20

/** How good forecasts were in each regime. @returns one entry per regime code */
export function forecastScores({ regime, confidence, hit }: Omit<ForecastLog, 'change'>): ForecastScore[] {
  return MARKET_REGIMES.map((_, code) => {
    let resolved = 0
    let hits = 0
    let squares = 0
    for (let at = 0; at < regime.length; at++) {
      if (regime[at] !== code) continue
      const error = confidence[at] / 100 - hit[at]
      resolved++
      hits += hit[at]
      squares += error * error
    }
    if (resolved === 0) return { resolved, accuracy: null, brier: null, misleading: false }
    const misleading = resolved >= LEAST_FORECASTS && wilsonInterval(hits, resolved)!.high < 0.5
    return { resolved, accuracy: hits / resolved, brier: squares / resolved, misleading }
  })
}
