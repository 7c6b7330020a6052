import { setTimeout as delay } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { syntheticCandles } from '../../src/market/synthetic.ts'
import { cancelTuningJob, retryTuningJobs } from '../../src/tuning/service.ts'
import { startWorker } from '../../src/tuning/worker.ts'
import { SIGNED_IN, TEST_TOKEN, type TestContext } from '../helpers.ts'
import { CREATE, smallJob } from '../server/small-job.ts'
import { hasChromium, openPage, type Watched } from './browser.ts'
import { host, type Hosted } from './hosted.ts'

const FINISHED_WITHIN_MS = 30_000

/** The built pages in a real browser, against a real server with a small job that really ran. */
describe.skipIf(!hasChromium)('the dashboard', () => {
  let hosted: Hosted
  let ctx: TestContext
  let browser: Browser
  let ids: { job: string; market: string; strategy: string; model: string }

  beforeAll(async () => {
    hosted = await host()
    ;({ ctx, browser } = hosted)
    await startWorker(ctx)
    ids = await finishedJob()
  })
  afterAll(() => hosted.close())

  async function ask<T>(query: string, variables = {}): Promise<T> {
    const response = await fetch(`${hosted.server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...SIGNED_IN },
      body: JSON.stringify({ query, variables }),
    })
    const { data, errors } = (await response.json()) as { data: T; errors?: unknown }
    expect(errors).toBeUndefined()
    return data
  }

  async function startJob(changes = {}): Promise<string> {
    const input = { ...(await smallJob(ctx)), ...changes }
    const { createTuningJob } = await ask<{ createTuningJob: { job: { id: string } } }>(CREATE, { input })
    return createTuningJob.job.id
  }

  /** A job that has run, and what belongs to it. */
  async function finishedJob() {
    const job = await startJob({ name: 'A small job' })
    const query = 'query ($id: ID!) { tuningJob(id: $id) { strategy { id } market { id } model { id } } }'
    type Answer = { tuningJob: Record<'strategy' | 'market', { id: string }> & { model: { id: string } | null } }
    const deadline = performance.now() + FINISHED_WITHIN_MS
    for (;;) {
      const { strategy, market, model } = (await ask<Answer>(query, { id: job })).tuningJob
      if (model) return { job, strategy: strategy.id, market: market.id, model: model.id }
      if (performance.now() > deadline) throw new Error('The small job did not finish.')
      await delay(50)
    }
  }

  /** Every place, and something that only the finished screen shows. */
  const PLACES: [path: () => string, sign: string][] = [
    [() => '/', 'A small job'],
    [() => '/jobs/new', 'Start the job'],
    [() => `/jobs/${ids.job}`, 'Drawdown'],
    [() => `/jobs/${ids.job}/evidence`, 'Walk-forward'],
    [() => `/jobs/${ids.job}/drivers`, 'Correlations'],
    [() => `/jobs/${ids.job}/fit`, 'Backtested ROI'],
    [() => `/jobs/${ids.job}/candidates`, 'Intervals of 80'],
    [() => `/jobs/${ids.job}/samples`, '40 of 40'],
    [() => `/jobs/${ids.job}/settings`, 'Result digest'],
    [() => `/jobs/${ids.job}/backtest`, 'Entry price'],
    [() => '/markets', 'TEST/USDT 5m'],
    [() => `/markets/${ids.market}`, 'No candle is missing.'],
    [() => '/strategies', 'supertrend'],
    [() => `/strategies/${ids.strategy}`, 'Parameter space'],
    [() => '/strategies/indicators', 'What it is'],
    [() => `/strategies/new?from=${ids.strategy}`, 'Nothing is wrong.'],
    [() => '/models', 'Validation R²'],
    [() => `/models/${ids.model}`, 'Checksum'],
    [() => '/tokens', 'Create the token'],
    [() => '/audit', 'intact'],
    [() => '/jobs/job_gone', 'There is no such job'],
    [() => '/nowhere', 'There is no such page'],
  ]

  describe.each([
    ['on a desk, light', { viewport: { width: 1280, height: 900 }, colorScheme: 'light' }],
    ['on a phone, dark', { viewport: { width: 390, height: 844 }, colorScheme: 'dark' }],
  ] as const)('%s', (_, options) => {
    test('every screen renders from its address, in its width, without a complaint', async () => {
      const { page, complaints } = await openPage(browser, hosted.server.url, options)
      for (const [path, sign] of PLACES) {
        await page.goto(path())
        await page.getByText(sign).first().waitFor({ state: 'attached' })
        expect(await sidewaysOverflow(page), `${path()} is wider than the window`).toBeLessThanOrEqual(0)
        expect(await page.locator('.message.bad').allInnerTexts(), path()).toEqual([])
        expect(complaints(), path()).toEqual([])
      }
      await page.context().close()
    }, 60_000)
  })

  /** Thirty days of candles as an exchange would hand them out. */
  function candleFile(): Buffer {
    const columns = syntheticCandles({ timeframe: '5m', bars: 30 * 288, from: Date.UTC(2025, 0, 1), edge: 1, seed: 3 })
    const { openTime, open, high, low, close, volume } = columns
    const rows = Array.from(openTime, (time, bar) =>
      [time, open[bar], high[bar], low[bar], close[bar], volume[bar]].join(','),
    )
    return Buffer.from(rows.join('\n'))
  }

  function sidewaysOverflow(page: Page): Promise<number> {
    return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  }

  describe('in use', () => {
    let watched: Watched
    let page: Page

    beforeEach(async () => {
      watched = await openPage(browser, hosted.server.url)
      page = watched.page
    })
    afterEach(async () => {
      await page.context().close()
    })

    test('a job opens from the list with its verdict first, and its tabs lead on', async () => {
      await page.goto('/')
      await page.getByRole('link', { name: 'A small job' }).click()
      await page.getByRole('heading', { name: /^(Not ready|Ready)$/ }).waitFor()
      await page.getByRole('img', { name: /^Score \d+ of 100$/ }).waitFor()
      const gate = page.getByRole('row', { name: /Deflated Sharpe ratio/ })
      expect(await gate.innerText()).toContain('≥ 0.95')

      await page.getByRole('link', { name: 'Candidates', exact: true }).click()
      await page.getByRole('link', { name: 'Backtest candidate 1', exact: true }).click()
      await page.getByRole('button', { name: 'Show trade 1', exact: true }).click()
      await page.getByRole('group', { name: /^Candles/ }).waitFor()
      await page.goBack()
      await page.getByRole('heading', { name: 'Candidates' }).waitFor()
      expect(watched.complaints()).toEqual([])
    })

    test('a job is started from the form, followed to its end, and deleted', async () => {
      await page.goto(`/jobs/new?market=${ids.market}`)
      await page.getByLabel('Name').fill('From the form')
      await page.getByLabel('Objective').selectOption('ROI')
      await page.getByLabel('Samples', { exact: true }).fill('50')
      await page.getByText('Fine-tune the algorithm').click()
      await page.getByLabel('N estimators').fill('10')
      await page.getByText(/^about /).waitFor()
      await page.getByRole('button', { name: 'Start the job' }).click()

      await page.getByRole('heading', { name: 'From the form' }).waitFor()
      await page.getByRole('heading', { name: /ready/i }).waitFor({ timeout: FINISHED_WITHIN_MS })

      await page.getByRole('button', { name: 'Delete' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
      await page.getByRole('heading', { name: 'Jobs' }).waitFor()
      await page.getByText('From the form: deleted.').waitFor()
      await page.getByRole('link', { name: 'A small job' }).waitFor()
      expect(await page.getByRole('link', { name: 'From the form' }).count()).toBe(0)
      expect(watched.complaints()).toEqual([])
    })

    test('what is wrong with a job stands at its field before it is started', async () => {
      await page.goto('/jobs/new')
      await page.getByLabel('Samples', { exact: true }).fill('5')
      await page.getByText(/^5 is not .*10 to/).waitFor()
      await page.getByLabel('Samples', { exact: true }).fill('many')
      await page.getByText('Type a whole number.').waitFor()

      await page.getByLabel('Samples', { exact: true }).fill('50')
      await page.getByText('Costs and execution').locator('..').locator('summary').click()
      await page.getByLabel('Fee a side').fill('20')
      await page.getByText(/^0\.2 is not /).waitFor()
      await page.getByRole('button', { name: 'Start the job' }).click()
      await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-invalid'))).toBe('true')

      await page.getByLabel('Fee a side').fill('0,05')
      await page.getByText('rsi_oversold, rsi_overbought').click()
      await page.getByLabel('rsi_oversold, from').fill('90')
      await page.getByText(/90 is above high, 35/).waitFor()
      expect(watched.complaints()).toEqual([])
    })

    test('the list follows jobs that others start, filters by name and deletes in bulk', async () => {
      await page.goto('/')
      await page.getByRole('link', { name: 'A small job' }).waitFor()
      await startJob({ name: 'From elsewhere 1', seed: 2 })
      await startJob({ name: 'From elsewhere 2', seed: 3 })
      const rows = page.getByRole('row', { name: /From elsewhere \d.*Completed/ })
      await expect.poll(() => rows.count(), { timeout: FINISHED_WITHIN_MS }).toBe(2)

      await page.getByLabel('Search').fill('elsewhere')
      await page.getByText('2 of 2').waitFor()
      expect(page.url()).toContain('search=elsewhere')
      await page.getByLabel('Select all that are shown').check()
      await page.getByRole('button', { name: 'Delete' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
      await page.getByText('No job fits this filter.').waitFor()
      expect(watched.complaints()).toEqual([])
    })

    test('candles come in by a file, and a bad file is refused with its row', async () => {
      const candle = (row: number, high: number) => [Date.UTC(2025, 0, 1, row), 100, high, 90, 95, 10].join(',')
      const file = (rows: string[]) => ({
        name: 'ETHUSDT-1h-2025.csv',
        mimeType: 'text/csv',
        buffer: Buffer.from(rows.join('\n')),
      })
      await page.goto('/markets')
      await page.setInputFiles('input[type=file]', file([candle(0, 110), candle(1, 80)]))
      expect(await page.getByLabel('Symbol').inputValue()).toBe('ETH/USDT')
      await page.getByRole('button', { name: 'Import' }).click()
      await page.getByText(/Row 2, high: 80 is below/).waitFor()

      await page.setInputFiles('input[type=file]', file([candle(0, 110), candle(1, 120), candle(2, 130)]))
      await page.getByRole('button', { name: 'Import' }).click()
      await page.getByText('3 candles imported').waitFor()
      await page.getByRole('link', { name: 'ETH/USDT 1h' }).first().click()
      await page.getByRole('heading', { name: 'ETH/USDT 1h' }).waitFor()
      expect(watched.complaints()).toEqual([])
    })

    test('a model answers, and keeps what it said', async () => {
      await page.goto(`/models/${ids.model}`)
      await page.getByRole('button', { name: 'Predict' }).click()
      await page.getByText('of typical sets like this').waitFor()
      await page.getByText('What it was asked before').waitFor()
      await page.getByLabel('rsi_oversold').fill('1000')
      await page.getByRole('button', { name: 'Predict' }).click()
      await page.getByText('must be at most 35, not 1000.').waitFor()
      await page.getByRole('button', { name: 'Check it' }).first().click()
      await page.getByRole('img', { name: /^Predicted against backtested, 1 / }).waitFor()
      expect(watched.complaints()).toEqual([])
    })

    test('a model goes on duty, and takes an alias and gives it back', async () => {
      await page.goto(`/models/${ids.model}`)
      await page.getByRole('switch', { name: 'Active' }).click()
      await page.locator('.above').getByText('active', { exact: true }).waitFor()
      await page.getByLabel('New alias').fill('champion')
      await page.getByRole('button', { name: 'Give the alias' }).click()
      await page.getByRole('button', { name: 'Remove the alias champion' }).click()
      await page.getByRole('button', { name: 'Remove the alias champion' }).waitFor({ state: 'detached' })
      await page.getByRole('switch', { name: 'Active' }).click()
      await expect.poll(() => page.locator('.above').getByText('active', { exact: true }).count()).toBe(0)
      expect(watched.complaints()).toEqual([])
    })

    test('a newcomer imports candles, tunes on them, looks at the verdict and keeps the model', async () => {
      await page.goto('/markets')
      const file = { name: 'SOLUSDT-5m-2025.csv', mimeType: 'text/csv', buffer: candleFile() }
      await page.setInputFiles('input[type=file]', file)
      await page.getByRole('button', { name: 'Import' }).click()
      await page.getByRole('link', { name: 'Start a job on it' }).click()
      await page.getByLabel('Name').fill('My first job')
      await page.getByLabel('Objective').selectOption('ROI')
      await page.getByLabel('Samples', { exact: true }).fill('50')
      await page.getByLabel('Placebo runs').fill('0')
      await page.getByText(/^about /).waitFor()
      await page.getByRole('button', { name: 'Start the job' }).click()
      await page.getByRole('heading', { name: /^(Not ready|Ready)$/ }).waitFor({ timeout: FINISHED_WITHIN_MS })
      await page.getByRole('link', { name: 'Evidence' }).click()
      await page.getByRole('row', { name: /Probability of overfitting/ }).waitFor()

      const download = page.waitForEvent('download')
      await page.getByRole('button', { name: 'Report' }).click()
      expect((await download).suggestedFilename()).toBe('my-first-job.md')
      await page.getByRole('link', { name: 'Model fit' }).click()
      await page.getByLabel('Name of the model').fill('my-model')
      await page.getByRole('button', { name: 'Save the model' }).click()
      await page.getByRole('heading', { name: 'my-model v1' }).waitFor()
      expect(watched.complaints()).toEqual([])
    })

    test('of hundreds of samples only those in sight are drawn; titles sort them, and filters apply at once', async () => {
      const job = await startJob({ name: 'Many samples', sampleCount: 300, placeboRuns: 0 })
      await page.goto(`/jobs/${job}/samples`)
      await page.getByText('300 of 300').waitFor({ timeout: FINISHED_WITHIN_MS })
      const table = page.getByRole('region', { name: 'Samples' })
      const firstRow = () => table.locator('tr[aria-rowindex="2"] td').allInnerTexts()
      await table.evaluate((region) => region.scrollTo(0, region.scrollHeight))
      await table.locator('tr[aria-rowindex="301"]').waitFor()
      expect(await table.locator('tbody tr').count()).toBeLessThan(80)

      await table.evaluate((region) => region.scrollTo(0, 0))
      await table.getByRole('button', { name: '#' }).click()
      await expect.poll(async () => (await firstRow())[0]).toBe('299')
      await table.getByRole('button', { name: '#' }).press('Enter')
      await expect.poll(async () => (await firstRow())[0]).toBe('0')
      expect(await table.locator('th[aria-sort]').getAttribute('aria-sort')).toBe('ascending')

      await page.getByRole('group', { name: 'Part' }).getByRole('button', { name: 'Validation' }).click()
      await expect.poll(async () => (await firstRow())[1]).toBe('Validation')
      expect(new URL(page.url()).search).toContain('split=VALIDATION')
      await page.getByLabel('At least so many trades').fill('1000000')
      await page.getByText('No sample fits this filter.').waitFor()
      expect(watched.complaints()).toEqual([])
    })

    test('two parameters make a map that arrow keys read, with its table', async () => {
      await page.goto(`/jobs/${ids.job}/drivers`)
      await page.getByLabel('Across').selectOption('adx_min')
      const map = page.getByRole('group', { name: /^Predicted ROI over adx_min and / })
      await map.focus()
      await page.keyboard.press('ArrowRight') // the lower left corner
      const read = await page.getByText(/^adx_min .* ROI /).innerText()
      await page.locator('figure', { has: map }).getByText('The figures as a table').click()
      const corner = page.getByRole('region', { name: /^Predicted ROI; rows/ }).locator('tr:last-child td:nth-child(2)')
      expect(read.endsWith((await corner.textContent())!)).toBe(true)
      expect(watched.complaints()).toEqual([])
    })

    test('works by keyboard alone: skip link, rows, dialog, curves', async () => {
      await page.goto('/')
      await page.getByRole('link', { name: 'A small job' }).waitFor()
      await page.keyboard.press('Tab')
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content')
      await page.getByRole('link', { name: 'A small job' }).focus()
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'Out of sample' }).waitFor()
      await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('H1')

      await page.getByRole('group', { name: /^Equity/ }).focus()
      await page.keyboard.press('Home')
      await page.getByText(/^2025-01-21.*drawdown/).waitFor()

      await page.getByRole('button', { name: 'Delete' }).focus()
      await page.keyboard.press('Enter')
      await page.getByRole('dialog').waitFor()
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'hidden' })
      expect(watched.complaints()).toEqual([])
    })

    test('the printed link signs in and leaves the address bar; signing out forgets', async () => {
      const { page: stranger, complaints } = await openPage(browser, hosted.server.url, {
        storageState: { cookies: [], origins: [] },
      })
      await stranger.goto('/markets')
      await stranger.getByRole('heading', { name: 'Sign in to Tunebook' }).waitFor()
      await stranger.goto(`/#token=${TEST_TOKEN}`)
      await stranger.getByRole('link', { name: 'A small job' }).waitFor()
      expect(stranger.url()).not.toContain('token')
      expect(complaints()).toEqual([])
      await stranger.getByRole('button', { name: 'Sign out' }).click()
      await stranger.getByRole('heading', { name: 'Sign in to Tunebook' }).waitFor()
      await stranger.reload()
      await stranger.getByLabel('Token').fill('a wrong one')
      await stranger.getByRole('button', { name: 'Sign in' }).click()
      await stranger.getByText('The server does not take this token').waitFor()
      await stranger.getByLabel('Token').fill(TEST_TOKEN)
      await stranger.getByRole('button', { name: 'Sign in' }).click()
      await stranger.getByRole('link', { name: 'A small job' }).waitFor()
      await stranger.context().close()
    })

    test('a token is made, shown once, signs in, and is out when it is revoked', async () => {
      await page.goto('/tokens')
      await page.getByLabel('Name').fill('the reader')
      await page.getByRole('button', { name: 'Create the token' }).click()
      await page.getByText('it is shown this once').waitFor()
      const secret = await page.locator('code.secret').innerText()
      expect(secret).toMatch(/^tb_[\w-]{43}$/)
      await page.getByRole('button', { name: 'I have it' }).click()

      const reader = await openPage(browser, hosted.server.url, { storageState: { cookies: [], origins: [] } })
      await reader.page.goto(`/#token=${secret}`)
      await reader.page.getByRole('link', { name: 'A small job' }).waitFor()
      expect(await reader.page.getByRole('link', { name: 'Tokens' }).count()).toBe(0)

      const row = page.getByRole('row', { name: /the reader/ })
      await row.getByRole('button', { name: 'Revoke' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
      await row.getByText('revoked').waitFor()
      await reader.page.getByText('Your token has expired or was revoked').waitFor()
      await reader.page.context().close()

      await page.getByRole('link', { name: 'Audit' }).click()
      await page.getByText('TOKEN_REVOKED').waitFor()
      await page.getByText('intact').waitFor()
      expect(await page.content()).not.toContain(secret)
      expect(watched.complaints()).toEqual([])
    })

    test('a job page that is open while the server restarts shows by itself what has happened since', async () => {
      const job = await startJob({ name: 'Through a restart', sampleCount: 100_000, placeboRuns: 0 })
      await cancelTuningJob(ctx, job)
      await page.goto(`/jobs/${job}`)
      const cancelled = page.getByText('This job was cancelled before it was done.')
      await cancelled.waitFor()
      await hosted.restart(async () => {
        await page.getByText('The server does not answer').waitFor()
        await retryTuningJobs(ctx, [job]) // news that nobody could hear
      })
      await cancelled.waitFor({ state: 'detached' })
      await page.getByText('The server does not answer').waitFor({ state: 'detached' })
      await cancelTuningJob(ctx, job)
      await cancelled.waitFor()
    })

    test('says when the server is gone, and goes on by itself when it is back', async () => {
      await page.goto('/')
      await page.getByRole('link', { name: 'A small job' }).waitFor()
      await hosted.restart(() => page.getByText('The server does not answer').waitFor())
      await page.getByText('The server does not answer').waitFor({ state: 'detached' })
    })
  })
})
