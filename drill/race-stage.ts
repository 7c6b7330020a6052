import { createHash } from 'node:crypto'
import { eq } from 'drizzle-orm'
import type { App } from '../src/app.ts'
import { createApiToken } from '../src/auth/service.ts'
import type { AppContext } from '../src/context.ts'
import { announce } from '../src/events.ts'
import { newId } from '../src/ids.ts'
import { MARKET_REGIMES } from '../src/market/regimes.ts'
import { recordTrades } from '../src/playbook/record.ts'
import { createPlaybook, updatePlaybook } from '../src/playbook/service.ts'
import type { TuningSettingsInput } from '../src/playbook/settings.ts'
import { startPlaybookReview } from '../src/playbook/start-review.ts'
import { playbookPlays, playbookReviews, playbooks, playbookVersions, recommendations } from '../src/playbook/table.ts'
import type { TradeInput } from '../src/playbook/trade.ts'
import { REVIEW_TOPIC } from '../src/playbook/version.ts'
import { FakeTelegram } from '../test/telegram/fake-telegram.ts'
import { openQuiet } from './app.ts'
import { Cluster } from './cluster.ts'
import { shifted } from './process.ts'
import { Server } from './server.ts'

const PEOPLE = 50
/** Those of them who speak by Telegram. */
export const IN_TELEGRAM = [11, 22]
const HOUR_MS = 3_600_000
/** How far off the clocks of the two servers are. */
const SHIFTS = [-HOUR_MS, HOUR_MS]

export interface Contested {
  playbookId: string
  reviewId: string
}

/**
 * Where races take place: two servers on one PostgreSQL, one of them an hour behind and one ahead, fifty people with a
 * token each, and as many waiting reviews as a race wants.
 */
export class Stage {
  readonly ctx: AppContext
  readonly telegram: FakeTelegram
  /** headers of approvers */
  readonly people: string[] = []
  readonly #app: App
  readonly #cluster: Cluster
  readonly #servers: Server[] = []

  private constructor(cluster: Cluster, app: App, telegram: FakeTelegram) {
    this.#cluster = cluster
    this.#app = app
    this.ctx = app.ctx
    this.telegram = telegram
  }

  static async open(): Promise<Stage> {
    const cluster = await Cluster.create()
    const app = await openQuiet({ DATABASE_URL: cluster.url, TUNEBOOK_THREADS: '1' })
    const stage = new Stage(cluster, app, await FakeTelegram.open())
    const { token, apiRoot } = stage.telegram.config([])
    const bot = {
      TELEGRAM_BOT_TOKEN: token,
      TELEGRAM_API_ROOT: apiRoot,
      TELEGRAM_ALLOWED_USERS: IN_TELEGRAM.map((id) => `${id}:APPROVER`).join(','),
    }
    const [behind, ahead] = SHIFTS.map(shifted)
    stage.#servers.push(...(await Promise.all([stage.#started({ ...behind, ...bot }), stage.#started(ahead)])))
    for (let at = 0; at < PEOPLE; at++) {
      stage.people.push(
        `Bearer ${(await createApiToken(app.ctx, { name: `person ${at}`, roles: ['APPROVER'] })).secret}`,
      )
    }
    return stage
  }

  /** One of the two, in turn. */
  server(turn: number): Server {
    return this.#servers[turn % this.#servers.length]
  }

  /** Kill one without a word, and start another one in its place, without a bot. */
  async replace(place: 0 | 1): Promise<void> {
    const { victim } = this.#servers[place]
    const killed = victim.kill()
    this.#servers[place] = await this.#started(shifted(SHIFTS[place]))
    await killed
  }

  #started(environment: Record<string, string>): Promise<Server> {
    const settings = { DATABASE_URL: this.#cluster.url, TUNEBOOK_ROLE: 'api', TUNEBOOK_THREADS: '1' }
    return Server.start({ ...settings, ...environment })
  }

