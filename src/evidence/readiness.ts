import { type GateEvidence, gates as askGates, UNTESTED } from './gates.ts'
import { CRITERIA, POINTS } from './thresholds.ts'

/** One line of the verdict: what was asked, what came out, whether that is enough. */
export interface Criterion {
  name: string
  description: string
  value: number | null
  threshold: number
  passed: boolean
  points: number
  maxPoints: number
}

export interface Readiness {
  productionReady: boolean
  score: number
  criteria: Criterion[]
  criteriaMet: boolean
  gates: Criterion[]
  explanation: string
}

/** What the four plain criteria and the score are made of. Null = not defined, and then not passed. */
export interface Evidence {
  trainingR2: number | null
  validationR2: number | null
  overfitting: number | null
  /** median over the top candidates of their out-of-sample roi */
  outOfSampleRoi: number | null
  importanceReasonable: boolean
  /** what the gates ask for; see `GateEvidence` */
  gates: GateEvidence
}

/**
 * The verdict. The criteria say how well the model knows the sampled past; the gates ask whether that could be luck,
 * and carry no points. Only both together make a result ready for production.
 */
export function readiness(evidence: Evidence): Readiness {
  const criteria = [
    above(
      'validationR2',
      'The model explains unseen samples: R² on the validation part.',
      evidence.validationR2,
      CRITERIA.validationR2,
      POINTS.validationR2,
    ),
    below(
      'overfitting',
      'It has not learned them by heart: training R² less validation R².',
      evidence.overfitting,
      CRITERIA.overfitting,
      POINTS.overfitting,
    ),
    above(
      'trainingR2',
      'It explains the samples it learned from: R² on the training part.',
      evidence.trainingR2,
      CRITERIA.trainingR2,
      POINTS.trainingR2,
    ),
    above(
      'outOfSampleRoi',
      'The ten best candidates earn, in the median, on candles that nothing has seen; costs included.',
      evidence.outOfSampleRoi,
      CRITERIA.outOfSampleRoi,
      POINTS.outOfSampleRoi,
    ),
    line(
      'featureImportance',
      'Importances are clear of their noise, not all on one parameter, and agree over the folds.',
      evidence.importanceReasonable ? 1 : 0,
      1,
      evidence.importanceReasonable,
      POINTS.featureImportance,
    ),
  ]
  const gates = askGates(evidence.gates).map((gate): Criterion => ({ ...gate, points: 0, maxPoints: 0 }))
  const score = criteria.reduce((sum, { points }) => sum + points, 0)
  const criteriaMet = score >= CRITERIA.score && criteria.slice(0, 4).every(({ passed }) => passed)
  const productionReady = criteriaMet && gates.every(({ passed }) => passed)
  return { productionReady, score, criteria, criteriaMet, gates, explanation: explain(criteria, gates, criteriaMet) }
}

function above(name: string, description: string, value: number | null, threshold: number, points: number): Criterion {
  return line(name, description, value, threshold, value !== null && value > threshold, points)
}

function below(name: string, description: string, value: number | null, threshold: number, points: number): Criterion {
  return line(name, description, value, threshold, value !== null && value < threshold, points)
}

function line(
  name: string,
  description: string,
  value: number | null,
  threshold: number,
  passed: boolean,
  maxPoints: number,
): Criterion {
  return { name, description, value, threshold, passed, points: passed ? maxPoints : 0, maxPoints }
}

/** What to do about a line that failed: the cheapest step first. */
const NEXT_STEP: Record<string, string> = {
  validationR2: 'Run more samples, or narrow the space to the parameters that matter.',
  overfitting: 'Run more samples, or let the trees be smaller (minNumSamples).',
  trainingR2: 'Widen the ranges: over this space the objective hardly depends on the parameters.',
  outOfSampleRoi: 'Change the rules of the strategy; more tuning of the same rules will not help.',
  featureImportance: 'Run more samples, and look at the importances before you trust the model.',
  placeboPercentile: 'Markets without structure give as much: change the rules, or train on a longer period.',
  probabilityOfOverfitting: 'Choosing the best is noise here: narrow the space, or train on a longer period.',
  deflatedSharpeRatio: 'Train on a longer period; every further try on this market raises the bar.',
  walkForwardProfitableShare: 'It did not hold from window to window: change the rules rather than the parameters.',
  walkForwardSharpeRatio: 'It did not hold from window to window: change the rules rather than the parameters.',
  outOfSampleTrades: 'Test on a longer period.',
  superiorPredictiveAbility: 'Train on a longer period, or try fewer parameter sets.',
  probabilityOfLoss: 'Test on a longer period, and trade it on paper meanwhile.',
  roiAtDoubleCosts: 'Look for rules that trade less often, or for lower fees.',
  plateauScore: 'Widen the ranges around the best values and tune again: it stands on a needle.',
}

/** Switched off is not the same as failed: asking is the cheapest step of all. */
const ASK = 'Run it again with the placebo switched on.'

/** What costs money decides before what costs points, and what rules out chance before what asks for more data. */
const DECIDING = [
  'outOfSampleRoi',
  'placeboPercentile',
  'probabilityOfOverfitting',
  'walkForwardProfitableShare',
  'walkForwardSharpeRatio',
  'plateauScore',
  'roiAtDoubleCosts',
]

/** One sentence: why, and if not ready the cheapest next step. */
function explain(criteria: Criterion[], gates: Criterion[], criteriaMet: boolean): string {
  const lines = criteriaMet ? gates : [...criteria.filter(({ name }) => name !== 'featureImportance'), ...criteria]
  const failed = lines.filter(({ passed }) => !passed)
  if (failed.length === 0) return 'Ready: every criterion and every gate passed. Start small all the same.'
  const deciding = failed.find(({ name }) => DECIDING.includes(name)) ?? failed[0]
  const others = new Set([...criteria, ...gates].filter((line) => !line.passed && line.name !== deciding.name)).size
  return [
    `Not ready: ${shortfall(deciding)}${others > 0 ? ` (and ${others} more ${others > 1 ? 'lines' : 'line'} failed)` : ''}.`,
    isUntested(deciding) ? ASK : NEXT_STEP[deciding.name],
  ].join(' ')
}

function isUntested({ description }: Criterion): boolean {
  return description.endsWith(UNTESTED)
}

function shortfall(line: Criterion): string {
  if (isUntested(line)) return `${line.name} was not tested`
  if (line.value === null) return `${line.name} is not defined for so little data`
  const side = line.value < line.threshold ? 'at least' : 'at most'
  const wanted = line.value === line.threshold ? `beyond ${line.threshold}` : `${side} ${line.threshold}`
  return `${line.name} is ${show(line.value)} and must be ${wanted}`
}

function show(value: number): string {
  return String(Number(value.toPrecision(3)))
}
