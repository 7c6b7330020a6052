import { mae, r2 } from '../engine/statistics.ts'
import { crossValidate } from '../models/cross-validation.ts'
import type { Matrix, TaskRunner } from '../models/estimator.ts'
import { gradientBoosting } from '../models/gradient-boosting.ts'
import { selectRows } from '../models/matrix.ts'
import { tradeFeatures } from './features.ts'
import { OPTIMIZERS, type Optimizer } from './play.ts'
import type { ModelScore } from './review.ts'
import type { ModelVoice } from './support.ts'
import type { TradeLog } from './trade-log.ts'

/** Small trees, few of them: trades are noisy, and a model that learns them by heart knows nothing. */
const HYPERPARAMETERS = { nEstimators: 60, maxDepth: 3, learningRate: 0.05, minChildWeight: 10 }
/** The latest trades say more than more trades. */
const MOST_ROWS = 4000
const LEAST_ROWS = 50
/** Neighbours in time stand on the same side of every fold, or a model would be asked about what it has seen. */
const BLOCKS = 20

export interface TrainedModels {
  scores: ModelScore[]
  voices: Partial<Record<Optimizer, ModelVoice>>
}

/** Train the four optimizers' models on the latest trades. Predictions are out of fold: no model has seen its trade. */
export async function trainModels(log: TradeLog, seed: number, run: TaskRunner): Promise<TrainedModels> {
  const features = tradeFeatures(log)
  const trained = await Promise.all(
    OPTIMIZERS.map(async (optimizer) => ({ optimizer, ...(await trainOne(optimizer, log, features, seed, run)) })),
  )
  return {
    scores: trained.map(({ score }) => score),
    voices: Object.fromEntries(trained.flatMap(({ optimizer, voice }) => (voice ? [[optimizer, voice]] : []))),
  }
}

async function trainOne(
  optimizer: Optimizer,
  log: TradeLog,
  features: Matrix,
  seed: number,
  run: TaskRunner,
): Promise<{ score: ModelScore; voice: ModelVoice | null }> {
  const { rows, target } = lesson(optimizer, log)
  const trainedOn = rows.length
  const nothing = { optimizer, r2: null, mae: null, crossValidationR2: null, trainedOn }
  if (trainedOn < LEAST_ROWS) return { score: nothing, voice: null }
  const own = selectRows(features, rows)
  const blocks = Int32Array.from(rows, (_, at) => Math.floor((at * BLOCKS) / trainedOn))
  const settings = { folds: 5, repeats: 1 }
  const [model, { outOfFold }] = await Promise.all([
    gradientBoosting.fit(own, target, HYPERPARAMETERS, seed, run),
    crossValidate(gradientBoosting, own, target, blocks, HYPERPARAMETERS, seed, run, settings),
  ])
  const predictions = new Float64Array(log.count).fill(NaN)
  rows.forEach((at, row) => (predictions[at] = outOfFold[row]))
  const crossValidationR2 = r2(target, outOfFold)
  return {
    score: {
      optimizer,
      r2: r2(target, model.predict(own)),
      mae: mae(target, outOfFold),
      crossValidationR2,
      trainedOn,
    },
    voice: { skilled: crossValidationR2 !== null && crossValidationR2 > 0, predictions },
  }
}

/**
 * What each model learns: LEVERAGE the profit per unit of leverage, RISK_RATIO a win over the average loss, the other
 * two the profit.
 */
function lesson(optimizer: Optimizer, log: TradeLog): { rows: Int32Array; target: Float64Array } {
  const { profitRatio, leverage } = log
  const latest = Int32Array.from({ length: log.count }, (_, at) => at)
  if (optimizer !== 'RISK_RATIO') {
    const rows = latest.slice(-MOST_ROWS)
    const target = Float64Array.from(rows, (at) =>
      optimizer === 'LEVERAGE' ? profitRatio[at] / leverage[at] : profitRatio[at],
    )
    return { rows, target }
  }
  const losses = profitRatio.filter((profit) => profit < 0)
  const averageLoss = -losses.reduce((sum, profit) => sum + profit, 0) / losses.length
  const rows = losses.length > 0 ? latest.filter((at) => profitRatio[at] > 0).slice(-MOST_ROWS) : new Int32Array()
  return { rows, target: Float64Array.from(rows, (at) => profitRatio[at] / averageLoss) }
}