  async close(): Promise<void> {
    await Promise.all(this.#servers.map(({ victim }) => victim.kill()))
    await this.telegram.close()
    await this.#app.close()
    this.#cluster.remove()
  }

  /** A playbook at version 2. */
  async playbook(settings: TuningSettingsInput = {}): Promise<{ playbookId: string }> {
    const play = { riskRewardRatio: 2, confidenceThreshold: 60 }
    const regimes = (leverage: number) => MARKET_REGIMES.map((regime) => ({ ...play, regime, leverage }))
    const { id } = await createPlaybook(this.ctx, { name: newId('playbook'), regimes: regimes(3), settings })
    await updatePlaybook(this.ctx, { id, expectedVersion: 1, regimes: regimes(4) })
    return { playbookId: id }
  }

  /** The same with a review that losing trades have brought about. */
  async model(): Promise<Contested> {
    const { playbookId } = await this.playbook()
    await recordTrades(this.ctx, { playbookId, trades: pastTrades({ count: 300, wins: 0.2 }) })
    const review = await startPlaybookReview(this.ctx, playbookId)
    if (review.status !== 'PENDING') throw new Error(`The drill itself is wrong: ${review.explanation}`)
    return { playbookId, reviewId: review.id }
  }

  /** The same again and again, as rows: to compute hundreds of reviews would take longer than all races. */
  async copies(model: Contested, count: number): Promise<Contested[]> {
    const { db } = this.ctx
    const [book] = await db.select().from(playbooks).where(eq(playbooks.id, model.playbookId))
    const [review] = await db.select().from(playbookReviews).where(eq(playbookReviews.id, model.reviewId))
    const versions = await db.select().from(playbookVersions).where(eq(playbookVersions.playbookId, book.id))
    const plays = await db.select().from(playbookPlays).where(eq(playbookPlays.playbookId, book.id))
    const changes = await db.select().from(recommendations).where(eq(recommendations.reviewId, review.id))
    const made = Array.from({ length: count }, () => ({ playbookId: newId('playbook'), reviewId: newId('review') }))
    await db.transaction(async (tx) => {
      const each = <Row>(rows: (one: Contested) => Row[]): Row[] => made.flatMap(rows)
      await tx.insert(playbooks).values(each(({ playbookId: id }) => [{ ...book, id, name: id }]))
      const inOrder = versions.toSorted((a, b) => a.version - b.version)
      await tx.insert(playbookVersions).values(each(({ playbookId }) => inOrder.map((row) => ({ ...row, playbookId }))))
      await tx.insert(playbookPlays).values(each(({ playbookId }) => plays.map((row) => ({ ...row, playbookId }))))
      await tx.insert(playbookReviews).values(each(({ playbookId, reviewId: id }) => [{ ...review, id, playbookId }]))
      await tx
        .insert(recommendations)
        .values(each(({ reviewId }) => changes.map((row) => ({ ...row, reviewId, id: newId('recommendation') }))))
      for (const { reviewId } of made) await announce(tx, REVIEW_TOPIC, reviewId)
    })
    return made
  }
}

/** Trades of the last weeks as a bot would report them, with profits in whole cents. */
export function pastTrades({ count, wins }: { count: number; wins: number }): TradeInput[] {
  const end = Date.now() - 24 * HOUR_MS
  return Array.from({ length: count }, (_, at): TradeInput => {
    const won = createHash('sha256').update(`trade ${at}`).digest().readUInt16BE() / 65_536 < wins
    const move = (won ? 1 : -1) * (0.005 + (at % 11) / 1000)
    const exit = end - (count - at) * HOUR_MS
    return {
      externalId: `trade-${at}`,
      symbol: 'NONE/USDT',
      side: 'LONG',
      strategy: 'trend',
      regime: MARKET_REGIMES[at % MARKET_REGIMES.length],
      confidence: 60 + (at % 40),
      leverage: 3,
      entryTime: new Date(exit - HOUR_MS),
      exitTime: new Date(exit),
      entryPrice: 100,
      exitPrice: 100 * (1 + move),
      profitRatio: 3 * move,
      profitAbs: Math.round(100 * 1234.56 * 3 * move) / 100,
    }
  })
}
