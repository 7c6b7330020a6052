import { and, eq, inArray, sql } from 'drizzle-orm'
import { GrammyError, type Api } from 'grammy'
import type { TelegramUser } from '../config.ts'
import type { AppContext } from '../context.ts'
import { outlasting } from '../outage.ts'
import { findAttribution, findReview } from '../playbook/list.ts'
import { getPlaybook } from '../playbook/version.ts'
import { findTuningJob } from '../tuning/service.ts'
import { readStory } from './answers.ts'
import { attachment } from './attachment.ts'
import { dropButtons, issueButtons } from './buttons.ts'
import { jobPicture } from './job-picture.ts'
import { jobsMessage, worsenedMessage } from './notice-messages.ts'
import { reviewPicture } from './playbook-picture.ts'
import { isDecision, type Keyboard } from './press.ts'
import { reviewKeyboard, reviewMessage, type ReviewStory } from './review-message.ts'
import { telegramNotices, type TelegramNoticeRow } from './table.ts'
import type { Html } from './text.ts'
import { viewerOf } from './viewer.ts'

/** A notice that is being sent is nobody else's for this long. */
const CLAIM_SECONDS = 60
const AT_ONCE = 20
const LONGEST_PAUSE_SECONDS = 300
/** Jobs and verdicts older than this are no news, as when a bot is set up. */
const NEWS_MINUTES = 60
/** Message id of what Telegram will never take: the person has blocked the bot, or never spoken to it. */
const UNDELIVERABLE = 0

export const HTML = { parse_mode: 'HTML', link_preview_options: { is_disabled: true } } as const

/**
 * Makes what people see in Telegram equal to what is stored: sends what is new, edits what has changed. It lives in the
 * database, so neither an outage nor a restart loses a message.
 */
export class Outbox {
  readonly #ctx: AppContext
  readonly #api: Api
  readonly #users: readonly TelegramUser[]

  constructor(ctx: AppContext, api: Api, users: readonly TelegramUser[]) {
    this.#ctx = ctx
    this.#api = api
    this.#users = users
  }

  /** One look. @returns false where Telegram did not take something, so that looking again soon is worth while */
  async pass(): Promise<boolean> {
    await this.#fill()
    for (;;) {
      const claimed = await this.#claim()
      if (claimed.length === 0) return true
      let isReachable = true
      for (const batch of batches(claimed)) {
        if (isReachable) isReachable = await this.#deliver(batch)
        else await this.#postpone(batch, null)
      }
      if (!isReachable) return false
    }
  }

  /** Show a review to a person anew, at the end of the chat. */
  async showAgain(userId: string, reviewId: string): Promise<void> {
    await this.#ctx.db
      .insert(telegramNotices)
      .values({ userId, kind: 'REVIEW', subjectId: reviewId })
      .onConflictDoUpdate({
        target: [telegramNotices.kind, telegramNotices.subjectId, telegramNotices.userId],
        set: { messageId: null, shown: 0, nextAt: sql`now()`, attempts: 0 },
      })
  }

  /** A review's message with new buttons, in place of what the message shows. */
  async showIn(userId: string, messageId: number, html: Html, story: ReviewStory, keyboard: Keyboard): Promise<void> {
    const reply_markup = await this.#buttons(userId, story, keyboard)
    await this.#edit(userId, messageId, html, reply_markup)
  }

