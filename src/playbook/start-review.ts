import { and, asc, eq, gt, sql } from 'drizzle-orm'
import { audit } from '../auth/audit.ts'
import type { AppContext } from '../context.ts'
import type { Transaction } from '../db.ts'
import { ConflictError } from '../errors.ts'
import { announce } from '../events.ts'
import { newId } from '../ids.ts'
import type { MarketRegime } from '../market/regimes.ts'
import { requireRole } from '../viewer.ts'
import type { Analysis, AnalysisInput } from './analysis.ts'
import { backtestCheck } from './backtest-check.ts'
import { apply, expireDue, waitingOf } from './decide.ts'
import { PLAYBOOK_PARAMETERS, RISK_LEVELS, valueAt, type Place, type RegimePlay } from './play.ts'
import { describe } from './rationale.ts'
import { currentLog, modelsFor, SEED } from './model-store.ts'
import type { StoredVoice } from './models.ts'
import type { BacktestCheck, ModelScore, RecommendedChange } from './review.ts'
import { NEEDED } from './roles.ts'
import { inDays } from './service.ts'
import {
  playbookReviews,
  playbooks,
  playbookVersions,
  recommendations,
  type PlaybookReviewRow,
  type PlaybookRow,
} from './table.ts'
import { readForecasts } from './trade-list.ts'
import type { TradeLog } from './trade-log.ts'
import { getPlaybook, lastChange, lockPlaybook, readPlays, REVIEW_TOPIC } from './version.ts'

const DAY_MS = 86_400_000

/**
 * Review a playbook now: look at the trades of the lookback period and store what they say. With too little to go by,
 * or nothing to say, the review is EMPTY and tells why.
 *
 * @throws NotFoundError no such playbook
 * @throws ConflictError a review waits for a decision; or the playbook was changed meanwhile
 */
export async function startPlaybookReview(ctx: AppContext, playbookId: string): Promise<PlaybookReviewRow> {
  requireRole(ctx.viewer, NEEDED.REVIEW)
  const playbook = await getPlaybook(ctx, playbookId)
  const log = await currentLog(ctx, playbook)
  const { voices: models, scores } = await modelsFor(ctx, playbook, log)
  const input = await gather(ctx, playbook, log, models)
  const module = new URL('./analysis.ts', import.meta.url).href
  const analysis = await ctx.engine.call<Analysis>({ module, name: 'analyse', data: input })
  const check = await backtestCheck(ctx, playbook, input.plays, analysis.changes, input.log)
  return ctx.db.transaction(async (tx) => {
    const current = await lockPlaybook(tx, ctx.viewer, playbookId)
    await requireTurn(tx, current, playbook.version)
    const review = await store(ctx, tx, current, input, { ...analysis, scores, check })
    await tx
      .update(playbooks)
      .set({ nextReviewAt: inDays(current.settings.retrainingFrequencyDays) })
      .where(eq(playbooks.id, current.id))
    await audit(tx, ctx.viewer, 'REVIEW_STARTED', review.id, {
      playbookId,
      status: review.status,
      recommendations: analysis.changes.length,
    })
    return autoApply(ctx, tx, current, review)
  })
}

async function gather(
  ctx: AppContext,
  playbook: PlaybookRow,
  log: TradeLog,
  models: StoredVoice[],
): Promise<AnalysisInput> {
  const { settings } = playbook
  const from = new Date(ctx.clock() - settings.lookbackDays * DAY_MS)
  const plays = await readPlays(ctx.db, playbook.id, playbook.version)
  const history = await readHistory(ctx, playbook, Math.max(settings.lookbackDays, 30))
  return {
    log,
    plays,
    settings,
    forecasts: await readForecasts(ctx, playbook.id, { from }),
    lowestThreshold: lowestThresholds(history, settings.lookbackDays),
    references: referencesOf(history, plays),
    models,
    seed: SEED,
  }
}

/** A version that was in force, with what it said. */
interface PastVersion {
  origin: string
  /** days from now to when it began */
  ageDays: number
  plays: RegimePlay[]
}

/** The versions that were in force within some days, oldest first: the first one may have begun before. */
async function readHistory(ctx: AppContext, playbook: PlaybookRow, days: number): Promise<PastVersion[]> {
  const ageDays = sql<number>`(extract(epoch from clock_timestamp() - ${playbookVersions.createdAt}) / 86400)::double precision`
  const rows = await ctx.db
    .select({ version: playbookVersions.version, origin: playbookVersions.origin, ageDays })
    .from(playbookVersions)
    .where(eq(playbookVersions.playbookId, playbook.id))
    .orderBy(asc(playbookVersions.version))
  const first = rows.findLastIndex((row) => row.ageDays >= days)
  return Promise.all(
    rows
      .slice(Math.max(0, first))
      .map(async ({ version, ...row }) => ({ ...row, plays: await readPlays(ctx.db, playbook.id, version) })),
  )
}

function lowestThresholds(history: PastVersion[], days: number): Partial<Record<MarketRegime, number>> {
  const lowest: Partial<Record<MarketRegime, number>> = {}
  const inForce = history.filter((_, at) => (history[at + 1]?.ageDays ?? 0) <= days)
  for (const { plays } of inForce) {
    for (const { regime, confidenceThreshold } of plays) {
      lowest[regime] = Math.min(lowest[regime] ?? Infinity, confidenceThreshold)
    }
  }
  return lowest
}

