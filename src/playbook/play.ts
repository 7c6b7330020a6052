import type { MarketRegime } from '../market/regimes.ts'

/** What a bot trades by while a regime lasts. */
export interface RegimePlay {
  regime: MarketRegime
  leverage: number
  riskRewardRatio: number
  /** 0…100: signals below it are not traded */
  confidenceThreshold: number
  /** fraction of the entry price; null: none */
  stopLoss: number | null
  takeProfit: number | null
  /** they add up to 1; empty where the bot does not choose between strategies */
  strategyWeights: StrategyWeight[]
}

export interface StrategyWeight {
  strategy: string
  weight: number
}

export const PLAYBOOK_PARAMETERS = [
  'LEVERAGE',
  'RISK_REWARD_RATIO',
  'CONFIDENCE_THRESHOLD',
  'STOP_LOSS',
  'TAKE_PROFIT',
  'STRATEGY_WEIGHT',
] as const
export type PlaybookParameter = (typeof PLAYBOOK_PARAMETERS)[number]

export const OPTIMIZERS = ['LEVERAGE', 'RISK_RATIO', 'CONFIDENCE_THRESHOLD', 'STRATEGY_WEIGHT'] as const
export type Optimizer = (typeof OPTIMIZERS)[number]

export const RISK_LEVELS = ['LOW', 'MEDIUM', 'HIGH'] as const
export type RiskLevel = (typeof RISK_LEVELS)[number]

export interface ParameterBounds {
  parameter: PlaybookParameter
  min: number
  max: number
}

/** One number of a play that differs between two versions. */
export interface ParameterChange {
  regime: MarketRegime
  parameter: PlaybookParameter
  strategy: string | null
  before: number
  after: number
}

/** Which number of a play is meant. */
export type Place = Pick<ParameterChange, 'regime' | 'parameter' | 'strategy'>

const FIELDS = {
  LEVERAGE: 'leverage',
  RISK_REWARD_RATIO: 'riskRewardRatio',
  CONFIDENCE_THRESHOLD: 'confidenceThreshold',
  STOP_LOSS: 'stopLoss',
  TAKE_PROFIT: 'takeProfit',
} as const

/** A number of the plays; null where there is none. A strategy that is not named has the weight 0. */
export function valueAt(plays: readonly RegimePlay[], { regime, parameter, strategy }: Place): number | null {
  const play = plays.find((one) => one.regime === regime)
  if (!play) return null
  if (parameter !== 'STRATEGY_WEIGHT') return play[FIELDS[parameter]]
  return play.strategyWeights.find((one) => one.strategy === strategy)?.weight ?? 0
}

/** Every number that both have and that differs, in the order of the later plays. */
export function changesBetween(before: readonly RegimePlay[], after: readonly RegimePlay[]): ParameterChange[] {
  return after.flatMap((play) => {
    const old = before.find(({ regime }) => regime === play.regime)
    return placesOf(play, old).flatMap((place) => {
      const [was, is] = [valueAt(before, place), valueAt(after, place)]
      return was === null || is === null || was === is ? [] : [{ ...place, before: was, after: is }]
    })
  })
}

/** All numbers of a play, and the weights of an older one that it has no more. */
export function placesOf({ regime, strategyWeights }: RegimePlay, old?: RegimePlay): Place[] {
  const names = new Set([...(old?.strategyWeights ?? []), ...strategyWeights].map(({ strategy }) => strategy))
  return PLAYBOOK_PARAMETERS.flatMap((parameter): Place[] =>
    parameter === 'STRATEGY_WEIGHT'
      ? [...names].map((strategy) => ({ regime, parameter, strategy }))
      : [{ regime, parameter, strategy: null }],
  )
}

/** The plays with some numbers replaced. */
export function withChanges(
  plays: readonly RegimePlay[],
  changes: readonly (Place & { after: number })[],
): RegimePlay[] {
  return plays.map((play) => {
    const own = changes.filter(({ regime }) => regime === play.regime)
    const numbers = own.flatMap(({ parameter, after }) =>
      parameter === 'STRATEGY_WEIGHT' ? [] : [[FIELDS[parameter], after] as const],
    )
    const weights = play.strategyWeights.map(({ strategy, weight }) => ({
      strategy,
      weight: own.find((change) => change.strategy === strategy)?.after ?? weight,
    }))
    return { ...play, ...Object.fromEntries(numbers), strategyWeights: weights }
  })
}
