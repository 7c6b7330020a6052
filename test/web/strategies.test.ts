import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createStrategy, findStrategyByName } from '../../src/strategy/service.ts'
import type { TestContext } from '../helpers.ts'
import { smallMarket } from '../server/small-job.ts'
import { hasChromium, openPage, type Watched } from './browser.ts'
import { host, type Hosted } from './hosted.ts'

/** Writing strategies in a real browser. */
describe.skipIf(!hasChromium)('the strategy editor', () => {
  let hosted: Hosted
  let ctx: TestContext
  let browser: Browser
  let watched: Watched
  let page: Page

  beforeAll(async () => {
    hosted = await host()
    ;({ ctx, browser } = hosted)
    await smallMarket(ctx)
  }, 60_000)
  afterAll(() => hosted.close())
  beforeEach(async () => {
    watched = await openPage(browser, hosted.server.url)
    page = watched.page
  })
  afterEach(() => page.context().close())

  const trades = () => page.locator('.tiles > div', { hasText: 'Trades' }).locator('dd').innerText()

  test('shows where an expression is wrong, and takes the cursor there', async () => {
    await page.goto('/strategies/new')
    await page.getByLabel('Enter long').fill('rsi(14) < oversld and adx(14) > 20')
    await page.getByText("Unknown name 'oversld' at column 11.").waitFor()
    await page.getByRole('button', { name: 'Go to column 11' }).click()
    const selected = await page.evaluate(() => {
      const area = document.activeElement as HTMLTextAreaElement
      return area.value.slice(area.selectionStart, area.selectionEnd)
    })
    expect(selected).toBe('oversld')

    await page.getByLabel('Always').fill('sl < 0.2\nsl < tp')
    await page.getByRole('button', { name: 'Go to column 15' }).waitFor() // counted through both lines
    await page.getByLabel('oversold, from').fill('50')
    await page.locator('.spec-row .field-error').first().waitFor()
    await page.getByLabel('oversold, from').fill('many')
    await page.getByText('“many” is no number.').waitFor()
    expect(watched.complaints()).toEqual([])
  })

  test('previews what the rules would have done, anew with each change, and saves them', async () => {
    await page.goto('/strategies/new')
    await page.getByRole('group', { name: /^Equity/ }).waitFor()
    const before = await trades()
    await page.getByLabel('oversold, default').fill('25')
    await expect.poll(trades).not.toBe(before)
    await page.getByLabel('Exit long').fill('rsi(14) > ')
    await page.getByText('Of the last rules without a mistake:').waitFor()
    expect(await trades()).not.toBe(before)
    await page.getByLabel('Exit long').fill('rsi(14) > 60')
    await page.getByText('Of the last rules without a mistake:').waitFor({ state: 'detached' })

    await page.getByRole('button', { name: 'Save the strategy' }).click()
    await page.getByText(/"" is not a name/).waitFor()
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-invalid'))).toBe('true')
    await page.getByLabel('Name', { exact: true }).fill('from the editor')
    await page.getByRole('button', { name: 'Save the strategy' }).click()
    await page.getByRole('heading', { name: 'from the editor' }).waitFor()
    const stored = await findStrategyByName(ctx, 'from the editor')
    expect(stored!.definition).toMatchObject({ enterLong: 'rsi(14) < oversold', stopLoss: 'sl', constraints: [] })

    await page.getByRole('link', { name: 'Edit' }).click()
    await page.getByLabel('Take profit').fill('2 * sl')
    await page.getByRole('button', { name: 'Save as the next version' }).click()
    await page.getByText('version 2').waitFor()
    await page.getByText('2 * sl').waitFor()
    expect(watched.complaints()).toEqual([])
  })

  test('a name that is taken is said, and nothing that was written is lost', async () => {
    const definition = { name: 'taken', enterLong: 'close > 1', takeProfit: '0.1', parameterSpace: [], constraints: [] }
    const { id } = await createStrategy(ctx, definition)
    await page.goto(`/strategies/new?from=${id}`)
    await page.getByLabel('Name', { exact: true }).fill('taken')
    await page.getByRole('button', { name: 'Save the strategy' }).click()
    await page.getByText('There is a strategy taken already.').waitFor()
    expect(await page.getByLabel('Enter long').inputValue()).toBe('close > 1')
    await page.goto(`/strategies/${id}`)
    await page.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await page.getByText('taken: deleted.').waitFor()
    expect(watched.complaints()).toEqual([])
  })
})
