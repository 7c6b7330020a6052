import { eq, sql } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { auditEntries } from '../../src/auth/table.ts'
import { approveRecommendations, rejectRecommendations } from '../../src/playbook/decide.ts'
import { findPendingReview, findReview, recommendationsOf } from '../../src/playbook/list.ts'
import { recordTrades } from '../../src/playbook/record.ts'
import { playbookRound } from '../../src/playbook/schedule.ts'
import { startPlaybookReview } from '../../src/playbook/start-review.ts'
import { playbookReviews, playbooks, type PlaybookReviewRow, type PlaybookRow } from '../../src/playbook/table.ts'
import { getPlaybook } from '../../src/playbook/version.ts'
import { startTelegram, type Telegram } from '../../src/telegram/service.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { newPlaybook, trades } from '../playbook/books.ts'
import { button, buttonsOf, FakeTelegram } from './fake-telegram.ts'

const [ANN, BOB, VIEWER, STRANGER] = [11, 22, 33, 99]
const USERS = [
  { id: '11', roles: ['APPROVER'] },
  { id: '22', roles: ['APPROVER'] },
  { id: '33', roles: ['VIEWER'] },
] as const

let ctx: TestContext
let fake: FakeTelegram
let telegram: Telegram
beforeAll(async () => {
  fake = await FakeTelegram.open()
  const opened = await testContext()
  ctx = { ...opened, config: { ...opened.config, telegram: fake.config(USERS) } }
  telegram = startTelegram(ctx)!
})
afterAll(async () => {
  await telegram.stop()
  await fake.close()
  await ctx.close()
})
afterEach(() => void fake.calls.splice(0))

let books = 0
const LOSING = { TRENDING_UP: 0.2, RANGING: 0.25, HIGH_VOLATILITY: 0.2 }

async function newBook(name = `Book ${++books}`): Promise<PlaybookRow> {
  const book = await newPlaybook(ctx, { name })
  await recordTrades(ctx, { playbookId: book.id, trades: trades({ count: 300, winRate: LOSING }) })
  return book
}

/** A playbook whose review waits, and has reached a person. */
async function withReview(chat = ANN, name?: string) {
  const book = await newBook(name)
  const review = await startPlaybookReview(ctx, book.id)
  expect(review.status).toBe('PENDING')
  const message = await fake.shows(chat, new RegExp(`Review: ${book.name}</b>[^]*Waits`))
  return { book, review, message }
}

const reviewNow = async (id: string): Promise<PlaybookReviewRow> => (await findReview(ctx, id))!
const entries = (action: string) => ctx.db.select().from(auditEntries).where(eq(auditEntries.action, action))

