import { and, asc, eq, isNull, sql } from 'drizzle-orm'
import { audit } from '../auth/audit.ts'
import type { AppContext } from '../context.ts'
import { announce } from '../events.ts'
import { newId } from '../ids.ts'
import { MARKET_REGIMES } from '../market/regimes.ts'
import { attribute, type Attribution } from './attribution.ts'
import { dataQuality } from './data-quality.ts'
import { evidenceOf } from './evidence-of.ts'
import { logFacts } from './log-facts.ts'
import type { RecommendedChange } from './review.ts'
import { relative, riskClass, weightRisk } from './risk-class.ts'
import { expireDue } from './decide.ts'
import {
  attributions,
  playbookReviews,
  playbooks,
  playbookVersions,
  recommendations,
  type PlaybookVersionRow,
} from './table.ts'
import { readTrades } from './trade-list.ts'
import { tradeLog, tradesIn, type TradeLog } from './trade-log.ts'
import { lockPlaybook, PLAYBOOK_TOPIC, REVIEW_TOPIC } from './version.ts'

const DAY_MS = 86_400_000
/** Older trades than these before a change are not compared with those after it. */
const BEFORE_DAYS = 90

/**
 * Judge every version of a playbook by the trades before and after it, as far as there are enough. A version that made
 * results worse ends what is applied without a person, and a review proposes to go back.
 */
export async function judgeVersions(ctx: AppContext, playbookId: string): Promise<void> {
  const versions: PlaybookVersionRow[] = await ctx.db
    .select()
    .from(playbookVersions)
    .where(eq(playbookVersions.playbookId, playbookId))
    .orderBy(asc(playbookVersions.version))
  const known = await ctx.db.select().from(attributions).where(eq(attributions.playbookId, playbookId))
  for (const [at, version] of versions.entries()) {
    const isFinal = known.some((row) => row.version === version.version && row.final)
    if (at > 0 && !isFinal) await judge(ctx, versions[at - 1], version, versions[at + 1])
  }
}

/** A trade belongs to the version that was in force when it was opened. */
async function judge(
  ctx: AppContext,
  previous: PlaybookVersionRow,
  version: PlaybookVersionRow,
  next: PlaybookVersionRow | undefined,
): Promise<void> {
  const changedAt = version.createdAt.getTime()
  // What was traded before the playbook existed counts as its first version's.
  const previousAt = previous.version === 1 ? -Infinity : previous.createdAt.getTime()
  const from = Math.max(changedAt - BEFORE_DAYS * DAY_MS, previousAt)
  const until = next?.createdAt.getTime() ?? Infinity
  const trades = await readTrades(ctx, version.playbookId, { from: new Date(from) })
  const before = tradeLog(trades.filter(({ entryTime, exitTime }) => entryTime >= from && exitTime < changedAt))
  const after = tradeLog(trades.filter(({ entryTime }) => entryTime >= changedAt && entryTime < until))
  const changed = [...new Set(version.changes.map(({ regime }) => regime))]
  const result = attribute(before, after, changed.length > 0 ? changed : undefined)
  if (!result) return
  const final = next !== undefined && ctx.clock() - until > 7 * DAY_MS // trades that were open then are over
  await ctx.db.transaction(async (tx) => {
    const values = { playbookId: version.playbookId, version: version.version, verdict: result.verdict, result, final }
    const fresh = { verdict: result.verdict, result, final, computedAt: sql`clock_timestamp()` }
    const playbook = await lockPlaybook(tx, ctx.viewer, version.playbookId)
    await tx
      .insert(attributions)
      .values(values)
      .onConflictDoUpdate({ target: [attributions.playbookId, attributions.version], set: fresh })
    if (result.verdict !== 'WORSENED') return
    if (version.origin === 'AUTO') await stopAutoApply(ctx, tx, version, result)
    if (playbook.version === version.version && result.interval.high < 0) {
      await expireDue(tx, playbook)
      await proposeRollback(ctx, tx, version, after, result, playbook.settings.reviewExpiryHours)
    }
  })
}

