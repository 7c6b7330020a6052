import { and, eq, gt, isNull, lt, ne, or, sql } from 'drizzle-orm'
import { Fingerprint } from '../backtest/fingerprint.ts'
import type { Period } from '../backtest/period.ts'
import { triedSets } from '../backtest/table.ts'
import { rulesOf, type Tried } from '../backtest/tried.ts'
import type { Transaction } from '../db.ts'
import { markets } from '../market/table.ts'
import { toParameters } from '../strategy/parameter-space.ts'
import { settingsOf, type Ledger, type TuningSettings } from './settings.ts'
import { trialLedger, type TuningJobRow } from './table.ts'

/**
 * Enter a new job into the lifetime ledger of its market, and read what the others have tried before it. Jobs on the
 * same market take turns, so that of two at the same time one counts the other.
 *
 * A job's samples count from its creation, whether or not it is finished, cancelled or deleted: whoever drops the results that
 * he does not like has tried them all the same.
 */
export async function enterLedger(
  tx: Transaction,
  job: { id: string; marketId: string; trials: number; settings: Omit<TuningSettings, 'ledger'> },
): Promise<Ledger> {
  const { id, marketId, trials, settings } = job
  const [design, question] = [designOf(settings), questionOf(settings)]
  const { from, to } = settings.test
  await tx.select({ id: markets.id }).from(markets).where(eq(markets.id, marketId)).for('no key update')
  const values = { jobId: id, marketId, design, question, trials, testFrom: from, testTo: to }
  const entered = tx.$with('entered').as(tx.insert(trialLedger).values(values).returning({ id: trialLedger.jobId }))
  const [before] = await tx // the ledger as it was: a statement does not see what it enters itself
    .with(entered)
    .select({
      trials: sql<number>`(${trialsOf(tx, marketId, design)}) + (${triedBeside(tx, marketId, question)})`,
      oosUses: sql<number>`(${usesOf(tx, marketId, question, settings.test)})`,
    })
    .from(sql`(select 1) as one`)
  return before
}

/** Parameter sets that other designs have tried on a market. */
function trialsOf(tx: Transaction, marketId: string, design: string) {
  const designs = tx
    .select({ trials: sql<number>`max(${trialLedger.trials})`.as('trials') })
    .from(trialLedger)
    .where(and(eq(trialLedger.marketId, marketId), ne(trialLedger.design, design)))
    .groupBy(trialLedger.design)
    .as('designs')
  return tx.select({ trials: sql<number>`coalesce(sum(${designs.trials}), 0)::float8` }).from(designs)
}

/** Parameter sets that were tried one by one, by searches or by predictions, less those of the job's own search. */
function triedBeside(tx: Transaction, marketId: string, question: string) {
  return tx
    .select({ sets: sql<number>`count(*)::float8` })
    .from(triedSets)
    .where(and(eq(triedSets.marketId, marketId), or(isNull(triedSets.question), ne(triedSets.question, question))))
}

/** Other questions whose results were judged on candles of this test period. */
function usesOf(tx: Transaction, marketId: string, question: string, test: Period) {
  const questions = tx
    .select({ question: trialLedger.question })
    .from(trialLedger)
    .where(
      and(
        eq(trialLedger.marketId, marketId),
        ne(trialLedger.question, question),
        lt(trialLedger.testFrom, test.to),
        gt(trialLedger.testTo, test.from),
      ),
    )
    .groupBy(trialLedger.question)
    .as('questions')
  return tx.select({ uses: sql<number>`count(*)::float8` }).from(questions)
}

/**
 * What decides which parameter sets are tried and on what. How the results are learned from is left out: another
 * algorithm tries the same sets. The placebo is, too.
 */
export function designOf(settings: Omit<TuningSettings, 'ledger'>): string {
  const { strategy, timeframeMs, training, test, execution, sampler, sampleCount, seed } = settings
  return new Fingerprint()
    .add(rulesOf(strategy))
    .add([strategy.parameterSpace, strategy.constraints])
    .add([timeframeMs, training, test, execution, sampler, sampleCount, seed])
    .digest()
}

/** What a result is judged for: the design, and how its results are learned from and chosen. */
export function questionOf(settings: Omit<TuningSettings, 'ledger'>): string {
  const { objective, riskLimits, algorithm, hyperparameters, features } = settings
  return new Fingerprint()
    .add(designOf(settings))
    .add([objective, riskLimits, algorithm, hyperparameters, features])
    .digest()
}

/** Parameter sets that were really backtested on a job's market, beside its samples. */
export function triedBy(job: TuningJobRow, rows: readonly Float64Array[]): Tried {
  const { marketId, strategy } = job
  const sets = rows.map((row) => toParameters(strategy.parameterSpace, row))
  return { marketId, strategy, timeframeMs: settingsOf(job).timeframeMs, sets }
}