const CAP_DAYS = 30

/** What each number was 30 days ago, or what somebody set it to by hand since. */
function referencesOf(history: PastVersion[], plays: readonly RegimePlay[]): (Place & { value: number })[] {
  const start = Math.max(
    0,
    history.findLastIndex(({ ageDays }) => ageDays >= CAP_DAYS),
  )
  return plays
    .flatMap(({ regime, strategyWeights }): Place[] => [
      ...PLAYBOOK_PARAMETERS.filter((parameter) => parameter !== 'STRATEGY_WEIGHT').map((parameter) => ({
        regime,
        parameter,
        strategy: null,
      })),
      ...strategyWeights.map(({ strategy }) => ({ regime, parameter: 'STRATEGY_WEIGHT' as const, strategy })),
    ])
    .flatMap((place) => {
      let value = valueAt(history[start].plays, place)
      for (const [at, version] of history.entries()) {
        if (at <= start) continue
        const next = valueAt(version.plays, place)
        const byHand = version.origin === 'MANUAL' || version.origin === 'ROLLBACK'
        if (value === null || (byHand && next !== valueAt(history[at - 1].plays, place))) value = next
      }
      return value === null ? [] : [{ ...place, value }]
    })
}

async function requireTurn(tx: Transaction, playbook: PlaybookRow, version: number): Promise<void> {
  if (playbook.version !== version) {
    throw new ConflictError(
      `Playbook ${playbook.name} was changed while it was reviewed: it has ${await lastChange(tx, playbook.id)}. Start the review again.`,
    )
  }
  await expireDue(tx, playbook)
  const [pending]: PlaybookReviewRow[] = await tx
    .select()
    .from(playbookReviews)
    .where(and(eq(playbookReviews.playbookId, playbook.id), eq(playbookReviews.status, 'PENDING')))
  if (!pending) return
  throw new ConflictError(
    `Review ${pending.id} of playbook ${playbook.name} waits for a decision since ${pending.createdAt.toISOString()}. Decide it first.`,
  )
}

async function store(
  ctx: AppContext,
  tx: Transaction,
  playbook: PlaybookRow,
  { log }: AnalysisInput,
  { quality, drift, changes, notes, scores, check }: Analysis & { scores: ModelScore[]; check: BacktestCheck | null },
): Promise<PlaybookReviewRow> {
  const hours = playbook.settings.reviewExpiryHours
  const [review] = await tx
    .insert(playbookReviews)
    .values({
      id: newId('review'),
      playbookId: playbook.id,
      baseVersion: playbook.version,
      status: changes.length > 0 ? 'PENDING' : 'EMPTY',
      dataQuality: quality,
      models: scores,
      tradesAnalysed: log.count,
      explanation: explain(changes, notes),
      drift,
      backtestCheck: check,
      requestedBy: ctx.viewer.name,
      createdAt: sql`clock_timestamp()`,
      expiresAt: sql`clock_timestamp() + ${hours}::integer * interval '1 hour'`,
    })
    .returning()
  if (changes.length > 0) {
    await tx
      .insert(recommendations)
      .values(
        changes.map((change, position) => ({ ...change, id: newId('recommendation'), reviewId: review.id, position })),
      )
  }
  await announce(tx, REVIEW_TOPIC, review.id)
  return review
}

function explain(changes: readonly RecommendedChange[], notes: readonly string[]): string {
  const what = changes.length > 0 ? `${changes.map(describe).join('; ')}.` : 'Nothing is recommended.'
  return [what, ...notes].join(' ')
}

/** Apply what may be applied without a person: off by default, and never once it has made something worse. */
async function autoApply(
  ctx: AppContext,
  tx: Transaction,
  playbook: PlaybookRow,
  review: PlaybookReviewRow,
): Promise<PlaybookReviewRow> {
  const { humanReviewRequired, autoApplyRisk } = playbook.settings
  if (review.status !== 'PENDING' || humanReviewRequired || playbook.autoApplyStopped !== null) return review
  const allowed = RISK_LEVELS.indexOf(autoApplyRisk)
  const chosen = (await waitingOf(tx, review.id)).filter(({ risk }) => RISK_LEVELS.indexOf(risk) <= allowed)
  if (chosen.length === 0) return review
  const [claimed] = await tx
    .update(playbookReviews)
    .set({
      status: 'APPLIED',
      decidedBy: 'auto-apply',
      decidedIn: 'SCHEDULE',
      decidedAt: sql`clock_timestamp()`,
      revision: 2,
    })
    .where(and(eq(playbookReviews.id, review.id), gt(playbookReviews.revision, 0)))
    .returning()
  const decision = await apply(tx, playbook, claimed, chosen, { origin: 'AUTO', author: 'auto-apply' })
  await audit(tx, ctx.viewer, 'REVIEW_AUTO_APPLIED', review.id, {
    playbookId: playbook.id,
    version: decision.playbook.version,
  })
  return decision.review
}
