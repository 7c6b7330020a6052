import { sql } from 'drizzle-orm'
import type { Transaction } from '../db.ts'
import { storeModel } from '../models/service.ts'
import type { ModelRow } from '../models/table.ts'
import type { Attempt } from './attempt.ts'
import type { SampleSplit } from './job.ts'
import type { Learned } from './learn.ts'
import type { Outcome, Samples } from './pipeline.ts'
import type { TuningJobRow } from './table.ts'

/**
 * Store what came out: the model, each sample's part in it, and the verdict. All of it or nothing.
 *
 * @throws LostJob
 */
export async function complete(attempt: Attempt, outcome: Outcome): Promise<void> {
  const { samples, learned, result, warnings, digest } = outcome
  await attempt.transaction(async (tx) => {
    const model = learned && (await storeLearned(tx, attempt.job, learned))
    await markSamples(tx, attempt.job.id, samples, learned)
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

/** What the samples are only known to be once something was learned from them. */
async function markSamples(tx: Transaction, jobId: string, samples: Samples, learned: Learned | null): Promise<void> {
  const parts = partsOf(samples.count, learned)
  const marks = parts.map((split, index) => ({
    index,
    split,
    objective: finiteOrNull(samples.objective[index]),
    predicted: learned ? finiteOrNull(learned.predicted[index]) : null,
  }))
  await tx.execute(sql`
    update samples set split = v.split, objective = v.objective, predicted = v.predicted
    from jsonb_to_recordset(${JSON.stringify(marks)}::text::jsonb)
      as v(index integer, split text, objective double precision, predicted double precision)
    where samples.job_id = ${jobId} and samples.index = v.index`)
}

function partsOf(count: number, learned: Learned | null): SampleSplit[] {
  const parts = Array.from({ length: count }, (): SampleSplit => 'NONE')
  learned?.split.train.forEach((at) => (parts[at] = 'TRAIN'))
  learned?.split.validation.forEach((at) => (parts[at] = 'VALIDATION'))
  learned?.split.test.forEach((at) => (parts[at] = 'TEST'))
  return parts
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null
}
