import type { Database, Transaction } from '../db.ts'
import type { StrategyDefinition } from '../strategy/strategy.ts'
import { Fingerprint } from './fingerprint.ts'
import { triedSets } from './table.ts'

export interface Tried {
  marketId: string
  strategy: StrategyDefinition
  timeframeMs: number
  /** parameters by name */
  sets: readonly Record<string, number>[]
  /** of the job whose own search it was */
  question?: string
}

/**
 * Write down what was tried on a market, so that the next verdict counts it. The same rules with the same parameters
 * count once, over whatever period and with whatever costs they are tried again.
 */
export async function noteTried(db: Database | Transaction, tried: Tried): Promise<void> {
  const { marketId, strategy, timeframeMs, sets, question = null } = tried
  const digests = sets.map((set) => new Fingerprint().add([rulesOf(strategy), timeframeMs, set]).digest())
  // In one order for all, so that of two who write the same nobody waits for the other in a circle.
  const lines = [...new Set(digests)].sort().map((digest) => ({ marketId, digest, question }))
  if (lines.length > 0) await db.insert(triedSets).values(lines).onConflictDoNothing()
}

/** What of a strategy decides its trades for given parameters: not its name, and not from where they are chosen. */
export function rulesOf(strategy: StrategyDefinition): (string | null | undefined)[] {
  const { enterLong, exitLong, enterShort, exitShort, stopLoss, takeProfit, trailingStop, leverage } = strategy
  return [enterLong, exitLong, enterShort, exitShort, stopLoss, takeProfit, trailingStop, leverage]
}
