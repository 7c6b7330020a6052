import { mae, r2 } from '../engine/statistics.ts'
import type { Matrix, TaskRunner } from '../models/estimator.ts'
import { gradientBoosting } from '../models/gradient-boosting.ts'
import { selectRows, selectValues } from '../models/matrix.ts'
import { repeatedFolds } from '../models/split.ts'
import { knownStrategies, tradeFeatures } from './features.ts'
import { blockOf, OptimizerModel, optimizerModelFrom } from './optimizer-model.ts'
import { OPTIMIZERS, type Optimizer } from './play.ts'
import type { ModelFit } from './review.ts'
import type { ModelVoice } from './support.ts'
import type { TradeLog } from './trade-log.ts'

/** Small trees, few of them: trades are noisy, and a model that learns them by heart knows nothing. */
export const HYPERPARAMETERS = { nEstimators: 60, maxDepth: 3, learningRate: 0.05, minChildWeight: 10 }
/** The latest trades say more than more trades. */
const MOST_ROWS = 4000
const LEAST_ROWS = 50
/** Neighbours in time stand on the same side of every fold, or a model would be asked about what it has seen. */
const BLOCKS = 20
const FOLDS = 5
/** A model that learned from fewer than one part in so many of the trades there are is out of date. */
const OUTGROWN = 2

/** What one optimizer has learned, and how well. */
export interface TrainedModel extends ModelFit {
  optimizer: Optimizer
  model: OptimizerModel
  /** ms, exit times of the first and the last trade */
  from: number
  to: number
}

/** A model as it is stored, which a compute thread can be given. */
export interface StoredVoice {
  optimizer: Optimizer
  crossValidationR2: number | null
  artifact: Uint8Array
}

/** Train the optimizers' models on the latest trades, as far as there are enough. The same log gives the same bits. */
export async function trainModels(log: TradeLog, seed: number, run: TaskRunner): Promise<TrainedModel[]> {
  const strategies = knownStrategies(log)
  const features = tradeFeatures(log, strategies)
  const trained = OPTIMIZERS.map((optimizer) => trainOne(optimizer, log, features, strategies, seed, run))
  return (await Promise.all(trained)).filter((one) => one !== null)
}

async function trainOne(
  optimizer: Optimizer,
  log: TradeLog,
  features: Matrix,
  strategies: readonly string[],
  seed: number,
  run: TaskRunner,
): Promise<TrainedModel | null> {
  const rows = lesson(optimizer, log)
  const times = selectValues(log.exitTime, rows)
  const bounds = blockBounds(times)
  if (rows.length < LEAST_ROWS || bounds.length <= FOLDS) return null
  const target = targetOf(optimizer, log, rows)
  const blocks = Int32Array.from(times, (time) => blockOf(bounds, time))
  const folds = repeatedFolds(blocks, seed, FOLDS, 1)
  const own = selectRows(features, rows)
  const fit = (some: Int32Array) =>
    gradientBoosting.fit(selectRows(own, some), selectValues(target, some), HYPERPARAMETERS, seed, run)
  const [whole, ...parts] = await Promise.all([
    fit(Int32Array.from(rows.keys())),
    ...folds.map(({ train }) => fit(train)),
  ])
  const partOf = new Int32Array(bounds.length - 1)
  folds.forEach(({ validation }, part) => validation.forEach((row) => (partOf[blocks[row]] = part)))
  const model = new OptimizerModel(strategies, bounds, partOf, whole, parts)
  const unseen = model.predict(own, times)
  return {
    optimizer,
    model,
    from: times[0],
    to: times[times.length - 1],
    r2: r2(target, whole.predict(own)),
    mae: mae(target, unseen),
    crossValidationR2: r2(target, unseen),
    trainedOn: rows.length,
  }
}

/** Where the blocks of a lesson begin, and its end. Trades of one moment are in one block. @param times ascending */
function blockBounds(times: Float64Array): Float64Array {
  const begins = Array.from({ length: BLOCKS }, (_, block) => times[Math.floor((block * times.length) / BLOCKS)])
  return Float64Array.from([...new Set(begins), times[times.length - 1]])
}

/**
 * The latest trades that a model learns from, in order of exit, and is asked about: RISK_RATIO knows those that won,
 * the others all.
 */
function lesson(optimizer: Optimizer, { count, profitRatio }: TradeLog): Int32Array {
  const all = Int32Array.from({ length: count }, (_, at) => at)
  if (optimizer !== 'RISK_RATIO') return all.slice(-MOST_ROWS)
  const hasLost = profitRatio.some((profit) => profit < 0)
  return hasLost ? all.filter((at) => profitRatio[at] > 0).slice(-MOST_ROWS) : new Int32Array()
}

/**
 * What each model learns: LEVERAGE the profit per unit of leverage, RISK_RATIO a win over the average loss, the other
 * two the profit.
 */
function targetOf(optimizer: Optimizer, { profitRatio, leverage }: TradeLog, rows: Int32Array): Float64Array {
  if (optimizer === 'LEVERAGE') return Float64Array.from(rows, (at) => profitRatio[at] / leverage[at])
  if (optimizer !== 'RISK_RATIO') return selectValues(profitRatio, rows)
  const losses = profitRatio.filter((profit) => profit < 0)
  const averageLoss = -losses.reduce((sum, profit) => sum + profit, 0) / losses.length
  return Float64Array.from(rows, (at) => profitRatio[at] / averageLoss)
}

/** Trades of the log that an optimizer's model would learn from today. */
export function lessonSize(optimizer: Optimizer, log: TradeLog): number {
  return lesson(optimizer, log).length
}

/** Whether an optimizer needs a model that it does not have, or one that knows more of the trades there are. */
export function isOutgrown(optimizer: Optimizer, log: TradeLog, trainedOn: number): boolean {
  return lessonSize(optimizer, log) >= Math.max(LEAST_ROWS, OUTGROWN * trainedOn)
}

/**
 * Ask stored models about the latest trades of a log, each trade of a part that has not seen its time. Models that know
 * no more than the mean does are not asked.
 */
export function voicesOf(log: TradeLog, stored: readonly StoredVoice[]): Partial<Record<Optimizer, ModelVoice>> {
  const skilled = stored.filter(({ crossValidationR2 }) => crossValidationR2 !== null && crossValidationR2 > 0)
  const models = skilled.map(({ optimizer, artifact }) => ({ optimizer, model: optimizerModelFrom(artifact) }))
  const voices: Partial<Record<Optimizer, ModelVoice>> = {}
  for (const [, group] of Map.groupBy(models, ({ model }) => model.strategies.join('\n'))) {
    const features = tradeFeatures(log, group[0].model.strategies)
    for (const { optimizer, model } of group) {
      const rows = lesson(optimizer, log)
      const answers = model.predict(selectRows(features, rows), selectValues(log.exitTime, rows))
      const predictions = new Float64Array(log.count).fill(NaN)
      rows.forEach((at, row) => (predictions[at] = answers[row]))
      voices[optimizer] = predictions
    }
  }
  return voices
}