describe('a review', () => {
  test('reaches everybody who is allowed, a line a recommendation, with buttons for what they may do', async () => {
    const { review, message } = await withReview()
    const rows = await recommendationsOf(ctx, review.id)
    const lines = message.text.split('\n').filter((line: string) => /^[🟢🟡🔴]/u.test(line))
    expect(lines).toHaveLength(rows.length)
    expect(message.text).toMatch(/ranging: leverage <b>3× → 2\.4×<\/b>, confidence \d+/)
    expect(buttonsOf(message).map(({ text }) => text.replace(/ \(.*/, ''))).toEqual(
      expect.arrayContaining(['✅ Apply all', '🔍 Review', '✖️ Reject']),
    )
    for (const { callback_data: data } of buttonsOf(message)) expect(Buffer.byteLength(data)).toBeLessThanOrEqual(64)
    const seen = await fake.shows(VIEWER, message.text.split('\n')[0])
    expect(buttonsOf(seen).map(({ text }) => text)).toEqual(['🔍 Review'])
    expect(fake.find(STRANGER, '')).toBeUndefined()
  })

  test('that the schedule has started arrives by itself', async () => {
    const book = await newBook()
    await ctx.db
      .update(playbooks)
      .set({ nextReviewAt: sql`now() - interval '1 second'` })
      .where(eq(playbooks.id, book.id))
    await playbookRound({ ...ctx, viewer: { ...ctx.viewer, name: 'schedule' } })
    const message = await fake.shows(ANN, new RegExp(`Review: ${book.name}</b>[^]*Waits`))
    expect(buttonsOf(message).map(({ text }) => text)).toContain('🔍 Review')
    const review = (await findPendingReview(ctx, book.id))!
    expect(review.requestedBy).toBe('schedule')
  })

  test('is applied as a whole by Apply all, in the name of the person', async () => {
    const { book, review, message } = await withReview()
    fake.press(ANN, button(message, 'Apply all'), message.message_id)
    await fake.answers('at version 2 now')
    expect(await reviewNow(review.id)).toMatchObject({
      status: 'APPLIED',
      decidedBy: 'telegram:11',
      decidedIn: 'TELEGRAM',
    })
    expect((await getPlaybook(ctx, book.id)).version).toBe(2)
    const closed = await fake.until(
      () =>
        /✅ Applied by telegram:11/.test(fake.messages.get(message.message_id)?.text)
          ? fake.messages.get(message.message_id)
          : undefined,
      'the message was not edited',
    )
    expect(buttonsOf(closed)).toEqual([])
  })

  test('is applied as far as it is safe by Safe only', async () => {
    const { review, message } = await withReview()
    const waiting = await recommendationsOf(ctx, review.id)
    const safe = waiting.filter(({ risk }) => risk === 'LOW')
    expect(safe.length).toBeGreaterThan(0)
    fake.press(ANN, button(message, `Safe only (${safe.length})`), message.message_id)
    await fake.answers('at version 2 now')
    for (const { risk, status } of await recommendationsOf(ctx, review.id)) {
      expect(status).toBe(risk === 'LOW' ? 'APPLIED' : 'REJECTED')
    }
  })

  test('is shown again by /tune apply, and only the newest buttons work', async () => {
    const { book, review, message } = await withReview()
    const old = button(message, 'Reject')
    fake.write(ANN, `/tune apply ${book.name}`)
    const again = await fake.until(() => {
      const found = fake.find(ANN, `Review: ${book.name}<`)
      return found && found.message_id > message.message_id ? found : undefined
    }, 'it was not shown again')
    fake.press(ANN, old, message.message_id)
    await fake.answers('does not work any more')
    expect((await reviewNow(review.id)).status).toBe('PENDING')
    fake.press(ANN, button(again, 'Reject'), again.message_id)
    await fake.answers('Rejected.')
  })

  test('is rejected by Reject', async () => {
    const { book, review, message } = await withReview()
    fake.press(ANN, button(message, 'Reject'), message.message_id)
    await fake.answers('Rejected.')
    expect((await reviewNow(review.id)).status).toBe('REJECTED')
    expect((await getPlaybook(ctx, book.id)).version).toBe(1)
  })

  test('is gone through one by one, with scores, data quality and evidence, and applied as chosen', async () => {
    const { review, message } = await withReview()
    const waiting = await recommendationsOf(ctx, review.id)
    const shown = () => fake.messages.get(message.message_id)!
    const step = (words: string) => fake.until(() => (shown().text.includes(words) ? shown() : undefined), words)
    fake.press(ANN, button(message, 'Review'), message.message_id)
    const first = await step(`1 of ${waiting.length}`)
    expect(first.text).toMatch(/Evidence: \d+ trades, won/)
    expect(first.text).toMatch(/Data quality<\/b>\n\d+ of 100: completeness/)
    expect(first.text).toContain('<b>Models</b>')
    fake.press(ANN, button(first, 'Take'), message.message_id)
    for (let at = 2; at <= waiting.length; at++) {
      fake.press(ANN, button(await step(`${at} of ${waiting.length}<`), 'Leave out'), message.message_id)
    }
    const end = await step(`1 of ${waiting.length} taken`)
    fake.press(ANN, button(end, 'Apply these 1'), message.message_id)
    await fake.answers('at version 2 now')
    const rows = await recommendationsOf(ctx, review.id)
    expect(rows.map(({ status }) => status)).toEqual(['APPLIED', ...waiting.slice(1).map(() => 'REJECTED')])
    expect((await reviewNow(review.id)).status).toBe('PARTIALLY_APPLIED')
  })

  test('is decided by one of two people who press at once; the other is told by whom', async () => {
    const { review, message, book } = await withReview()
    const other = await fake.shows(BOB, `Review: ${book.name}`)
    fake.deliver(
      fake.pressing(ANN, button(message, 'Apply all'), message.message_id),
      fake.pressing(BOB, button(other, 'Reject'), other.message_id),
    )
    await fake.answers(/^(Applied|Rejected)/)
    const told = await fake.answers(/decided by telegram:(11|22) at/)
    expect(told.show_alert).toBe(true)
    const { decidedBy } = await reviewNow(review.id)
    expect(told.text).toContain(decidedBy)
  })

  test('that was decided elsewhere edits the message of everybody', async () => {
    const { review, book } = await withReview()
    await fake.shows(BOB, `Review: ${book.name}`)
    await rejectRecommendations(
      { ...ctx, viewer: { ...ctx.viewer, name: 'carol', channel: 'DASHBOARD' } },
      { reviewId: review.id },
    )
    const edited = await fake.shows(ANN, new RegExp(`${book.name}</b>[^]*✖️ Rejected by carol \\(dashboard\\)`))
    expect(buttonsOf(edited)).toEqual([])
    await fake.shows(BOB, new RegExp(`${book.name}</b>[^]*✖️ Rejected by carol`))
  })

  test('that has expired cannot be decided, and says so', async () => {
    const { book, review, message } = await withReview()
    await ctx.db
      .update(playbookReviews)
      .set({ expiresAt: sql`clock_timestamp() - interval '1 second'` })
      .where(eq(playbookReviews.id, review.id))
    fake.press(ANN, button(message, 'Apply all'), message.message_id)
    await fake.answers(/expired at .*Start a new one/)
    await fake.shows(ANN, new RegExp(`${book.name}</b>[^]*⌛ Expired`))
    expect((await getPlaybook(ctx, book.id)).version).toBe(1)
  })

  test('shows names with markup as they are written', async () => {
    const name = `<b>Bad</b> & "co" <a href="javascript:1">x</a>\u202e ${++books}`
    const book = await newBook(name)
    await startPlaybookReview(ctx, book.id)
    const message = await fake.shows(ANN, '&lt;b&gt;Bad&lt;/b&gt; &amp; &quot;co&quot;')
    expect(message.text).not.toMatch(/<a |\u202e/)
    expect(message.parse_mode).toBe('HTML')
  })
})

describe('a button', () => {
  test('works once: a second press and a replayed update change nothing', async () => {
    const { book, message } = await withReview()
    const pressed = fake.pressing(ANN, button(message, 'Apply all'), message.message_id)
    fake.deliver(pressed, pressed)
    await fake.answers('at version 2 now')
    fake.press(ANN, button(message, 'Apply all'), message.message_id)
    await fake.answers('does not work any more')
    expect((await getPlaybook(ctx, book.id)).version).toBe(2)
    expect(fake.calls.filter(({ method }) => method === 'answerCallbackQuery')).toHaveLength(2)
  })

  test('of somebody else, or made up, does nothing and is written down', async () => {
    const { review, message } = await withReview()
    fake.press(BOB, button(message, 'Apply all'), message.message_id)
    await fake.answers('does not work any more')
    fake.press(STRANGER, button(message, 'Apply all'), message.message_id)
    fake.press(VIEWER, 'A'.repeat(22), 1)
    fake.press(VIEWER, `${review.id}:APPLY_ALL`, 1)
    await fake.until(
      () => (fake.calls.filter(({ method }) => method === 'answerCallbackQuery').length >= 3 ? true : undefined),
      'the forged presses were not answered',
    )
    expect((await reviewNow(review.id)).status).toBe('PENDING')
    const noted = await entries('TELEGRAM_IGNORED')
    expect(noted.map(({ actor }) => actor)).toEqual(
      expect.arrayContaining(['telegram:22', 'telegram:33', 'telegram:99']),
    )
    fake.press(ANN, button(message, 'Reject'), message.message_id)
    await fake.answers('Rejected.')
  })
})

describe('a command', () => {
  test('/tune reviews the playbook that is named', async () => {
    const book = await newBook()
    fake.write(ANN, `/tune ${book.name}`)
    await fake.shows(ANN, `Looking at the trades of ${book.name}`)
    await fake.shows(ANN, new RegExp(`Review: ${book.name}</b>[^]*Waits`))
    fake.write(ANN, `/tune ${book.name}`)
    await fake.shows(ANN, 'A review waits for a decision already')
  })

  test('/tune says why there is nothing to decide', async () => {
    const book = await newPlaybook(ctx, { name: `Empty ${++books}` })
    fake.write(ANN, `/tune ${book.name}`)
    await fake.shows(ANN, new RegExp(`${book.name}</b>[^]*0 trades in the last 90 days`))
  })

  test('/tune status, config and history tell how a playbook stands', async () => {
    const { book, review } = await withReview()
    fake.write(VIEWER, `/tune status ${book.name}`)
    await fake.shows(VIEWER, /Version 1, next review[^]*A review waits[^]*1 reviews/)
    fake.write(VIEWER, `/tune config ${book.name}`)
    await fake.shows(VIEWER, /<b>ranging<\/b>\nleverage 3×[^]*<b>Tuning<\/b>\nFrom 50 trades/)
    await approveRecommendations(ctx, { reviewId: review.id, mode: 'ALL' })
    fake.write(VIEWER, `/tune history ${book.name}`)
    await fake.shows(VIEWER, /Version 2<\/b> · review by tester[^]*leverage 3× → 2\.4×[^]*Version 1/)
  })

  test('/tune apply all applies what waits, and /tune rollback goes back once it is confirmed', async () => {
    const { book } = await withReview()
    fake.write(ANN, `/tune apply all ${book.name}`)
    await fake.shows(ANN, `${book.name} is at version 2 now`)
    fake.write(ANN, `/tune rollback ${book.name}`)
    const asked = await fake.shows(ANN, `${book.name} is at version 2. Make a new version equal to version 1?`)
    fake.press(ANN, button(asked, 'Back to version 1'), asked.message_id)
    await fake.answers('is at version 3 now, which is version 1 again')
    expect((await getPlaybook(ctx, book.id)).version).toBe(3)
    fake.write(ANN, `/tune rollback 9 ${book.name}`)
    await fake.shows(ANN, `${book.name} has no version 9`)
  })

  test('without a name asks which playbook, and a wrong name is told', async () => {
    await newBook()
    await newBook()
    fake.write(ANN, '/tune status')
    await fake.shows(ANN, /Which playbook[^]*\/tune status Book/)
    fake.write(ANN, '/tune status Nobody')
    await fake.shows(ANN, 'No playbook named Nobody found')
  })

  test('that needs a role names the one that is missing', async () => {
    const { book, review } = await withReview()
    fake.write(VIEWER, `/tune apply all ${book.name}`)
    await fake.shows(VIEWER, 'This needs the role APPROVER; yours: VIEWER.')
    fake.write(VIEWER, `/tune ${book.name}`)
    await fake.shows(VIEWER, 'This needs the role TUNER')
    expect((await reviewNow(review.id)).status).toBe('PENDING')
  })

  test('/help lists what there is', async () => {
    fake.write(VIEWER, '/help')
    await fake.shows(VIEWER, '/tune rollback')
  })
})

describe('silence and an entry in the log', () => {
  const COMMAND = '/tune status'
  const group = { id: -5, type: 'group', title: 'G' }
  const written = (more: object, from = ANN) => fake.message(from, COMMAND, more)
  test.each([
    ['an unknown user', () => ({ message: written({}, 77) }), 'telegram:77', 'unknown user'],
    [
      'a forwarded command',
      () => ({ message: written({ forward_origin: { type: 'hidden_user' } }) }),
      'telegram:11',
      'forwarded',
    ],
    ['an edited message', () => ({ edited_message: written({ edit_date: 2 }) }), 'telegram:11', 'edited message'],
    [
      'a channel post',
      () => ({ channel_post: { ...written({}), from: undefined } }),
      'telegram:unknown',
      'channel post',
    ],
    [
      'an anonymous administrator',
      () => ({ message: written({ chat: group, sender_chat: group }) }),
      'telegram:11',
      'anonymous sender',
    ],
    [
      'an unknown user of a known group',
      () => ({ message: written({ chat: group }, 78) }),
      'telegram:78',
      'unknown user',
    ],
    [
      'a known user where others read along',
      () => ({ message: written({ chat: group }) }),
      'telegram:11',
      'not a private chat',
    ],
  ])('are all that %s gets', async (_, content, actor, reason) => {
    fake.deliver(fake.update(content()))
    fake.write(BOB, '/help')
    await fake.shows(BOB, '/tune rollback')
    await expect
      .poll(
        async () =>
          (await entries('TELEGRAM_IGNORED')).filter((one) => one.actor === actor && one.detail.reason === reason)
            .length,
      )
      .toBe(1)
    const sent = fake.calls.filter(
      ({ method, payload }) =>
        method === 'sendMessage' && Number(payload.chat_id) !== BOB && !payload.text.includes('Review:'),
    )
    expect(sent).toEqual([])
    fake.messages.clear()
  })
})
