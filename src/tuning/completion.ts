import { and, eq, sql } from 'drizzle-orm'
import { noteTried } from '../backtest/tried.ts'
import type { Transaction } from '../db.ts'
import { storeModel } from '../models/service.ts'
import type { ModelRow } from '../models/table.ts'
import type { Attempt } from './attempt.ts'
import { SAMPLE_SPLITS } from './job.ts'
import type { Learned } from './learn.ts'
import { questionOf, triedBy } from './ledger.ts'
import { pack } from './packed.ts'
import type { Outcome, Samples } from './pipeline.ts'
import { settingsOf } from './settings.ts'
import { sampleBlocks, type TuningJobRow } from './table.ts'

/**
 * Store what came out: the model, each sample's part in it, the verdict, and what the search has tried. All of it or
 * nothing.
 *
 * @throws LostJob
 */
export async function complete(attempt: Attempt, outcome: Outcome): Promise<void> {
  const { samples, learned, result, warnings, digest, searched } = outcome
  const question = questionOf(settingsOf(attempt.job))
  await attempt.transaction(async (tx) => {
    const model = learned && (await storeLearned(tx, attempt.job, learned))
    await markSamples(tx, attempt.job.id, samples, learned)
    await noteTried(tx, { ...triedBy(attempt.job, searched), question })
    await attempt.update(tx, {
      status: 'COMPLETED',
      phase: 'FINISHED',
      done: 1,
      total: 1,
      fraction: 1,
      etaMs: 0,
      finishedAt: sql`now()`,
      result,
      warnings,
      resultDigest: digest,
      modelId: model?.id ?? null,
      score: result.readiness.score,
      productionReady: result.readiness.productionReady,
    })
  })
}

function storeLearned(tx: Transaction, job: TuningJobRow, learned: Learned): Promise<ModelRow> {
  return storeModel(tx, {
    name: job.name,
    algorithm: job.algorithm,
    objective: job.objective,
    jobId: job.id,
    strategyId: job.strategyId,
    marketId: job.marketId,
    strategy: job.strategy,
    features: job.features,
    evaluation: {
      timeframe: job.timeframe,
      period: { from: job.trainingFrom, to: job.trainingTo },
      execution: job.execution,
    },
    featureNames: learned.featureNames,
    hyperparameters: { ...learned.model.hyperparameters },
    training: learned.training,
    validation: learned.validation,
    test: learned.test,
    calibration: learned.calibration,
    artifact: learned.model.toBytes(),
  })
}

/**
 * What the samples are only known to be once something was learned from them, or not.
 *
 * @param samples.objective f64[count]
 * @param learned.predicted f64[count]
 */
export async function markSamples(
  tx: Transaction,
  jobId: string,
  samples: Pick<Samples, 'count' | 'objective'>,
  learned: Pick<Learned, 'split' | 'predicted'> | null,
): Promise<void> {
  const parts = partsOf(samples.count, learned)
  const objective = samples.objective.map(finiteOrNaN)
  const predicted = learned?.predicted.map(finiteOrNaN) ?? new Float64Array(samples.count).fill(NaN)
  const isOfJob = eq(sampleBlocks.jobId, jobId)
  const { first, count } = sampleBlocks
  for (const block of await tx.select({ first, count }).from(sampleBlocks).where(isOfJob)) {
    const [from, to] = [block.first, block.first + block.count]
    const marks = {
      splits: parts.slice(from, to),
      objectives: pack(objective.subarray(from, to)),
      predictions: pack(predicted.subarray(from, to)),
    }
    await tx
      .update(sampleBlocks)
      .set(marks)
      .where(and(isOfJob, eq(first, from)))
  }
}

/** @returns u8[count], places in SAMPLE_SPLITS */
function partsOf(count: number, learned: Pick<Learned, 'split'> | null): Uint8Array {
  const parts = new Uint8Array(count).fill(SAMPLE_SPLITS.indexOf('NONE'))
  learned?.split.train.forEach((at) => (parts[at] = SAMPLE_SPLITS.indexOf('TRAIN')))
  learned?.split.validation.forEach((at) => (parts[at] = SAMPLE_SPLITS.indexOf('VALIDATION')))
  learned?.split.test.forEach((at) => (parts[at] = SAMPLE_SPLITS.indexOf('TEST')))
  return parts
}

function finiteOrNaN(value: number): number {
  return Number.isFinite(value) ? value : NaN
}
