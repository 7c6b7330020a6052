/** A finished study of many samples, written as a worker writes it; what it would have learned is made up. */
import { eq } from 'drizzle-orm'
import type { AppContext } from '../../src/context.ts'
import { Attempt } from '../../src/tuning/attempt.ts'
import { jobCandles } from '../../src/tuning/candles.ts'
import { saveSamples } from '../../src/tuning/checkpoint.ts'
import { markSamples } from '../../src/tuning/completion.ts'
import { Evaluator } from '../../src/tuning/evaluator.ts'
import type { Learned } from '../../src/tuning/learn.ts'
import { createTuningJob } from '../../src/tuning/service.ts'
import { settingsOf } from '../../src/tuning/settings.ts'
import { tuningJobs } from '../../src/tuning/table.ts'
import { smallJob } from '../../test/tuning/jobs.ts'

/** Samples that a worker backtests and stores together. */
const BLOCK = 200

/** @param ctx of a process without a worker @returns id of the job */
export async function fillStudy(ctx: AppContext, sampleCount: number): Promise<string> {
  const { id } = await createTuningJob(ctx, await smallJob(ctx, { sampleCount, placeboRuns: 0 }))
  const mine = { status: 'RUNNING', attempt: 1 } as const
  const [job] = await ctx.db.update(tuningJobs).set(mine).where(eq(tuningJobs.id, id)).returning()
  const attempt = new Attempt(ctx, job)
  const settings = settingsOf(job)
  const evaluator = new Evaluator(ctx.engine, await jobCandles(ctx, job), settings)
  const { rows } = evaluator.strategy.draw({ sampler: job.sampler, count: sampleCount, seed: job.seed })
  const objective = new Float64Array(sampleCount)
  for (let from = 0; from < sampleCount; from += BLOCK) {
    const block = rows.subarray(from * evaluator.width, (from + BLOCK) * evaluator.width)
    const metrics = await evaluator.run(block, settings.training)
    await saveSamples(attempt, from, block, metrics)
    objective.set(evaluator.objectives(metrics, 3), from)
  }
  const split = splitOf(objective)
  await attempt.transaction((tx) =>
    markSamples(tx, id, { count: sampleCount, objective }, { split, predicted: objective.map((value) => 0.9 * value) }),
  )
  await attempt.update(ctx.db, { status: 'COMPLETED', phase: 'FINISHED' })
  return id
}

/** 70, 15 and 15 % of those that say something. */
function splitOf(objective: Float64Array): Learned['split'] {
  const telling = Int32Array.from(objective.keys()).filter((at) => !Number.isNaN(objective[at]))
  return {
    train: telling.filter((_, at) => at % 20 < 14),
    validation: telling.filter((_, at) => at % 20 >= 14 && at % 20 < 17),
    test: telling.filter((_, at) => at % 20 >= 17),
    duplicates: 0,
  }
}
