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
  probabilityOfOverfitting: { label: 'Probability of overfitting', format: percent, sign: '≤' },
  placeboPercentile: { label: 'Placebo percentile', format: (value) => percent(value, 0), sign: '≥' },
  walkForwardProfitableShare: { label: 'Walk-forward profit share', format: (value) => percent(value, 0), sign: '≥' },
  outOfSampleTrades: { label: 'Out-of-sample trades', format: whole, sign: '≥' },
  superiorPredictiveAbility: {
    label: 'Superior predictive ability, p',
    format: (value) => figure(value, 2),
    sign: '≤',
  },
  walkForwardSharpeRatio: { label: 'Walk-forward Sharpe ratio', format: ratio, sign: '≥' },
  probabilityOfLoss: { label: 'Probability of loss', format: percent, sign: '≤' },
  roiAtDoubleCosts: { label: 'ROI at double costs', format: percent, sign: '≥' },
  plateauScore: { label: 'Plateau score', format: whole, sign: '≥' },
}

export function criterionInfo({ name, value, threshold, passed }: Criterion): CriterionInfo {
  const below = value !== null && value < threshold === passed
  return KNOWN[name] ?? { label: sentence(name), format: (value) => figure(value), sign: below ? '<' : '>' }
}

const NOT_TESTED = /\s*Not tested\b[^.]*\.$/

/** What a line asks, and what stands in the place of a value that is missing: nobody asked, or there is no answer. */
export function questionOf({ description }: Criterion): { question: string; missing: string } {
  return {
    question: description.replace(NOT_TESTED, ''),
    missing: NOT_TESTED.test(description) ? 'not tested' : 'not defined',
  }
}

/** "−42.6 %, needed > 0 %"; what is missing, where there is no value. */
export function shortfallOf(line: Criterion): string {
  const { format } = criterionInfo(line)
  if (line.value === null) return questionOf(line).missing
  const needed = neededBy(line)
  return needed === 'yes' ? format(line.value) : `${format(line.value)}, needed ${needed}`
}

/** "> 0 %", or yes. */
export function neededBy(line: Criterion): string {
  const { format, sign } = criterionInfo(line)
  const threshold = format(line.threshold)
  return threshold === 'yes' ? threshold : `${sign} ${threshold.replace(/\.0+(?=\D|$)/, '')}`
}

/** The explanation names criteria as the API does; a reader gets the words that stand beside the ticks. */
export function inWords(explanation: string): string {
  return Object.entries(KNOWN).reduce(
    (text, [name, { label }]) => text.replaceAll(new RegExp(`\\b${name}\\b`, 'g'), label),
    explanation,
  )
}
