import { MARKET_REGIMES, type MarketRegime } from '../market/regimes.ts'
import { bounded, monthlyCap, sessionCap } from './caps.ts'
import { recommendationConfidence } from './confidence.ts'
import { evidenceOf } from './evidence-of.ts'
import type { ForecastLog, ForecastScore } from './forecasts.ts'
import { leverageRule } from './leverage-rule.ts'
import type { Optimizer, Place, PlaybookParameter, RegimePlay } from './play.ts'
import { regimeStatistics, type RegimeStatistics, type Sums } from './regime-statistics.ts'
import {
  expectedEffect,
  replayLeverage,
  replayTarget,
  replayThreshold,
  replayWeights,
  type Replay,
  type Replayed,
} from './replay.ts'
import type { Evidence, RecommendedChange } from './review.ts'
import { relative, riskClass, weightRisk } from './risk-class.ts'
import { riskRewardRule } from './risk-reward-rule.ts'
import { boundsOf, type TuningSettings } from './settings.ts'
import { strategyWeightRule, weightLimits } from './strategy-weight-rule.ts'
import { modelSupport, type ModelVoice } from './support.ts'
import { forecastWords, leverageWords, percent } from './rationale.ts'
import { THRESHOLDS, thresholdRule } from './threshold-rule.ts'
import type { TradeLog } from './trade-log.ts'
import { UntakenSignals } from './untaken.ts'

/** What recommendations are made from. */
export interface RecommendationInput {
  log: TradeLog
  plays: RegimePlay[]
  settings: TuningSettings
  /** data quality score, 0…100 */
  quality: number
  /** by regime code */
  forecasts: ForecastScore[]
  /** what stands in for trades below every threshold that was in force */
  forecastLog: ForecastLog
  /** lowest confidence threshold in force in the period, by regime */
  lowestThreshold: Partial<Record<MarketRegime, number>>
  /** what a number was 30 days ago, or since somebody last set it by hand; now where it has not moved */
  references: (Place & { value: number })[]
  /** of the models that have skill */
  voices: Partial<Record<Optimizer, ModelVoice>>
  seed: number
}

export interface Recommendations {
  changes: RecommendedChange[]
  /** why others were not made, in sentences */
  notes: string[]
}

/** Average losses that a profit must bear beside those seen; a number that bench/playbook was asked about. */
const UNSEEN_LOSSES = 5
/** Trades made with less than this share of the leverage in force say nothing for raising it. */
const COMPARABLE_LEVERAGE = 0.5
/** Weights that move less are left alone. */
const LEAST_WEIGHT_MOVE = 0.005

/** What the optimizers say about one regime. */
export class RegimeReview {
  readonly #input: RecommendationInput
  readonly #play: RegimePlay
  readonly #places: Int32Array
  readonly #statistics: RegimeStatistics
  readonly #untaken: UntakenSignals
  readonly #strategies: number[]
  readonly #surely: number
  readonly #notes: string[] = []

