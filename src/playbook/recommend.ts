import { MIN_REGIME_TRADES } from './leverage-rule.ts'
import { describe } from './rationale.ts'
import { RegimeReview, type RecommendationInput, type Recommendations } from './regime-review.ts'
import { tradesIn } from './trade-log.ts'

/** Chance that a review of trades without any effect asks for more risk, over all that it looks at. */
const FALSE_ALARM = 0.05
/** Ways to ask for more risk in a regime: more leverage, a lower threshold. */
const WAYS_UP = 2
/** All that the four optimizers have to say, regime by regime. */
export function recommend(input: RecommendationInput): Recommendations {
  const eligible = input.plays
    .map((play) => ({ play, places: tradesIn(input.log, play.regime) }))
    .filter(({ places }) => places.length >= MIN_REGIME_TRADES)
  const surely = FALSE_ALARM / Math.max(1, WAYS_UP * eligible.length)
  const found = eligible.map(({ play, places }) => new RegimeReview(input, play, places, surely).all())
  const all = found.flatMap(({ changes }) => changes)
  const least = 100 * input.settings.confidenceThreshold
  const changes = all.filter(({ confidence }) => confidence >= least)
  const notes = found.flatMap((one) => one.notes)
  for (const change of all) {
    if (change.confidence >= least) continue
    notes.push(`${describe(change)} was withheld: confidence ${change.confidence} is below ${Math.round(least)}.`)
  }
  return { changes, notes }
}
