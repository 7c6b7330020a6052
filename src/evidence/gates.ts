import { GATES } from './thresholds.ts'

/** The questions whether the result could be luck. They carry no points; a result needs every one of them. */

export interface Gate {
  name: string
  description: string
  value: number | null
  threshold: number
  passed: boolean
}

/** Ends the description of a gate that was not asked. */
export const UNTESTED = 'Not tested: switched off.'

interface Rule {
  description: string
  threshold: number
  /** on the threshold it passes either way */
  kind: 'AT_LEAST' | 'AT_MOST'
  /** stands in the list even where nobody asked, and then as not passed */
  always?: true
}

/** In the order in which they are shown. Thresholds are set by measurement: see the false-ready rate of the verdict's benchmark. */
const RULES = {
  deflatedSharpeRatio: {
    description: 'The Sharpe ratio of the chosen set, deflated by every trial ever made on this market.',
    threshold: GATES.deflatedSharpeRatio,
    kind: 'AT_LEAST',
    always: true,
  },
  probabilityOfOverfitting: {
    description: 'Probability that choosing the best in sample picks a loser out of sample.',
    threshold: GATES.probabilityOfOverfitting,
    kind: 'AT_MOST',
    always: true,
  },
  placeboPercentile: {
    description: 'Share of tunings on permuted candles without structure that the result beats.',
    threshold: GATES.placeboPercentile,
    kind: 'AT_LEAST',
    always: true,
  },
  walkForwardProfitableShare: {
    description: 'Share of walk-forward windows that end with a gain.',
    threshold: GATES.walkForwardProfitableShare,
    kind: 'AT_LEAST',
    always: true,
  },
  outOfSampleTrades: {
    description: 'Trades of the best candidate out of sample.',
    threshold: GATES.outOfSampleTrades,
    kind: 'AT_LEAST',
    always: true,
  },
  superiorPredictiveAbility: {
    description: 'Probability of a lead over doing nothing as large as this, with no configuration worth anything.',
    threshold: GATES.superiorPredictiveAbility,
    kind: 'AT_MOST',
  },
  walkForwardSharpeRatio: {
    description: 'Sharpe ratio of the test windows of the walk-forward, one after the other.',
    threshold: GATES.walkForwardSharpeRatio,
    kind: 'AT_LEAST',
  },
  probabilityOfLoss: {
    description: 'Share of resampled paths that end below the initial capital.',
    threshold: GATES.probabilityOfLoss,
    kind: 'AT_MOST',
  },
  roiAtDoubleCosts: {
    description: 'Return with twice the fees and twice the slippage.',
    threshold: GATES.roiAtDoubleCosts,
    kind: 'AT_LEAST',
  },
  plateauScore: {
    description: 'How much of its lead the result keeps when the parameters move a little, of 100.',
    threshold: GATES.plateauScore,
    kind: 'AT_LEAST',
  },
} satisfies Record<string, Rule>
export type GateName = keyof typeof RULES

/**
 * What was found out. Null = asked, but not defined for this result; a name that is missing was not asked: the test was
 * switched off.
 */
export type GateEvidence = { [name in GateName]?: number | null | undefined }

/** The list of gates. A question without an answer does not pass. */
export function gates(evidence: GateEvidence): Gate[] {
  return (Object.entries(RULES) as [GateName, Rule][])
    .filter(([name, { always }]) => always || evidence[name] !== undefined)
    .map(([name, rule]) => gate(name, rule, evidence[name]))
}

function gate(name: GateName, { description, threshold, kind }: Rule, value: number | null | undefined): Gate {
  if (value === undefined) {
    return { name, description: `${description} ${UNTESTED}`, value: null, threshold, passed: false }
  }
  const passed = value !== null && (kind === 'AT_LEAST' ? value >= threshold : value <= threshold)
  return { name, description, value, threshold, passed }
}
