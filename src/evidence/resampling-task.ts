import { type MonteCarlo, monteCarlo, RESAMPLINGS } from './monte-carlo.ts'
import { DAYS_PER_YEAR } from './returns.ts'

/** What a compute thread needs in order to resample one run of one configuration. */
export interface ResamplingInput {
  /** profitRatio of each trade in the order of exit */
  ratios: Float64Array
  tradesPerYear: number
  /** daily returns of the same run */
  daily: Float64Array
  daysPerYear?: number
  /** profitRatio of each trade at stressed costs */
  stressed: Float64Array
  stressedPerYear: number
  seed: number
}

/** All methods that draw from what is there, and COST_STRESS: trades at stressed costs, drawn with replacement. */
export function resample(input: ResamplingInput): MonteCarlo[] {
  const { ratios, tradesPerYear, daily, stressed, stressedPerYear, seed } = input
  const drawn = RESAMPLINGS.map((method) =>
    method === 'STATIONARY_BLOCK'
      ? monteCarlo(method, daily, input.daysPerYear ?? DAYS_PER_YEAR, { seed })
      : monteCarlo(method, ratios, tradesPerYear, { seed }),
  )
  const costly = monteCarlo('BOOTSTRAP', stressed, stressedPerYear, { seed })
  return [...drawn, costly && { ...costly, method: 'COST_STRESS' as const }].filter((each) => each !== null)
}