  constructor(input: RecommendationInput, play: RegimePlay, places: Int32Array, surely: number) {
    this.#input = input
    this.#play = play
    this.#places = places
    this.#surely = surely
    this.#strategies = play.strategyWeights.map(({ strategy }) => input.log.strategies.indexOf(strategy))
    const stream = MARKET_REGIMES.indexOf(play.regime)
    const { seed, log } = input
    const inForce = input.lowestThreshold[play.regime] ?? play.confidenceThreshold
    const thresholds = [play.confidenceThreshold, inForce] as const
    this.#statistics = regimeStatistics(log, places, thresholds, this.#strategies, seed, stream)
    const { leverage } = play
    const about = { regime: stream, inForce, leverage, trades: this.#statistics.observed, seed }
    this.#untaken = new UntakenSignals(input.forecastLog, about)
  }

  all(): Recommendations {
    const changes = [this.#leverage(), this.#riskReward(), this.#threshold(), ...this.#weights()]
    return { changes: changes.filter((change) => change !== null), notes: this.#notes }
  }

  #leverage(): RecommendedChange | null {
    const { leverage } = this.#play
    const bounds = boundsOf(this.#input.settings, 'LEVERAGE')
    const { log } = this.#input
    const winners = log.profitRatio.reduce((sum, profit) => sum + (profit > 0 ? 1 : 0), 0)
    const ask = (sums: Sums) => leverageRule(sums.leverage(winners / log.count), leverage, bounds)
    const advice = ask(this.#statistics.observed)
    if (advice.newLeverage === leverage) return null
    const up = advice.newLeverage > leverage
    if (up && !this.#mayRaiseLeverage()) return null
    const step = this.#step('LEVERAGE', up, { exempt: advice.reason === 'HIGH_VOLATILITY' })
    if (step === null) return null
    const next = this.#capped('LEVERAGE', leverage, leverage + step * (advice.newLeverage - leverage))
    return this.#change('LEVERAGE', leverage, next, {
      probability: this.#share((sums) => sameWay(ask(sums).newLeverage - leverage, up)),
      rationale: leverageWords(advice.reason, this.#statistics.observed, advice.shrunkWinRate),
      replays: this.#replay(replayLeverage(log, this.#places, next / leverage)),
    })
  }

  /** More risk needs more than a rule: profit that is hardly chance, made with leverage like that in force. */
  #mayRaiseLeverage(): boolean {
    const { leverage, regime } = this.#play
    const used = meanOf(this.#input.log.leverage, this.#places)
    if (used < COMPARABLE_LEVERAGE * leverage) {
      this.#notes.push(
        `More leverage in ${regime} was not considered: its trades used ${used.toFixed(1)} on average, the playbook says ${leverage}.`,
      )
      return false
    }
    return this.#isSure('More leverage', (sums) => sums.meanProfit * sums.trades)
  }

  /**
   * Resamples of few trades know nothing of the rare large loss that has not come yet. So the profit must also bear
   * some losses more, each as large as losses are on average in the whole log.
   *
   * @param profit must be above them in nearly every resample
   */
  #isSure(what: string, profit: (sums: Sums, run: number) => number): boolean {
    const reserve = UNSEEN_LOSSES * averageLoss(this.#input.log.profitRatio)
    const against = this.#statistics.resamples.filter((sums, run) => !(profit(sums, run) > reserve)).length
    if ((1 + against) / (this.#statistics.resamples.length + 1) <= this.#surely) return true
    this.#notes.push(`${what} in ${this.#play.regime} was not recommended: its profit could be chance.`)
    return false
  }

  #riskReward(): RecommendedChange | null {
    const target = this.#play.riskRewardRatio
    const advice = riskRewardRule(this.#statistics.observed.riskReward, target)
    if (advice.newRatio === target || advice.actual === null) return null
    const up = advice.newRatio > target
    const step = this.#step('RISK_RATIO', up)
    if (step === null) return null
    const next = this.#capped('RISK_REWARD_RATIO', target, target + step * (advice.newRatio - target))
    return this.#change('RISK_REWARD_RATIO', target, next, {
      probability: this.#share((sums) => sameWay(riskRewardRule(sums.riskReward, target).newRatio - target, up)),
      rationale: `The average win is ${advice.actual.toFixed(2)} times the average loss, the target is ${target}.`,
      replays: this.#replay(replayTarget(this.#input.log, this.#places, target, next)),
    })
  }

  #threshold(): RecommendedChange | null {
    const { confidenceThreshold: current } = this.#play
    const untaken = this.#untaken
    const ask = (sums: Sums, run: number | null) => thresholdRule(untaken.evidence(sums, run), untaken.lowest, current)
    const advice = ask(this.#statistics.observed, null)
    if (advice.recommended === current) return null
    const up = advice.recommended > current
    const place = THRESHOLDS.indexOf(advice.recommended as (typeof THRESHOLDS)[number])
    const added = (sums: Sums, run: number): number => untaken.evidence(sums, run)[place].pnl - sums.inForce.pnl
    if (!up && !this.#isSure('A lower confidence threshold', added)) return null
    const step = this.#step('CONFIDENCE_THRESHOLD', up, { goal: advice.recommended })
    if (step === null) return null
    const next = this.#capped('CONFIDENCE_THRESHOLD', current, current + step * (advice.recommended - current))
    const { trades, winRate } = advice.table[place]
    const forecasts = untaken.countFrom(advice.recommended)
    return this.#change('CONFIDENCE_THRESHOLD', current, next, {
      probability: this.#share((sums, run) => sameWay(ask(sums, run).recommended - current, up)),
      rationale: `Of 50, 60, 70 and 80 the threshold ${advice.recommended} did best: ${trades} trades, ${percent(winRate!)} of them won.${forecastWords(forecasts)}`,
      replays: [
        ...this.#replay(replayThreshold(this.#input.log, this.#places, current, next)),
        ...untaken.replayed(next),
      ],
      forecasts,
    })
  }

  #weights(): RecommendedChange[] {
    const { strategyWeights, regime } = this.#play
    if (strategyWeights.length < 2) return []
    const current = strategyWeights.map(({ weight }) => weight)
    const evidence = this.#statistics.observed.strategies
    const goal = strategyWeightRule(current, evidence).target
    if (goal === null) {
      this.#notes.push(`No strategy earned anything in ${regime}, so its weights stay.`)
      return []
    }
    const moves = goal.map((share, at) => Math.abs(share - current[at]))
    const largest = moves.indexOf(Math.max(...moves))
    const up = goal[largest] > current[largest]
    const support = this.#step('STRATEGY_WEIGHT', up, { strategy: this.#strategies[largest] })
    if (support === null) return []
    const limits = this.#weightLimits(current, goal).map((limit) => support * limit)
    const { weights } = strategyWeightRule(current, evidence, limits)
    const bounds = boundsOf(this.#input.settings, 'STRATEGY_WEIGHT')
    const fits = weights.every((weight) => weight >= bounds.min && weight <= bounds.max)
    if (!fits || Math.max(...weights.map((weight, at) => Math.abs(weight - current[at]))) < LEAST_WEIGHT_MOVE) return []
    const probability = this.#share((sums) => {
      const target = strategyWeightRule(current, sums.strategies).target
      return target !== null && sameWay(target[largest] - current[largest], up)
    })
    const replayed = new Map(this.#strategies.map((code, at) => [code, { before: current[at], after: weights[at] }]))
    const risk = weightRisk(current, weights)
    return strategyWeights.flatMap(({ strategy, weight }, at): RecommendedChange[] => {
      const change = this.#change('STRATEGY_WEIGHT', weight, weights[at], {
        strategy,
        probability,
        rationale: `${strategy} made ${percent(evidence[at].meanReturn, 2)} a trade over ${evidence[at].trades} trades.`,
        replays: this.#replay(replayWeights(this.#input.log, this.#places, replayed)),
      })
      return change ? [{ ...change, risk }] : []
    })
  }

  /** What is left of both limits on the way to the goal. */
  #weightLimits(current: readonly number[], goal: readonly number[]): number[] {
    const { maxParameterChange, maxMonthlyChange } = this.#input.settings
    const session = weightLimits(current, maxParameterChange)
    const references = this.#play.strategyWeights.map(({ strategy, weight }) =>
      this.#reference('STRATEGY_WEIGHT', weight, strategy),
    )
    const monthly = weightLimits(references, maxMonthlyChange)
    return current.map((weight, at) => {
      const moved = goal[at] > weight ? weight - references[at] : references[at] - weight
      return Math.min(session[at], Math.max(0, monthly[at] - moved))
    })
  }

  /**
   * Share of the rule's step that its model supports; null where it disagrees. A model without skill has no say.
   *
   * @param exempt the rule acts on something that the model does not predict
   */
  #step(
    optimizer: Optimizer,
    up: boolean,
    { exempt = false, ...about }: { exempt?: boolean; goal?: number; strategy?: number } = {},
  ): number | null {
    const voice = this.#input.voices[optimizer]
    if (!voice || exempt) return 1
    const support = modelSupport(optimizer, voice, this.#input.log, this.#places, this.#play, {
      up,
      ...about,
    })
    if (support === null || support > 0.5) return support ?? 1
    this.#notes.push(
      `Rule and model disagree about ${optimizer} in ${this.#play.regime}: the rule wants it ${up ? 'higher' : 'lower'}, the model does not. Nothing is recommended.`,
    )
    return null
  }

  #reference(parameter: PlaybookParameter, current: number, strategy: string | null = null): number {
    const { regime } = this.#play
    const match = this.#input.references.find(
      (one) => one.regime === regime && one.parameter === parameter && one.strategy === strategy,
    )
    return match?.value ?? current
  }

  /** Within the cap of a review, that of 30 days, and the bounds. Whole numbers stay whole, nearer to what they were. */
  #capped(parameter: PlaybookParameter, old: number, target: number): number {
    const { settings } = this.#input
    const session = sessionCap(old, target, settings.maxParameterChange)
    const monthly = monthlyCap(this.#reference(parameter, old), old, session, settings.maxMonthlyChange)
    if (monthly !== session) {
      this.#notes.push(
        `${parameter} in ${this.#play.regime} may not move farther: ${percent(settings.maxMonthlyChange)} in 30 days are used up.`,
      )
    }
    const next = bounded(monthly, boundsOf(settings, parameter))
    if (parameter !== 'CONFIDENCE_THRESHOLD' || !Number.isInteger(old)) return clean(next)
    return next > old ? Math.floor(next + ROUNDING) : Math.ceil(next - ROUNDING)
  }

  /** Of the trades alone; none where there is nothing to replay. */
  #replay(replay: Replay | null): Replayed[] {
    return replay ? [{ bootstrap: this.#statistics.bootstrap, replay }] : []
  }

  #share(isSame: (sums: Sums, run: number) => boolean): number {
    return this.#statistics.resamples.filter(isSame).length / this.#statistics.resamples.length
  }

  #change(
    parameter: PlaybookParameter,
    current: number,
    recommended: number,
    about: { probability: number; rationale: string; replays: Replayed[]; strategy?: string; forecasts?: number },
  ): RecommendedChange | null {
    if (Math.abs(recommended - current) <= ROUNDING * Math.abs(current)) return null
    const { regime } = this.#play
    const forecast = this.#input.forecasts[MARKET_REGIMES.indexOf(regime)]
    const misled = forecast?.misleading ? forecast.accuracy : null
    const { probability, rationale, replays, strategy = null, forecasts = 0 } = about
    return {
      regime,
      parameter,
      strategy,
      current,
      recommended,
      change: relative(current, recommended),
      risk: riskClass(parameter, current, recommended).risk,
      confidence: recommendationConfidence(probability, this.#input.quality, misled),
      rationale,
      evidence: { ...this.#evidence(strategy, forecast?.accuracy ?? null), forecasts },
      expectedEffect: replays.length > 0 ? expectedEffect(replays) : null,
    }
  }

  #evidence(strategy: string | null, forecastAccuracy: number | null): Evidence {
    const { log } = this.#input
    const code = strategy === null ? -1 : log.strategies.indexOf(strategy)
    const places = strategy === null ? this.#places : this.#places.filter((at) => log.strategy[at] === code)
    return evidenceOf(log, places, forecastAccuracy)
  }
}

const ROUNDING = 1e-9

/** Without the noise of the last bits, which no person wants to read. */
function clean(value: number): number {
  return Number(value.toPrecision(12))
}

function sameWay(difference: number, up: boolean): boolean {
  return up ? difference > 0 : difference < 0
}

function meanOf(values: Float64Array, places: Int32Array): number {
  let total = 0
  for (const at of places) total += values[at]
  return total / places.length
}

/** As a positive number; 0 where nothing was lost. */
function averageLoss(profits: Float64Array): number {
  const losses = profits.filter((profit) => profit < 0)
  return losses.length > 0 ? -losses.reduce((sum, loss) => sum + loss, 0) / losses.length : 0
}
