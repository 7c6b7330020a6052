import { mean, sampleVariance } from '../engine/statistics.ts'
import { studentTTwoSided } from '../evidence/statistics.ts'
import { MARKET_REGIMES, type MarketRegime } from '../market/regimes.ts'
import { tQuantile } from './student.ts'

export type AttributionVerdict = 'IMPROVED' | 'NO_EVIDENCE' | 'WORSENED'

/** Trades of one side of a change: regime codes and profit ratios, equally long. */
export interface Side {
  regime: ArrayLike<number>
  profitRatio: ArrayLike<number>
}

/** A mean that changed, with its t test. */
export interface Effect {
  effect: number
  standardError: number
  /** Welch and Satterthwaite; need not be whole */
  degreesOfFreedom: number
  /** 95 % */
  interval: { low: number; high: number; level: number }
  pValue: number
}

export interface RegimeEffect {
  regime: MarketRegime
  /** its parameters changed; if not, it is a control */
  changed: boolean
  tradesBefore: number
  tradesAfter: number
  effect: number
  pValue: number
  /** Holm, over the regimes that changed; null for a control */
  adjustedPValue: number | null
}

export interface Attribution extends Effect {
  tradesBefore: number
  tradesAfter: number
  meanProfitBefore: number
  meanProfitAfter: number
  winRateBefore: number
  winRateAfter: number
  strata: MarketRegime[]
  /** share of the later trades that lie in the strata */
  coverage: number
  naiveDifference: number
  /** 2.8 standard errors: what a test with power 0.8 would find */
  minimumDetectableEffect: number
  verdict: AttributionVerdict
  /** effect in the regimes that changed less that in those that did not; null where one side is missing */
  againstControl: number | null
  byRegime: RegimeEffect[]
}

const LEAST_IN_STRATUM = 8
const LEAST_COVERAGE = 0.7
const SIGNIFICANT = 0.05
const DETECTABLE = 2.8

/**
 * What a change did: means before and after, regime by regime, weighted by how often each regime came after it; so a
 * market that changed is not credited to it. Trades overlap in time, which makes p optimistic: this is evidence, no
 * proof.
 *
 * @param changed regimes whose parameters changed; all where not given
 * @returns null while no regime has 8 trades on both sides
 */
export function attribute(before: Side, after: Side, changed?: readonly MarketRegime[]): Attribution | null {
  const strata = stratify(before, after)
  const whole = combine(strata)
  if (!whole) return null
  const inStrata = strata.reduce((sum, { after: values }) => sum + values.length, 0)
  const coverage = inStrata / after.profitRatio.length
  const meanProfitBefore = mean(before.profitRatio)
  const meanProfitAfter = mean(after.profitRatio)
  const isChanged = ({ regime }: Stratum): boolean => changed?.includes(regime) ?? true
  const treated = combine(strata.filter(isChanged))
  const control = combine(strata.filter((stratum) => !isChanged(stratum)))
  return {
    ...whole,
    tradesBefore: before.profitRatio.length,
    tradesAfter: after.profitRatio.length,
    meanProfitBefore,
    meanProfitAfter,
    winRateBefore: winRate(before.profitRatio),
    winRateAfter: winRate(after.profitRatio),
    strata: strata.map(({ regime }) => regime),
    coverage,
    naiveDifference: meanProfitAfter - meanProfitBefore,
    minimumDetectableEffect: DETECTABLE * whole.standardError,
    verdict: verdictOf(whole, coverage),
    againstControl: treated && control ? treated.effect - control.effect : null,
    byRegime: effectsByRegime(strata, isChanged),
  }
}

interface Stratum {
  regime: MarketRegime
  before: number[]
  after: number[]
}

function stratify(before: Side, after: Side): Stratum[] {
  const of = ({ regime, profitRatio }: Side, code: number): number[] =>
    Array.from(profitRatio).filter((_, at) => regime[at] === code)
  return MARKET_REGIMES.map((regime, code) => ({ regime, before: of(before, code), after: of(after, code) })).filter(
    (stratum) => Math.min(stratum.before.length, stratum.after.length) >= LEAST_IN_STRATUM,
  )
}

function combine(strata: readonly Stratum[]): Effect | null {
  if (strata.length === 0) return null
  const total = strata.reduce((sum, { after }) => sum + after.length, 0)
  let effect = 0
  let variance = 0
  let welch = 0
  for (const { before, after } of strata) {
    const weight = after.length / total
    effect += weight * (mean(after) - mean(before))
    for (const values of [after, before]) {
      const part = (weight * weight * sampleVariance(values)) / values.length
      variance += part
      welch += (part * part) / (values.length - 1)
    }
  }
  return testOf(effect, variance, welch)
}

/** Without any spread the effect is exact; the test then has nothing to say unless there is an effect. */
function testOf(effect: number, variance: number, welch: number): Effect {
  const standardError = Math.sqrt(variance)
  if (standardError <= 1e-12) {
    const interval = { low: effect, high: effect, level: 0.95 }
    const pValue = Math.abs(effect) <= 1e-12 ? 1 : 0
    return { effect, standardError: 0, degreesOfFreedom: 1, interval, pValue }
  }
  const degreesOfFreedom = (variance * variance) / welch
  const reach = tQuantile(0.975, degreesOfFreedom) * standardError
  return {
    effect,
    standardError,
    degreesOfFreedom,
    interval: { low: effect - reach, high: effect + reach, level: 0.95 },
    pValue: studentTTwoSided(effect / standardError, degreesOfFreedom) ?? 1,
  }
}

function verdictOf({ effect, pValue }: Effect, coverage: number): AttributionVerdict {
  if (pValue >= SIGNIFICANT || coverage < LEAST_COVERAGE) return 'NO_EVIDENCE'
  return effect > 0 ? 'IMPROVED' : 'WORSENED'
}

function effectsByRegime(strata: readonly Stratum[], isChanged: (stratum: Stratum) => boolean): RegimeEffect[] {
  const effects = strata.map((stratum) => ({ stratum, changed: isChanged(stratum), ...combine([stratum])! }))
  const adjusted = holm(effects.map(({ changed, pValue }) => (changed ? pValue : null)))
  return effects.map(({ stratum, changed, effect, pValue }, at) => ({
    regime: stratum.regime,
    changed,
    tradesBefore: stratum.before.length,
    tradesAfter: stratum.after.length,
    effect,
    pValue,
    adjustedPValue: adjusted[at],
  }))
}

/** Holm's step-down correction; null stays null and does not count. Source: S. Holm, Scand. J. Statist. 6 (1979). */
export function holm(pValues: readonly (number | null)[]): (number | null)[] {
  const order = [...pValues.keys()].filter((at) => pValues[at] !== null).sort((a, b) => pValues[a]! - pValues[b]!)
  const adjusted: (number | null)[] = pValues.map(() => null)
  let highest = 0
  order.forEach((at, rank) => {
    highest = Math.max(highest, Math.min(1, (order.length - rank) * pValues[at]!))
    adjusted[at] = highest
  })
  return adjusted
}

function winRate(values: ArrayLike<number>): number {
  return Array.from(values).filter((value) => value > 0).length / values.length
}
