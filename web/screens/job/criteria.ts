import { figure, percent, ratio, whole } from '../../format.ts'
import { sentence } from '../../words.ts'
import type { Criterion } from './types.ts'

interface CriterionInfo {
  label: string
  format: (value: number) => string
  /** How the value must stand to the threshold. */
  sign: '>' | '<' | '≥' | '≤'
}

/** How the lines of the verdict are named and written. One that is not listed is shown by its own name. */
const KNOWN: Record<string, CriterionInfo> = {
  validationR2: { label: 'Validation R²', format: ratio, sign: '>' },
  overfitting: { label: 'Overfitting', format: ratio, sign: '<' },
  trainingR2: { label: 'Training R²', format: ratio, sign: '>' },
  outOfSampleRoi: { label: 'Out-of-sample ROI', format: percent, sign: '>' },
  featureImportance: { label: 'Importance makes sense', format: (value) => (value >= 1 ? 'yes' : 'no'), sign: '≥' },
  deflatedSharpeRatio: { label: 'Deflated Sharpe ratio', format: ratio, sign: '≥' },
  probabilityOfOverfitting: { label: 'Probability of overfitting', format: percent, sign: '<' },
  placeboPercentile: { label: 'Placebo percentile', format: (value) => percent(value, 0), sign: '≥' },
  walkForwardProfitableShare: { label: 'Walk-forward profit share', format: (value) => percent(value, 0), sign: '≥' },
  outOfSampleTrades: { label: 'Out-of-sample trades', format: whole, sign: '≥' },
}

export function criterionInfo({ name, value, threshold, passed }: Criterion): CriterionInfo {
  const below = value !== null && value < threshold === passed
  return KNOWN[name] ?? { label: sentence(name), format: (value) => figure(value), sign: below ? '<' : '>' }
}

/** The explanation names criteria as the API does; a reader gets the words that stand beside the ticks. */
export function inWords(explanation: string): string {
  return Object.entries(KNOWN).reduce(
    (text, [name, { label }]) => text.replaceAll(new RegExp(`\\b${name}\\b`, 'g'), label),
    explanation,
  )
}