  async #fill(): Promise<void> {
    const ids = JSON.stringify(this.#users.map(({ id }) => id))
    await this.#ctx.db.execute(sql`
      insert into telegram_notices (user_id, kind, subject_id)
      select person, news.kind, news.subject_id
      from jsonb_array_elements_text(${ids}::text::jsonb) as person, (
        select 'REVIEW' as kind, id as subject_id from playbook_reviews
          where status = 'PENDING' and expires_at > clock_timestamp()
        union all
        select 'JOB', id || ':' || attempt from tuning_jobs
          where status in ('COMPLETED', 'FAILED') and finished_at > now() - ${NEWS_MINUTES}::integer * interval '1 minute'
        union all
        select 'WORSENED', playbook_id || ':' || version from attributions
          where verdict = 'WORSENED' and computed_at > now() - ${NEWS_MINUTES}::integer * interval '1 minute'
      ) as news
      where not exists (
        select 1 from telegram_notices as told
        where told.kind = news.kind and told.subject_id = news.subject_id and told.user_id = person
      )
      on conflict do nothing`)
  }

  /** What is due and nobody else sends. */
  async #claim(): Promise<TelegramNoticeRow[]> {
    const isOutdated = sql`kind = 'REVIEW' and shown < (select revision from playbook_reviews where id = subject_id)`
    const due = sql`(
      select id from telegram_notices
      where next_at <= now() and (message_id is null or (${isOutdated}))
      order by id limit ${AT_ONCE} for update skip locked)`
    const rows = await this.#ctx.db
      .update(telegramNotices)
      .set({
        nextAt: sql`now() + ${CLAIM_SECONDS}::integer * interval '1 second'`,
        attempts: sql`${telegramNotices.attempts} + 1`,
      })
      .where(sql`${telegramNotices.id} in ${due}`)
      .returning()
    return rows.sort((a, b) => a.id - b.id)
  }

  /** @returns false where Telegram is out of reach */
  async #deliver(batch: TelegramNoticeRow[]): Promise<boolean> {
    try {
      const user = this.#users.find(({ id }) => id === batch[0].userId)
      if (user) await this.#send(batch, user)
      else await this.#settle(batch, UNDELIVERABLE)
      return true
    } catch (error) {
      if (error instanceof GrammyError && isRefused(error)) {
        this.#ctx.log.warn({ reason: error.description }, 'Telegram does not take a message')
        await this.#settle(batch, UNDELIVERABLE)
        return true
      }
      await this.#postpone(batch, error)
      return false
    }
  }

  async #send(batch: TelegramNoticeRow[], user: TelegramUser): Promise<void> {
    const [notice] = batch
    if (notice.kind === 'REVIEW') return this.#sendReview(notice, user)
    if (notice.kind === 'PICTURE') return this.#sendPicture(notice, user)
    if (notice.kind === 'JOB') return this.#sendJobs(batch, user)
    const html = await this.#worsened(notice)
    await this.#settle(batch, html === null ? UNDELIVERABLE : await this.#say(user, html))
  }

  /** @returns the id of the message */
  async #say({ id }: TelegramUser, html: Html): Promise<number> {
    return (await this.#api.sendMessage(id, html, HTML)).message_id
  }

  async #sendReview(notice: TelegramNoticeRow, user: TelegramUser): Promise<void> {
    const review = await findReview(this.#ctx, notice.subjectId)
    if (!review || (notice.messageId === null && review.status !== 'PENDING')) {
      return this.#settle([notice], UNDELIVERABLE, review?.revision)
    }
    const story = await readStory(this.#ctx, review.id)
    if (review.status !== 'PENDING') await dropButtons(this.#ctx.db, review.id)
    const reply_markup = await this.#buttons(user.id, story, reviewKeyboard(story))
    if (notice.messageId === UNDELIVERABLE) return this.#settle([notice], UNDELIVERABLE, review.revision)
    if (notice.messageId === null) {
      const sent = await this.#api.sendMessage(user.id, reviewMessage(story), { ...HTML, reply_markup })
      const picture = { userId: user.id, kind: 'PICTURE', subjectId: review.id } as const
      return this.#settle([notice], sent.message_id, review.revision, picture)
    }
    await this.#edit(user.id, notice.messageId, reviewMessage(story), reply_markup)
    await this.#settle([notice], notice.messageId, review.revision)
  }

  /** What a review would change, as an answer to its message; nothing where it was decided meanwhile. */
  async #sendPicture(notice: TelegramNoticeRow, user: TelegramUser): Promise<void> {
    const story = await readStory(this.#ctx, notice.subjectId)
    const isWaiting = story.review.status === 'PENDING'
    const photo = isWaiting && (await attachment(this.#ctx, 'review', () => reviewPicture(this.#ctx, story)))
    if (!photo) return this.#settle([notice], UNDELIVERABLE)
    const sent = await this.#api.sendPhoto(user.id, photo, await this.#behind(notice))
    await this.#settle([notice], sent.message_id)
  }

  async #behind({ userId, subjectId }: TelegramNoticeRow) {
    const [review] = await this.#ctx.db
      .select({ messageId: telegramNotices.messageId })
      .from(telegramNotices)
      .where(
        and(
          eq(telegramNotices.kind, 'REVIEW'),
          eq(telegramNotices.subjectId, subjectId),
          eq(telegramNotices.userId, userId),
        ),
      )
    if (!review?.messageId) return {}
    return { reply_parameters: { message_id: review.messageId, allow_sending_without_reply: true } }
  }

  /** Buttons for what this person may do. */
  async #buttons(userId: string, { review }: ReviewStory, keyboard: Keyboard) {
    const user = this.#users.find(({ id }) => id === userId)
    const mayDecide = user !== undefined && viewerOf(user).roles.includes('APPROVER')
    const allowed = keyboard
      .map((row) => row.filter(({ action }) => mayDecide || !isDecision(action)))
      .filter((row) => row.length > 0)
    return issueButtons(this.#ctx.db, { userId, subjectId: review.id, version: review.baseVersion }, allowed)
  }

  async #edit(userId: string, messageId: number, html: Html, reply_markup: Awaited<ReturnType<typeof issueButtons>>) {
    try {
      await this.#api.editMessageText(userId, messageId, html, { ...HTML, reply_markup })
    } catch (error) {
      // It says the same already, or the person has deleted it: either way there is nothing left to do.
      if (!(error instanceof GrammyError && error.error_code === 400)) throw error
    }
  }

  /** One job with its picture, several in a line each. */
  async #sendJobs(batch: TelegramNoticeRow[], user: TelegramUser): Promise<void> {
    const found = await Promise.all(batch.map(({ subjectId }) => findTuningJob(this.#ctx, subjectId.split(':')[0])))
    const jobs = found.filter((job) => job !== null)
    if (jobs.length === 0) return this.#settle(batch, UNDELIVERABLE)
    const html = jobsMessage(jobs)
    const photo = jobs.length === 1 ? await attachment(this.#ctx, 'job', () => jobPicture(this.#ctx, jobs[0])) : null
    const sent = photo && (await this.#api.sendPhoto(user.id, photo, { caption: html, parse_mode: 'HTML' }))
    await this.#settle(batch, sent ? sent.message_id : await this.#say(user, html))
  }

  async #worsened({ subjectId }: TelegramNoticeRow): Promise<Html | null> {
    const [playbookId, version] = subjectId.split(':')
    const attribution = await findAttribution(this.#ctx, { playbookId, version: Number(version) })
    return attribution && worsenedMessage(await getPlaybook(this.#ctx, playbookId), attribution)
  }

  /**
   * Write down what was sent, as soon as the database lets it: what is not written down is sent again.
   *
   * @param next what is to be sent after it
   */
  async #settle(
    batch: TelegramNoticeRow[],
    messageId: number,
    shown = 1,
    next?: typeof telegramNotices.$inferInsert,
  ): Promise<void> {
    await outlasting(AbortSignal.timeout(1000 * CLAIM_SECONDS), () =>
      this.#ctx.db.transaction(async (tx) => {
        if (next) await tx.insert(telegramNotices).values(next).onConflictDoNothing()
        const sent = { messageId, shown, attempts: 0, nextAt: sql`now()` }
        await tx.update(telegramNotices).set(sent).where(among(batch))
      }),
    )
  }

  /** @param error null: not tried, since Telegram did not take the one before */
  async #postpone(batch: TelegramNoticeRow[], error: unknown): Promise<void> {
    const asked = error instanceof GrammyError ? error.parameters.retry_after : undefined
    const pause = asked ?? Math.min(LONGEST_PAUSE_SECONDS, 1 << Math.min(8, batch[0].attempts - 1))
    if (error instanceof Error) this.#ctx.log.warn({ reason: error.message, pause }, 'a message waits for Telegram')
    await this.#ctx.db
      .update(telegramNotices)
      .set({ nextAt: sql`now() + ${pause}::integer * interval '1 second'` })
      .where(among(batch))
  }
}

const among = (batch: TelegramNoticeRow[]) =>
  and(
    inArray(
      telegramNotices.id,
      batch.map(({ id }) => id),
    ),
    eq(telegramNotices.userId, batch[0].userId),
  )

/** Many jobs finish at once after a bulk start: a person gets one message about them. */
function batches(claimed: TelegramNoticeRow[]): TelegramNoticeRow[][] {
  const alone = claimed.filter(({ kind }) => kind !== 'JOB').map((notice) => [notice])
  const jobs = Map.groupBy(
    claimed.filter(({ kind }) => kind === 'JOB'),
    ({ userId }) => userId,
  )
  return [...alone, ...jobs.values()]
}

/** The person has blocked the bot, or never spoken to it; or the message is not one that Telegram takes. */
function isRefused({ error_code: code }: GrammyError): boolean {
  return code === 400 || code === 403
}
