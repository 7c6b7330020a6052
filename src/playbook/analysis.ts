import { dataQuality, type TradeDataQuality } from './data-quality.ts'
import { driftWarnings } from './drift.ts'
import { forecastScores, type ForecastLog } from './forecasts.ts'
import { logFacts } from './log-facts.ts'
import { voicesOf, type StoredVoice } from './models.ts'
import { recommend } from './recommend.ts'
import type { RecommendationInput } from './regime-review.ts'
import type { DriftWarning, RecommendedChange } from './review.ts'

/** Everything that a review needs to know; it can be cloned, so a compute thread does the work. */
export interface AnalysisInput extends Omit<RecommendationInput, 'quality' | 'forecasts' | 'forecastLog' | 'voices'> {
  forecasts: ForecastLog
  models: StoredVoice[]
}

export interface Analysis {
  quality: TradeDataQuality
  drift: DriftWarning[]
  changes: RecommendedChange[]
  notes: string[]
}

/** Look at a trade log: how good it is, whether it drifts, and what it says for changes. The same log gives the same answer. */
export function analyse(input: AnalysisInput): Analysis {
  const quality = dataQuality(logFacts(input.log))
  const drift = driftWarnings(input.log)
  const { minTradesForTuning } = input.settings
  if (input.log.count < minTradesForTuning) {
    const missing = `${input.log.count} trades in the last ${input.settings.lookbackDays} days; a review needs ${minTradesForTuning}.`
    return { quality, drift, changes: [], notes: [missing] }
  }
  const forecasts = forecastScores(input.forecasts)
  const voices = voicesOf(input.log, input.models)
  const { changes, notes } = recommend({
    ...input,
    forecasts,
    forecastLog: input.forecasts,
    voices,
    quality: quality.score,
  })
  return { quality, drift, changes, notes }
}
