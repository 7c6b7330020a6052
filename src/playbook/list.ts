import { and, count, desc, eq, inArray, sql } from 'drizzle-orm'
import type { AppContext } from '../context.ts'
import { keyset, type Slice } from '../paging.ts'
import {
  attributions,
  playbookReviews,
  playbooks,
  playbookVersions,
  recommendations,
  type AttributionRow,
  type PlaybookReviewRow,
  type PlaybookRow,
  type PlaybookVersionRow,
  type RecommendationRow,
  type ReviewStatus,
} from './table.ts'
import { findVersion, isReachable, rightNow } from './version.ts'

const own = (ctx: AppContext) =>
  ctx.viewer.playbookId === undefined ? undefined : eq(playbooks.id, ctx.viewer.playbookId)

/** Oldest first. */
export async function listPlaybooks(ctx: AppContext, slice: Slice): Promise<PlaybookRow[]> {
  const { where, orderBy } = keyset(slice, {
    value: playbooks.createdAt,
    type: 'timestamptz',
    id: playbooks.id,
    idType: 'text',
    direction: 'ASC',
  })
  return ctx.db
    .select()
    .from(playbooks)
    .where(and(own(ctx), where))
    .orderBy(orderBy)
    .limit(slice.limit)
}

export async function countPlaybooks(ctx: AppContext): Promise<number> {
  const [row] = await ctx.db.select({ total: count() }).from(playbooks).where(own(ctx))
  return row.total
}

/** By id, by name, or by both where both are given. */
export async function findPlaybook(
  ctx: AppContext,
  { id, name }: { id?: string | null | undefined; name?: string | null | undefined },
): Promise<PlaybookRow | null> {
  const wanted = [...(id ? [eq(playbooks.id, id)] : []), ...(name ? [eq(playbooks.name, name)] : [])]
  if (wanted.length === 0) return null
  const [row] = await ctx.db
    .select()
    .from(playbooks)
    .where(and(own(ctx), ...wanted))
  return row ?? null
}

/** Those that there are, in any order, whoever may see them. */
export function findPlaybooks(ctx: AppContext, ids: string[]): Promise<PlaybookRow[]> {
  return ctx.db.select().from(playbooks).where(inArray(playbooks.id, ids))
}

/** Newest first. */
export async function listVersions(ctx: AppContext, playbookId: string, slice: Slice): Promise<PlaybookVersionRow[]> {
  const { where, orderBy } = keyset(slice, {
    value: playbookVersions.version,
    type: 'integer',
    id: playbookVersions.version,
    idType: 'integer',
    direction: 'DESC',
  })
  return ctx.db
    .select()
    .from(playbookVersions)
    .where(and(eq(playbookVersions.playbookId, playbookId), where))
    .orderBy(orderBy)
    .limit(slice.limit)
}

export async function countVersions(ctx: AppContext, playbookId: string): Promise<number> {
  const [row] = await ctx.db
    .select({ total: count() })
    .from(playbookVersions)
    .where(eq(playbookVersions.playbookId, playbookId))
  return row.total
}

/** `version_<playbook>_<number>` */
export function versionId({ playbookId, version }: Pick<PlaybookVersionRow, 'playbookId' | 'version'>): string {
  return `version_${playbookId.slice('playbook_'.length)}_${version}`
}

export async function findVersionById(ctx: AppContext, id: string): Promise<PlaybookVersionRow | null> {
  const match = /^version_(\w+)_([1-9]\d{0,8})$/.exec(id)
  if (!match) return null
  const playbookId = `playbook_${match[1]}`
  return isReachable(ctx.viewer, playbookId) ? findVersion(ctx.db, playbookId, Number(match[2])) : null
}

/** Newest first. */
export async function listReviews(
  ctx: AppContext,
  playbookId: string,
  status: ReviewStatus[] | null,
  slice: Slice,
): Promise<PlaybookReviewRow[]> {
  const { where, orderBy } = keyset(slice, {
    value: playbookReviews.createdAt,
    type: 'timestamptz',
    id: playbookReviews.id,
    idType: 'text',
    direction: 'DESC',
  })
  return ctx.db
    .select()
    .from(playbookReviews)
    .where(and(ofPlaybook(playbookId, status), where))
    .orderBy(orderBy)
    .limit(slice.limit)
}

export async function countReviews(
  ctx: AppContext,
  playbookId: string,
  status: ReviewStatus[] | null,
): Promise<number> {
  const [row] = await ctx.db.select({ total: count() }).from(playbookReviews).where(ofPlaybook(playbookId, status))
  return row.total
}

const ofPlaybook = (playbookId: string, status: ReviewStatus[] | null) =>
  and(eq(playbookReviews.playbookId, playbookId), status ? inArray(playbookReviews.status, status) : undefined)

export async function findReview(ctx: AppContext, id: string): Promise<PlaybookReviewRow | null> {
  const [row] = await ctx.db.select().from(playbookReviews).where(eq(playbookReviews.id, id))
  return row && isReachable(ctx.viewer, row.playbookId) ? row : null
}

/** Those that there are, in any order, whoever may see them. */
export function findReviews(ctx: AppContext, ids: string[]): Promise<PlaybookReviewRow[]> {
  return ctx.db.select().from(playbookReviews).where(inArray(playbookReviews.id, ids))
}

/** The review that waits for a decision, unless its time is over. */
export async function findPendingReview(ctx: AppContext, playbookId: string): Promise<PlaybookReviewRow | null> {
  const [row] = await ctx.db
    .select()
    .from(playbookReviews)
    .where(and(ofPlaybook(playbookId, ['PENDING']), sql`${playbookReviews.expiresAt} > ${rightNow}`))
    .orderBy(desc(playbookReviews.createdAt))
    .limit(1)
  return row ?? null
}

export async function recommendationsOf(ctx: AppContext, reviewId: string): Promise<RecommendationRow[]> {
  return ctx.db
    .select()
    .from(recommendations)
    .where(eq(recommendations.reviewId, reviewId))
    .orderBy(recommendations.position)
}

export async function findRecommendation(ctx: AppContext, id: string): Promise<RecommendationRow | null> {
  const [row] = await ctx.db.select().from(recommendations).where(eq(recommendations.id, id))
  return row && (await findReview(ctx, row.reviewId)) ? row : null
}

/** What a version did, as far as it is known. */
export async function findAttribution(
  ctx: AppContext,
  { playbookId, version }: Pick<PlaybookVersionRow, 'playbookId' | 'version'>,
): Promise<AttributionRow | null> {
  const [row] = await ctx.db
    .select()
    .from(attributions)
    .where(and(eq(attributions.playbookId, playbookId), eq(attributions.version, version)))
  return row ?? null
}
