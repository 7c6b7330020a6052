import { and, asc, count, desc, eq, inArray, isNotNull, max, sql } from 'drizzle-orm'
import type { AppContext } from '../context.ts'
import { forecastScores } from './forecasts.ts'
import { parameterStability, recommendationAccuracy } from './kpis.ts'
import { performanceOf, type Performance } from './performance.ts'
import { attributions, playbookReviews, recommendations } from './table.ts'
import { readForecasts, readTrades } from './trade-list.ts'
import { tradeLog } from './trade-log.ts'

/** How well the tuning itself works. */
export interface TuningKpis {
  reviews: number
  recommendations: number
  acceptanceRate: number | null
  recommendationAccuracy: number | null
  recommendationAccuracyInterval: { low: number; high: number; level: number } | null
  parameterStability: number | null
  signFlips: number
  averageDataQuality: number | null
  lastReviewAt: Date | null
}

/** @param period by exit time, half-open; everything where it is not given */
export async function playbookPerformance(
  ctx: AppContext,
  playbookId: string,
  period: { from?: Date | null | undefined; to?: Date | null | undefined },
): Promise<Performance & { kpis: TuningKpis }> {
  const [trades, forecasts, kpis] = await Promise.all([
    readTrades(ctx, playbookId, period),
    readForecasts(ctx, playbookId, period),
    tuningKpis(ctx, playbookId),
  ])
  return { ...performanceOf(tradeLog(trades), forecastScores(forecasts)), kpis }
}

/** The last applied changes whose size makes the stability. */
const STABILITY_CHANGES = 20

export async function tuningKpis(ctx: AppContext, playbookId: string): Promise<TuningKpis> {
  const [reviews] = await ctx.db
    .select({
      total: count(),
      quality: sql<number | null>`avg((${playbookReviews.dataQuality} ->> 'score')::double precision)`,
      last: max(playbookReviews.createdAt),
    })
    .from(playbookReviews)
    .where(eq(playbookReviews.playbookId, playbookId))
  const ofThisPlaybook = and(
    eq(recommendations.reviewId, playbookReviews.id),
    eq(playbookReviews.playbookId, playbookId),
  )
  const statuses = await ctx.db
    .select({ status: recommendations.status, total: count() })
    .from(recommendations)
    .innerJoin(playbookReviews, ofThisPlaybook)
    .groupBy(recommendations.status)
  const totalOf = (...names: string[]): number =>
    statuses.filter(({ status }) => names.includes(status)).reduce((sum, { total }) => sum + total, 0)
  const applied = totalOf('APPLIED', 'ROLLED_BACK')
  const decided = applied + totalOf('REJECTED')
  const changes = await ctx.db
    .select({ change: recommendations.change })
    .from(recommendations)
    .innerJoin(playbookReviews, ofThisPlaybook)
    .where(and(inArray(recommendations.status, ['APPLIED', 'ROLLED_BACK']), isNotNull(playbookReviews.decidedAt)))
    .orderBy(desc(playbookReviews.decidedAt), asc(recommendations.position))
    .limit(STABILITY_CHANGES)
  const { stability, signFlips } = parameterStability(changes.map(({ change }) => change).reverse())
  const accuracy = await judgedChanges(ctx, playbookId)
  return {
    reviews: reviews.total,
    recommendations: statuses.reduce((sum, { total }) => sum + total, 0),
    acceptanceRate: decided > 0 ? applied / decided : null,
    recommendationAccuracy: accuracy.value,
    recommendationAccuracyInterval: accuracy.interval && { ...accuracy.interval, level: 0.95 },
    parameterStability: stability,
    signFlips,
    averageDataQuality: reviews.quality,
    lastReviewAt: reviews.last,
  }
}

/** Of the versions that reviews made. */
async function judgedChanges(ctx: AppContext, playbookId: string) {
  const rows = await ctx.db
    .select({ verdict: attributions.verdict, total: count() })
    .from(attributions)
    .innerJoin(
      playbookReviews,
      and(
        eq(playbookReviews.playbookId, attributions.playbookId),
        eq(playbookReviews.appliedVersion, attributions.version),
      ),
    )
    .where(eq(attributions.playbookId, playbookId))
    .groupBy(attributions.verdict)
  const totalOf = (name: string): number => rows.find(({ verdict }) => verdict === name)?.total ?? 0
  return recommendationAccuracy(totalOf('IMPROVED'), totalOf('WORSENED'))
}
