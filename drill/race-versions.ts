import { createHash } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { asc, eq, sql, type SQL } from 'drizzle-orm'
import { startPlaybookReview } from '../src/playbook/start-review.ts'
import { recordTrades } from '../src/playbook/record.ts'
import { playbookPlays, playbookReviews, playbookVersions, recommendations } from '../src/playbook/table.ts'
import { readPlays } from '../src/playbook/version.ts'
import { approve, edit, type Outcome, rollBack, versionOf } from './race-people.ts'
import { type Contested, pastTrades, type Stage } from './race-stage.ts'

/**
 * Promise R15: fifty people change one version at once. One gets through; each of the others is told, reads again and
 * repeats it, until all are in. A review that was made for the version before cannot be applied any more.
 */
export async function edits(stage: Stage, model: Contested) {
  const [{ playbookId: id, reviewId }] = await stage.copies(model, 1)
  const change = (person: string, at: number, from: number): Promise<Outcome> =>
    edit(stage.server(at), person, { id, from, leverage: 1 + at / 10 })
  const first = await Promise.all(stage.people.map((person, at) => change(person, at, 2)))
  let conflicts = 0
  let unclear = 0
  const count = ({ kind, message }: Outcome): void => {
    const isTold =
      kind === 'conflict' && /has version \d+, made by person \d+ at \d{4}-.*you expected version/.test(message)
    if (isTold) conflicts++
    else if (kind !== 'done' && kind !== 'unanswered') unclear++
  }
  first.forEach(count)
  await Promise.all(
    first.map(async (outcome, at) => {
      for (let last = outcome; last.kind === 'conflict' || last.kind === 'unanswered'; count(last)) {
        const person = stage.people[at]
        last = await change(person, at, await versionOf(stage.server(at), person, id))
      }
    }),
  )
  const stale = await approve(stage.server(0), stage.people[0], reviewId)
  const rows = await historyOf(stage, id)
  const facts = {
    editors: stage.people.length,
    firstWins: first.filter(({ kind }) => kind === 'done').length,
    conflicts,
    unclear,
    versions: rows.length,
    gaps: rows.filter(({ version }, at) => version !== at + 1).length,
    editsInForce: new Set(rows.slice(2).map(({ author }) => author)).size,
    staleReview: stale.kind === 'conflict' ? 'refused' : stale.kind,
  }
  const kept =
    facts.firstWins === 1 &&
    facts.unclear + facts.gaps === 0 &&
    facts.versions === 2 + facts.editors &&
    facts.editsInForce === facts.editors &&
    facts.staleReview === 'refused'
  return { kept, facts }
}

function historyOf({ ctx }: Stage, id: string) {
  return ctx.db
    .select()
    .from(playbookVersions)
    .where(eq(playbookVersions.playbookId, id))
    .orderBy(asc(playbookVersions.version))
}

const ROUNDS = 200
const SPREAD_MS = 10

/**
 * Promise R16: a review is applied while somebody rolls the playbook back, who repeats it where he was too late. What
 * comes of it is what comes of one after the other, in one of the two orders.
 */
export async function rollbacks(stage: Stage, model: Contested, random: () => number) {
  const [applied, rolledBack, ...rounds] = await stage.copies(model, 2 + ROUNDS)
  const apply = (one: Contested, at = 0) => approve(stage.server(at), stage.people[0], one.reviewId)
  const undo = async ({ playbookId: id }: Contested, at = 0): Promise<void> => {
    const server = stage.server(at + 1)
    const first = await rollBack(server, stage.people[1], { id, from: 2, to: 1 })
    if (first.kind !== 'conflict') return
    const from = await versionOf(server, stage.people[1], id)
    await rollBack(server, stage.people[1], { id, from, to: 1 })
  }
  await apply(applied)
  await undo(applied)
  await undo(rolledBack)
  await apply(rolledBack)
  const orders = [await stateOf(stage, applied), await stateOf(stage, rolledBack)]
  const seen = [0, 0]
  const wrong = { states: 0, contents: 0, histories: 0 }
  for (const [at, one] of rounds.entries()) {
    const before = await historyOf(stage, one.playbookId)
    const soon = () => wait(random() * SPREAD_MS)
    await Promise.all([soon().then(() => apply(one, at)), soon().then(() => undo(one, at))])
    const order = orders.indexOf(await stateOf(stage, one))
    if (order < 0) wrong.states++
    else seen[order]++
    const history = await historyOf(stage, one.playbookId)
    if (digestOf(history.slice(0, 2)) !== digestOf(before)) wrong.histories++
    const [original, restored] = await Promise.all(
      [1, history.length].map(async (version) => digestOf(await readPlays(stage.ctx.db, one.playbookId, version))),
    )
    if (original !== restored) wrong.contents++
  }
  const kept =
    Object.values(wrong).every((count) => count === 0) && seen[0] > 0 && seen[1] > 0 && orders[0] !== orders[1]
  return { kept, facts: { rounds: ROUNDS, appliedFirst: seen[0], rolledBackFirst: seen[1], wrong } }
}

