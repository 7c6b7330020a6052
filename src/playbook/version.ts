import { and, eq, max, sql } from 'drizzle-orm'
import type { AppContext } from '../context.ts'
import type { Database, Transaction } from '../db.ts'
import { NotFoundError } from '../errors.ts'
import { announce } from '../events.ts'
import type { Viewer } from '../viewer.ts'
import { changesBetween, type RegimePlay } from './play.ts'
import {
  playbookPlays,
  playbookReviews,
  playbooks,
  playbookVersions,
  recommendations,
  type ChangeOrigin,
  type PlaybookPlayRow,
  type PlaybookRow,
  type PlaybookVersionRow,
} from './table.ts'

export const PLAYBOOK_TOPIC = 'playbook'
export const REVIEW_TOPIC = 'playbookReview'

/** The moment at which a statement runs; `now()` would be the start of its transaction, before it waited for a lock. */
export const rightNow = sql`clock_timestamp()`

/** A bot that is bound to one playbook does not learn that there are others. */
export function isReachable(viewer: Viewer, playbookId: string): boolean {
  return viewer.playbookId === undefined || viewer.playbookId === playbookId
}

export function noSuchPlaybook(id: string): NotFoundError {
  return new NotFoundError('playbook', id, 'Query.playbooks lists those there are.')
}

/**
 * Hold the playbook until the transaction ends. Whatever changes a playbook or its reviews begins with this, so that
 * concurrent changes have an order and cannot block each other.
 *
 * @throws NotFoundError no such playbook, or none of this viewer's
 */
export async function lockPlaybook(tx: Transaction, viewer: Viewer, id: string): Promise<PlaybookRow> {
  const [row] = isReachable(viewer, id)
    ? await tx.select().from(playbooks).where(eq(playbooks.id, id)).for('update')
    : []
  if (!row) throw noSuchPlaybook(id)
  return row
}

/** The plays of one version, in the order in which they were given. */
export async function readPlays(
  db: Database | Transaction,
  playbookId: string,
  version: number,
): Promise<RegimePlay[]> {
  const rows: PlaybookPlayRow[] = await db
    .select()
    .from(playbookPlays)
    .where(and(eq(playbookPlays.playbookId, playbookId), eq(playbookPlays.version, version)))
    .orderBy(playbookPlays.position)
  return rows.map(({ playbookId: _, version: __, position: ___, ...play }) => play)
}

export async function findVersion(
  db: Database | Transaction,
  playbookId: string,
  version: number,
): Promise<PlaybookVersionRow | null> {
  const [row] = await db
    .select()
    .from(playbookVersions)
    .where(and(eq(playbookVersions.playbookId, playbookId), eq(playbookVersions.version, version)))
  return row ?? null
}

/** Where a version comes from. */
export interface VersionSource {
  origin: ChangeOrigin
  author: string
  reviewId?: string
  /** the version that a rollback goes back to */
  restores?: number
}

/**
 * Add the next version. The caller holds the playbook's lock; the guard finds a version that came in between all the
 * same. A review that still waits was made for the version before, and expires.
 *
 * @param playbook as it was read under the lock
 */
export async function writeVersion(
  tx: Transaction,
  playbook: PlaybookRow,
  plays: readonly RegimePlay[],
  { origin, author, reviewId, restores }: VersionSource,
): Promise<PlaybookRow> {
  const before = await readPlays(tx, playbook.id, playbook.version)
  const version = playbook.version + 1
  const [row] = await tx
    .update(playbooks)
    .set({ version, updatedAt: rightNow })
    .where(and(eq(playbooks.id, playbook.id), eq(playbooks.version, playbook.version)))
    .returning()
  if (!row) throw new Error(`Playbook ${playbook.id} changed under its lock.`)
  await insertVersion(tx, {
    playbookId: playbook.id,
    version,
    previousVersion: playbook.version,
    changes: changesBetween(before, plays),
    origin,
    reviewId: reviewId ?? null,
    restores: restores ?? null,
    author,
  })
  await insertPlays(tx, playbook.id, version, plays)
  await expireOutdated(tx, playbook.id, version)
  await announce(tx, PLAYBOOK_TOPIC, playbook.id)
  return row
}

export async function insertVersion(
  tx: Transaction,
  values: Omit<typeof playbookVersions.$inferInsert, 'createdAt'>,
): Promise<void> {
  await tx.insert(playbookVersions).values({ ...values, createdAt: rightNow })
}

export async function insertPlays(
  tx: Transaction,
  playbookId: string,
  version: number,
  plays: readonly RegimePlay[],
): Promise<void> {
  await tx.insert(playbookPlays).values(plays.map((play, position) => ({ ...play, playbookId, version, position })))
}

async function expireOutdated(tx: Transaction, playbookId: string, version: number): Promise<void> {
  const rows = await tx
    .update(playbookReviews)
    .set({ status: 'EXPIRED', revision: sql`${playbookReviews.revision} + 1` })
    .where(
      and(
        eq(playbookReviews.playbookId, playbookId),
        eq(playbookReviews.status, 'PENDING'),
        sql`${playbookReviews.baseVersion} < ${version}`,
      ),
    )
    .returning({ id: playbookReviews.id })
  for (const { id } of rows) {
    await tx
      .update(recommendations)
      .set({ status: 'EXPIRED' })
      .where(and(eq(recommendations.reviewId, id), eq(recommendations.status, 'PENDING')))
    await announce(tx, REVIEW_TOPIC, id)
  }
}

/** Who made the newest version, and when, for messages. */
export async function lastChange(db: Database | Transaction, playbookId: string): Promise<string> {
  const newest = db
    .select({ version: max(playbookVersions.version) })
    .from(playbookVersions)
    .where(eq(playbookVersions.playbookId, playbookId))
  const [row]: PlaybookVersionRow[] = await db
    .select()
    .from(playbookVersions)
    .where(and(eq(playbookVersions.playbookId, playbookId), eq(playbookVersions.version, newest)))
  return `version ${row.version}, made by ${row.author} at ${row.createdAt.toISOString()}`
}

/** @throws NotFoundError */
export async function getPlaybook(ctx: AppContext, id: string): Promise<PlaybookRow> {
  const [row] = isReachable(ctx.viewer, id) ? await ctx.db.select().from(playbooks).where(eq(playbooks.id, id)) : []
  if (!row) throw noSuchPlaybook(id)
  return row
}
