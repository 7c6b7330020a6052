/**
 * Every threshold of the verdict. Those of the criteria are the plain score's; those of the gates are chosen by
 * measurement: `npm run bench:verdict` shows how often markets without structure pass, and how often planted edges do.
 */

/** The four plain criteria, and the score of 100 that is asked for beside them. */
export const CRITERIA = {
  validationR2: 0.5,
  overfitting: 0.2,
  trainingR2: 0.6,
  outOfSampleRoi: 0,
  score: 80,
} as const

/** Points of the plain score. */
export const POINTS = {
  validationR2: 30,
  overfitting: 25,
  trainingR2: 20,
  outOfSampleRoi: 15,
  featureImportance: 10,
} as const

export const GATES = {
  /** the least share of chance that the deflated Sharpe ratio must rule out */
  deflatedSharpeRatio: 0.95,
  /** above it the choice of the best in sample is noise */
  probabilityOfOverfitting: 0.5,
  placeboPercentile: 0.95,
  walkForwardProfitableShare: 0.5,
  /** fewer out-of-sample trades prove nothing either way */
  outOfSampleTrades: 30,
  superiorPredictiveAbility: 0.05,
  walkForwardSharpeRatio: 0,
  probabilityOfLoss: 0.05,
  roiAtDoubleCosts: 0,
  /** of 100: a small change of the parameters may cost at most half of the lead */
  plateauScore: 50,
} as const