/** Everything that the order decides, without names and times. */
async function stateOf(stage: Stage, { playbookId, reviewId }: Contested): Promise<string> {
  const { db } = stage.ctx
  const history = await historyOf(stage, playbookId)
  const contents = await Promise.all(history.map(({ version }) => readPlays(db, playbookId, version)))
  const versions = history.map(({ version, origin, restores, changes }, at) => [
    version,
    origin,
    restores,
    changes,
    contents[at],
  ])
  const [{ status, appliedVersion }] = await db.select().from(playbookReviews).where(eq(playbookReviews.id, reviewId))
  const changes = await db
    .select({ status: recommendations.status })
    .from(recommendations)
    .where(eq(recommendations.reviewId, reviewId))
    .orderBy(recommendations.position)
  return digestOf({ versions, status, appliedVersion, changes })
}

function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex')
}

const SESSIONS = 10
/** Of the default settings: in one review, and in thirty days. */
const STEP = 0.3
const MONTH = 0.5
const ROUNDING = 1e-9

/**
 * Promise R17: ten reviews in a row, all applied, move no number farther than the cap of thirty days, and none of them
 * farther than that of a review. What lies beyond the bounds the database itself refuses.
 */
export async function caps(stage: Stage) {
  const losing = await tenInARow(stage, 0.2)
  const winning = await tenInARow(stage, 0.7)
  const [{ playbookId: id }] = await stage.copies(await stage.model(), 1)
  const beyond = ['126', '0.5', 'NaN', 'Infinity', '10.5']
  const statements: SQL[] = [
    ...beyond.map((leverage) => insertPlay(id, leverage)),
    sql`update ${playbookPlays} set leverage = 9 where playbook_id = ${id}`,
    sql`update ${recommendations} set recommended = 200 where parameter = 'LEVERAGE'`,
  ]
  const refusals = await Promise.all(statements.map((statement) => refusalOf(stage.ctx.db.execute(statement))))
  const refused = refusals.filter((refusal) => refusal !== null).length
  await stage.ctx.db.execute(insertPlay(id, '10'))
  const isKept = ({ applied, capped, farthest, farthestStep }: typeof losing): boolean =>
    applied > 0 && capped > 0 && farthest <= MONTH + ROUNDING && farthestStep <= STEP + ROUNDING
  const kept = isKept(losing) && isKept(winning) && refused === statements.length
  return { kept, facts: { losing, winning, statements: statements.length, refused } }
}

async function tenInARow(stage: Stage, wins: number) {
  const { ctx } = stage
  // Whatever the trades say counts, so that nothing but the caps holds it up.
  const { playbookId: id } = await stage.playbook({ confidenceThreshold: 0 })
  await recordTrades(ctx, { playbookId: id, trades: pastTrades({ count: 600, wins }) })
  const start = await readPlays(ctx.db, id, 2)
  const facts = { applied: 0, capped: 0, farthest: 0, farthestStep: 0, leverage: [0, 0] }
  for (let session = 0; session < SESSIONS; session++) {
    const review = await startPlaybookReview(ctx, id)
    if (review.explanation.includes('may not move farther')) facts.capped++
    if (review.status !== 'PENDING') continue
    const before = await readPlays(ctx.db, id, 2 + facts.applied)
    const { kind } = await approve(stage.server(session), stage.people[session], review.id)
    if (kind !== 'done') continue
    const now = await readPlays(ctx.db, id, 2 + ++facts.applied)
    facts.leverage = [
      Math.min(...now.map(({ leverage }) => leverage)),
      Math.max(...now.map(({ leverage }) => leverage)),
    ]
    facts.farthest = Math.max(facts.farthest, ...movesOf(start, now))
    facts.farthestStep = Math.max(facts.farthestStep, ...movesOf(before, now))
  }
  return facts
}

/** By which share each number moved. */
function movesOf(before: Awaited<ReturnType<typeof readPlays>>, now: typeof before): number[] {
  const fields = ['leverage', 'riskRewardRatio', 'confidenceThreshold'] as const
  return now.flatMap((play, at) => fields.map((field) => Math.abs(play[field] / before[at][field] - 1)))
}

function insertPlay(playbookId: string, leverage: string): SQL {
  return sql`
    insert into ${playbookPlays} (playbook_id, version, position, regime, leverage, risk_reward_ratio, confidence_threshold, strategy_weights)
    values (${playbookId}, 1, 9, 'NEW', ${leverage}::double precision, 2, 60, '[]')`
}

async function refusalOf(work: Promise<unknown>): Promise<string | null> {
  return work.then(
    () => null,
    (error: Error) => error.message,
  )
}
