import { sql } from 'drizzle-orm'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createApiToken } from '../../src/auth/service.ts'
import { expireReviews, rejectRecommendations } from '../../src/playbook/decide.ts'
import { recordTrades } from '../../src/playbook/record.ts'
import { updatePlaybook } from '../../src/playbook/service.ts'
import { startPlaybookReview } from '../../src/playbook/start-review.ts'
import { readPlays } from '../../src/playbook/version.ts'
import type { TestContext } from '../helpers.ts'
import { newPlaybook, trades } from '../playbook/books.ts'
import { hasChromium, openPage, type Watched } from './browser.ts'
import { host, type Hosted } from './hosted.ts'

/** Playbooks and their reviews in a real browser. */
describe.skipIf(!hasChromium)('the playbooks of the dashboard', () => {
  let hosted: Hosted
  let ctx: TestContext
  let browser: Browser
  let watched: Watched
  let page: Page

  beforeAll(async () => {
    hosted = await host()
    ;({ ctx, browser } = hosted)
  }, 60_000)
  afterAll(() => hosted.close())
  beforeEach(async () => {
    watched = await openPage(browser, hosted.server.url)
    page = watched.page
  })
  afterEach(() => page.context().close())

  /** Losing trades in three regimes: the review asks for less leverage. */
  async function waitingReview(name: string) {
    const book = await newPlaybook(ctx, { name })
    const losing = { TRENDING_UP: 0.2, RANGING: 0.25, HIGH_VOLATILITY: 0.2 }
    await recordTrades(ctx, { playbookId: book.id, trades: trades({ count: 300, winRate: losing }) })
    return { book, review: await startPlaybookReview(ctx, book.id) }
  }

  async function decide(button: RegExp, act: string): Promise<void> {
    await page.getByRole('button', { name: button }).click()
    await page.getByRole('dialog').getByRole('button', { name: act, exact: true }).click()
  }

  test('a review is found, read and approved; the version comes into force and can be taken back', async () => {
    const { book } = await waitingReview('Approved book')
    await page.goto('/playbooks')
    await page
      .getByRole('row', { name: /Approved book/ })
      .getByText(/to decide/)
      .click()
    await page.getByRole('heading', { name: 'Review of Approved book' }).waitFor()
    await page.getByText('Ranging: Leverage').waitFor()
    await decide(/^Apply all/, 'Apply all')
    await page.getByText('Approved book: version 2 is in force.').waitFor()
    await page.getByText('Applied', { exact: true }).waitFor()

    await page.goto(`/playbooks/${book.id}/versions`)
    await page.getByText('in force').waitFor()
    await page.getByRole('img', { name: 'Leverage by version' }).waitFor()
    await decide(/^Go back to this/, 'Go back')
    await page.getByText('Equal to version 1.').waitFor()
    expect(watched.complaints()).toEqual([])
  })

  test('chosen changes are applied one by one, and the others rejected', async () => {
    const { review } = await waitingReview('Chosen book')
    await page.goto(`/reviews/${review.id}`)
    await page.getByLabel('Choose Ranging: Leverage').check()
    await decide(/^Chosen \(1\)/, 'Apply the chosen ones')
    await page.getByText('Partly applied').waitFor()
    expect(await page.locator('.recommendation').getByText('applied', { exact: true }).count()).toBe(1)
    expect(watched.complaints()).toEqual([])
  })

  test('a decision of somebody else shows at once, without a reload', async () => {
    const { review } = await waitingReview('Watched book')
    await page.goto(`/reviews/${review.id}`)
    await page.getByRole('button', { name: /^Apply all/ }).waitFor()
    await rejectRecommendations(ctx, { reviewId: review.id, reason: 'not in this market' })
    await page.getByText('Reason: not in this market').waitFor()
    expect(await page.getByRole('button', { name: /^Apply all/ }).count()).toBe(0)
    expect(watched.complaints()).toEqual([])
  })

  test('who loses the race is told kindly who was first', async () => {
    const { review } = await waitingReview('Raced book')
    await page.routeWebSocket(/graphql/, () => {}) // the news of the other decision does not come through
    await page.goto(`/reviews/${review.id}`)
    await page.getByRole('button', { name: /^Apply all/ }).waitFor()
    const faster = { ...ctx, viewer: { ...ctx.viewer, name: 'ann' } }
    await rejectRecommendations(faster, { reviewId: review.id, reason: 'too risky' })
    await decide(/^Apply all/, 'Apply all')
    await page
      .getByText(/decided by ann/i)
      .first()
      .waitFor()
    await page.getByText('Reason: too risky').waitFor()
    expect(watched.complaints()).toEqual([])
  })

  test('whose time runs out while one looks at it says so kindly, and asks for no decision', async () => {
    const { review } = await waitingReview('Late book')
    await page.goto(`/reviews/${review.id}`)
    await page.getByRole('button', { name: /^Apply all/ }).waitFor()
    await ctx.db.execute(sql`update playbook_reviews set expires_at = now() where id = ${review.id}`)
    await decide(/^Apply all/, 'Apply all')
    await page
      .getByText(/expired at .* Your decision came too late and has changed nothing/)
      .first()
      .waitFor()
    await page.getByText(/Nobody decided in time/).waitFor() // read again, with the time that is over
    expect(await page.getByRole('button', { name: /^Apply all/ }).count()).toBe(0)
    await expireReviews(ctx)
    await page.getByText('Expired', { exact: true }).waitFor()
    expect(watched.complaints()).toEqual([])
  })

  test('plays are changed by hand, with errors at their numbers, and make a version', async () => {
    const book = await newPlaybook(ctx, { name: 'Edited book' })
    await page.goto(`/playbooks/${book.id}`)
    await page.getByRole('button', { name: 'Change by hand' }).click()
    await page.getByLabel('Ranging, Leverage').fill('900')
    await page.getByRole('button', { name: 'Save as version 2' }).click()
    await page.getByText(/^Ranging, leverage: 900 is not within/).waitFor()
    await page.getByLabel('Ranging, Leverage').fill('1,5')
    await page.getByLabel('Ranging, Stop loss, %').fill('2.5')
    await page.getByLabel('Ranging, strategies').fill('trend 70, dip 30')
    await page.getByRole('button', { name: 'Save as version 2' }).click()
    await page.getByText('Edited book: version 2 is in force.').waitFor()
    const row = page.getByRole('row', { name: /^Ranging/ })
    await expect.poll(() => row.innerText()).toMatch(/1\.5×.*2\.50.%.*trend 70.%\s*dip 30.%/s)
    expect(watched.complaints()).toEqual([])
  })

  test('who changes plays meanwhile changed by others loses nothing and decides what counts', async () => {
    const book = await newPlaybook(ctx, { name: 'Shared book' })
    await page.routeWebSocket(/graphql/, () => {}) // the news of the other version does not come through
    await page.goto(`/playbooks/${book.id}`)
    await page.getByRole('button', { name: 'Change by hand' }).click()
    await page.getByLabel('Ranging, Leverage').fill('1.25')
    const plays = await readPlays(ctx.db, book.id, 1)
    const theirs = plays.map((play) => ({ ...play, confidenceThreshold: 77 }))
    await updatePlaybook(ctx, { id: book.id, expectedVersion: 1, regimes: theirs })
    await page.getByRole('button', { name: 'Save as version 2' }).click()
    await page.getByText('Version 2 came into force while you were typing.').waitFor()
    expect(await page.getByLabel('Ranging, Leverage').inputValue()).toBe('1.25')
    await page.getByRole('button', { name: 'Those of version 2' }).click()
    expect(await page.getByLabel('Ranging, Min. confidence').inputValue()).toBe('77')
    await page.getByLabel('Ranging, Leverage').fill('1.25')
    await page.getByRole('button', { name: 'Save as version 3' }).click()
    await page.getByText('Shared book: version 3 is in force.').waitFor()
    expect(watched.complaints()).toEqual([])
  })

  test('trades are filtered by the days on which they were closed', async () => {
    const { book } = await waitingReview('Filtered book')
    const [from, to] = [Date.UTC(2025, 11, 20), Date.UTC(2025, 11, 23)]
    const exits = trades({ count: 300 }).map(({ exitTime }) => exitTime.getTime())
    const closed = exits.filter((exit) => exit >= from && exit < to).length
    await page.goto(`/playbooks/${book.id}/trades`)
    await page.getByText('50 of 300').waitFor()
    await page.getByLabel('Closed from').fill('2025-12-20')
    await page.getByLabel('Closed until').fill('2025-12-22')
    await page.getByText(`${closed} of ${closed}`).waitFor()
    expect(watched.complaints()).toEqual([])
  })

  test('a viewer sees everything and no button that would be refused', async () => {
    const { book, review } = await waitingReview('Viewed book')
    const { secret } = await createApiToken(ctx, { name: 'a viewer', roles: ['VIEWER'] })
    const viewer = await openPage(browser, hosted.server.url, {}, secret)
    const buttons: [path: string, sign: string, buttons: RegExp][] = [
      [`/reviews/${review.id}`, 'takes the role of an approver', /^(Apply|Safe only|Chosen|Reject)/],
      [`/playbooks/${book.id}`, 'What it does now', /^(Change by hand|Review now)$/],
      [`/playbooks/${book.id}/settings`, 'takes the role of an approver or', /^Save$/],
      ['/playbooks', 'takes the role of a tuner', /^Make the playbook$/],
      ['/markets', 'takes the role of a tuner', /^Import$/],
    ]
    for (const [path, sign, refused] of buttons) {
      await viewer.page.goto(path)
      await viewer.page.getByText(sign).first().waitFor()
      const enabled = viewer.page.getByRole('button', { name: refused, disabled: false })
      expect(await enabled.count(), path).toBe(0)
    }
    expect(await viewer.page.getByRole('link', { name: 'New job' }).count()).toBe(0)
    expect(viewer.complaints()).toEqual([])
    await viewer.page.context().close()
  })

  test('a playbook is made from the form, with errors at their fields', async () => {
    await page.goto('/playbooks')
    await page.getByLabel('Name').fill('From the form')
    await page.getByLabel('Leverage').fill('-3')
    await page.getByRole('button', { name: 'Make the playbook' }).click()
    await page.locator('.field-error').first().waitFor()
    await page.getByLabel('Leverage').fill('2')
    await page.getByRole('button', { name: 'Make the playbook' }).click()
    await page.getByRole('heading', { name: 'From the form v1' }).waitFor()
    await page.getByRole('link', { name: 'Trades' }).click()
    await page.getByText('No trades yet.').waitFor()
    expect(watched.complaints()).toEqual([])
  })

  test('every part fits a phone in the dark', async () => {
    const { book, review } = await waitingReview('Small book')
    const phone = await openPage(browser, hosted.server.url, {
      viewport: { width: 390, height: 844 },
      colorScheme: 'dark',
    })
    const places: [string, string][] = [
      ['/playbooks', 'Small book'],
      [`/reviews/${review.id}`, 'Recommendations'],
      [`/playbooks/${book.id}`, 'Reward to risk'],
      [`/playbooks/${book.id}/performance`, 'By regime'],
      [`/playbooks/${book.id}/versions`, 'The first of all.'],
      [`/playbooks/${book.id}/trades`, '50 of 300'],
      [`/playbooks/${book.id}/reviews`, 'Waits for you'],
      [`/playbooks/${book.id}/settings`, 'Bounds'],
    ]
    for (const [path, sign] of places) {
      await phone.page.goto(path)
      await phone.page.getByText(sign).first().waitFor({ state: 'attached' })
      const over = await phone.page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      )
      expect(over, `${path} is wider than the window`).toBeLessThanOrEqual(0)
      expect(phone.complaints(), path).toEqual([])
    }
    await phone.page.context().close()
  })
})
