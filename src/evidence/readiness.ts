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
  /** of the best candidate, out of sample */
  outOfSampleTrades: number | null
}

/** The score that the criteria ask for, of 100. */
const ENOUGH_SCORE = 80

/** Fewer out-of-sample trades than this prove nothing either way. */
const ENOUGH_TRADES = 30

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
      0.5,
      30,
    ),
    below(
      'overfitting',
      'It has not learned them by heart: training R² less validation R².',
      evidence.overfitting,
      0.2,
      25,
    ),
    above(
      'trainingR2',
      'It explains the samples it learned from: R² on the training part.',
      evidence.trainingR2,
      0.6,
      20,
    ),
    above(
      'outOfSampleRoi',
      'The ten best candidates earn, in the median, on candles that nothing has seen; costs included.',
      evidence.outOfSampleRoi,
      0,
      15,
    ),
    line(
      'featureImportance',
      'Importances are clear of their noise, not all on one parameter, and agree over the folds.',
      evidence.importanceReasonable ? 1 : 0,
      1,
      evidence.importanceReasonable,
      10,
    ),
  ]
  const gates = [
    untested(
      'deflatedSharpeRatio',
      'The Sharpe ratio of the chosen set, deflated by every trial ever made on this market.',
      0.95,
    ),
    untested(
      'probabilityOfOverfitting',
      'Probability that choosing the best in sample picks a loser out of sample.',
      0.5,
    ),
    untested(
      'placeboPercentile',
      'Share of tunings on permuted candles without structure that the result beats.',
      0.95,
    ),
    untested('walkForwardProfitableShare', 'Share of walk-forward windows that end with a gain.', 0.5),
    line(
      'outOfSampleTrades',
      'Trades of the best candidate out of sample.',
      evidence.outOfSampleTrades,
      ENOUGH_TRADES,
      (evidence.outOfSampleTrades ?? 0) >= ENOUGH_TRADES,
      0,
    ),
  ]
  const score = criteria.reduce((sum, { points }) => sum + points, 0)
  const criteriaMet = score >= ENOUGH_SCORE && criteria.slice(0, 4).every(({ passed }) => passed)
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

/** A question that nobody has asked yet fails its gate. */
function untested(name: string, description: string, threshold: number): Criterion {
  return line(name, `${description} Not tested in this version.`, null, threshold, false, 0)
}

/** What to do about a criterion that failed: the cheapest step first. */
const NEXT_STEP: Record<string, string> = {
  validationR2: 'Run more samples, or narrow the space to the parameters that matter.',
  overfitting: 'Run more samples, or let the trees be smaller (minNumSamples).',
  trainingR2: 'Widen the ranges: over this space the objective hardly depends on the parameters.',
  outOfSampleRoi: 'Change the rules of the strategy; more tuning of the same rules will not help.',
  featureImportance: 'Run more samples, and look at the importances before you trust the model.',
}

/** One sentence: why, and if not ready the cheapest next step. */
function explain(criteria: Criterion[], gates: Criterion[], criteriaMet: boolean): string {
  // What costs money decides before what costs points.
  const failed =
    criteria.find(({ name, passed }) => name === 'outOfSampleRoi' && !passed) ?? criteria.find(({ passed }) => !passed)
  if (!criteriaMet && failed) {
    return `Not ready: ${failed.name} is ${show(failed.value)} and must be ${failed.name === 'overfitting' ? 'below' : 'above'} ${failed.threshold}. ${NEXT_STEP[failed.name]}`
  }
  const open = gates.filter(({ passed }) => !passed)
  if (open.length > 0) {
    return `Not ready: the criteria are met, but the evidence against chance is missing (${open.map(({ name }) => name).join(', ')}). Trade it on paper first.`
  }
  return 'Ready: every criterion and every gate passed. Start small all the same.'
}

function show(value: number | null): string {
  return value === null ? 'not defined' : String(Number(value.toPrecision(3)))
}
