import type { PlayFragment, PlaybookParameter } from '../../generated/graphql.ts'
import { figure, percent, ratio } from '../../format.ts'

interface ParameterInfo {
  label: string
  format: (value: number | null | undefined) => string
  meaning: string
}

/** How the numbers of a play are named and written. */
export const PARAMETERS: Record<PlaybookParameter, ParameterInfo> = {
  LEVERAGE: {
    label: 'Leverage',
    format: (value) => (value === null || value === undefined ? '–' : `${figure(value)}×`),
    meaning: 'Position over margin.',
  },
  RISK_REWARD_RATIO: {
    label: 'Reward to risk',
    format: ratio,
    meaning: 'Distance of the target over that of the stop.',
  },
  CONFIDENCE_THRESHOLD: {
    label: 'Min. confidence',
    format: (value) => figure(value),
    meaning: 'Signals of less confidence, 0 to 100, are not traded.',
  },
  STOP_LOSS: { label: 'Stop loss', format: (value) => percent(value, 2), meaning: 'As a share of the entry price.' },
  TAKE_PROFIT: {
    label: 'Take profit',
    format: (value) => percent(value, 2),
    meaning: 'As a share of the entry price.',
  },
  STRATEGY_WEIGHT: {
    label: 'Strategy weight',
    format: (value) => percent(value, 0),
    meaning: 'Share of a strategy among those that may trade.',
  },
}

/** What a play holds of a parameter. Weights are one for each strategy and stand elsewhere. */
export const COLUMNS: readonly [PlaybookParameter, (play: PlayFragment) => number | null][] = [
  ['LEVERAGE', (play) => play.leverage],
  ['RISK_REWARD_RATIO', (play) => play.riskRewardRatio],
  ['CONFIDENCE_THRESHOLD', (play) => play.confidenceThreshold],
  ['STOP_LOSS', (play) => play.stopLoss],
  ['TAKE_PROFIT', (play) => play.takeProfit],
]

/** Leverage, or the weight of one strategy. */
export function parameterName({
  parameter,
  strategy,
}: {
  parameter: PlaybookParameter
  strategy: string | null
}): string {
  return strategy === null ? PARAMETERS[parameter].label : `${PARAMETERS[parameter].label} of ${strategy}`
}