type Tx = Parameters<Parameters<AppContext['db']['transaction']>[0]>[0]

async function stopAutoApply(ctx: AppContext, tx: Tx, version: PlaybookVersionRow, result: Attribution): Promise<void> {
  const reason = `Version ${version.version} was applied without a person and made results worse: ${inWords(result)}.`
  const [stopped] = await tx
    .update(playbooks)
    .set({ autoApplyStopped: reason })
    .where(and(eq(playbooks.id, version.playbookId), isNull(playbooks.autoApplyStopped)))
    .returning({ id: playbooks.id })
  if (!stopped) return
  await announce(tx, PLAYBOOK_TOPIC, stopped.id)
  await audit(tx, ctx.viewer, 'AUTO_APPLY_STOPPED', stopped.id, { version: version.version })
}

/** A review like any other: a person decides. Proposed once for a version. */
async function proposeRollback(
  ctx: AppContext,
  tx: Tx,
  version: PlaybookVersionRow,
  after: TradeLog,
  result: Attribution,
  expiryHours: number,
): Promise<void> {
  const { playbookId } = version
  const earlier = await tx
    .select({ status: playbookReviews.status, rollbackTo: playbookReviews.rollbackTo })
    .from(playbookReviews)
    .where(and(eq(playbookReviews.playbookId, playbookId), eq(playbookReviews.baseVersion, version.version)))
  const isBusy = earlier.some(({ status, rollbackTo }) => status === 'PENDING' || rollbackTo !== null)
  if (isBusy || version.changes.length === 0) return
  const changes = backwards(version, after, result)
  const [review] = await tx
    .insert(playbookReviews)
    .values({
      id: newId('review'),
      playbookId,
      baseVersion: version.version,
      status: 'PENDING',
      dataQuality: dataQuality(logFacts(after)),
      models: [],
      tradesAnalysed: after.count,
      explanation: `Version ${version.version} made results worse: ${inWords(result)}. Go back to version ${version.previousVersion}.`,
      rollbackTo: version.previousVersion,
      requestedBy: ctx.viewer.name,
      createdAt: sql`clock_timestamp()`,
      expiresAt: sql`clock_timestamp() + ${expiryHours}::integer * interval '1 hour'`,
    })
    .returning()
  await tx.insert(recommendations).values(
    changes.map((change, position) => ({
      ...change,
      id: newId('recommendation'),
      reviewId: review.id,
      position,
    })),
  )
  await announce(tx, REVIEW_TOPIC, review.id)
  await audit(tx, ctx.viewer, 'ROLLBACK_PROPOSED', review.id, { playbookId, rollbackTo: version.previousVersion })
}

function backwards(version: PlaybookVersionRow, after: TradeLog, result: Attribution): RecommendedChange[] {
  return version.changes.map(({ regime, parameter, strategy, before, after: current }): RecommendedChange => {
    const weights = version.changes.filter((one) => one.parameter === 'STRATEGY_WEIGHT' && one.regime === regime)
    const isWeight = parameter === 'STRATEGY_WEIGHT'
    return {
      regime,
      parameter,
      strategy,
      current,
      recommended: before,
      change: relative(current, before),
      risk: isWeight
        ? weightRisk(
            weights.map((one) => one.after),
            weights.map((one) => one.before),
          )
        : riskClass(parameter, current, before).risk,
      confidence: Math.round(100 * (1 - result.pValue)),
      rationale: `Since version ${version.version} results are worse: ${inWords(result)}.`,
      evidence: evidenceOf(after, MARKET_REGIMES.includes(regime) ? tradesIn(after, regime) : new Int32Array(), null),
      expectedEffect: null,
    }
  })
}

function inWords({ effect, interval, tradesAfter }: Attribution): string {
  const percent = (fraction: number): string => `${(100 * fraction).toFixed(2)} %`
  return `${percent(effect)} a trade over ${tradesAfter} trades (95 % interval ${percent(interval.low)} to ${percent(interval.high)})`
}
