import { setTimeout as wait } from 'node:timers/promises'
import { eq, inArray, sql } from 'drizzle-orm'
import { playbookReviews, playbooks } from '../src/playbook/table.ts'
import { approve, type Outcome } from './race-people.ts'
import type { Contested, Stage } from './race-stage.ts'

const EARLY = 100
const LATE = 200
const HELD = 20
const AROUND_MS = 20
/** So many are sent so long before that they are answered in time, also by a busy machine. */
const IN_TIME = 30
const WELL_BEFORE_MS = 500
const EVERY_MS = 40
const FIRST_AFTER_MS = 1000

/**
 * Promise R14: tries within 20 ms of the moment at which a review expires, and some well before it, at servers whose
 * clocks are an hour off. What is sent after it applies nothing, nor does what was sent before and had to wait beyond it
 * for a lock; what is answered before it has applied.
 */
export async function expiry(stage: Stage, model: Contested, random: () => number) {
  const tries = await stage.copies(model, HELD + EARLY + IN_TIME + LATE)
  const moments = await spread(
    stage,
    tries.map(({ reviewId }) => reviewId),
  )
  const results = await Promise.all(
    tries.map(async ({ playbookId, reviewId }, at) => {
      const expiresAt = moments.get(reviewId)!
      const isHeld = at < HELD
      const near = 1 + random() * (AROUND_MS - 1)
      const after = at < HELD + EARLY ? -near : at < HELD + EARLY + IN_TIME ? -WELL_BEFORE_MS : near
      const held = isHeld ? hold(stage, playbookId, expiresAt) : Promise.resolve()
      await until(expiresAt + after)
      const sentAt = Date.now()
      const outcome = await approve(stage.server(at), stage.people[at % stage.people.length], reviewId)
      const answeredAt = Date.now()
      await held
      return { ...outcome, isHeld, sentAt: sentAt - expiresAt, answeredAt: answeredAt - expiresAt }
    }),
  )
  const late = results.filter(({ sentAt }) => sentAt > 0)
  const held = results.filter(({ isHeld, answeredAt }) => isHeld && answeredAt > 0)
  const inTime = results.filter(({ answeredAt }) => answeredAt < 0)
  const unanswered = results.filter(({ kind }) => kind === 'unanswered')
  const isApplied = ({ kind }: Outcome): boolean => kind === 'done'
  const isExpired = ({ kind, message }: Outcome): boolean =>
    kind === 'unanswered' || (kind === 'conflict' && message.includes('expired at'))
  const raised = sql<number>`count(*) filter (where ${playbooks.version} > 2)::integer`
  const ids = tries.map(({ playbookId }) => playbookId)
  const [{ versions }] = await stage.ctx.db
    .select({ versions: raised })
    .from(playbooks)
    .where(inArray(playbooks.id, ids))
  const facts = {
    late: late.length,
    lateApplied: late.filter(isApplied).length,
    lateAtMostMs: Math.max(...late.map(({ sentAt }) => sentAt)),
    held: held.length,
    heldApplied: held.filter(isApplied).length,
    inTime: inTime.length,
    inTimeRefused: inTime.filter((one) => !isApplied(one)).length,
    applied: results.filter(isApplied).length,
    unanswered: unanswered.length,
    unclear: results.filter((one) => !isApplied(one) && !isExpired(one)).length,
    versions,
  }
  const kept =
    facts.late >= LATE &&
    facts.held >= HELD &&
    facts.inTime > 0 &&
    facts.lateApplied + facts.heldApplied + facts.inTimeRefused + facts.unclear === 0 &&
    facts.applied <= versions &&
    versions <= facts.applied + facts.unanswered
  return { kept, facts }
}

/** Let reviews expire one after the other. @returns when, by the clock of the database, which is this machine's */
async function spread({ ctx }: Stage, ids: string[]): Promise<Map<string, number>> {
  const place = sql`array_position(${sql.param(ids)}::text[], ${playbookReviews.id})`
  const rows = await ctx.db
    .update(playbookReviews)
    .set({
      expiresAt: sql`clock_timestamp() + (${FIRST_AFTER_MS}::integer + ${place} * ${EVERY_MS}::integer) * interval '1 millisecond'`,
    })
    .where(inArray(playbookReviews.id, ids))
    .returning({ id: playbookReviews.id, expiresAt: playbookReviews.expiresAt })
  return new Map(rows.map(({ id, expiresAt }) => [id, expiresAt.getTime()]))
}

/** A timer may ring a millisecond early. */
async function until(moment: number): Promise<void> {
  while (Date.now() < moment) await wait(Math.ceil(moment - Date.now()))
}

/** Hold a playbook, so that whoever decides has to wait until its review has expired. */
async function hold({ ctx }: Stage, playbookId: string, expiresAt: number): Promise<void> {
  await until(expiresAt - 2 * AROUND_MS)
  await ctx.db.transaction(async (tx) => {
    await tx.select().from(playbooks).where(eq(playbooks.id, playbookId)).for('update')
    await until(expiresAt + AROUND_MS)
  })
}
