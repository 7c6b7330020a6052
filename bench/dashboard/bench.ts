/**
 * How the samples of a large job feel in a browser: `npm run bench:dashboard [samples]`, 10,000 where not given. A real
 * job on a server of its own, then headless Chromium scrolls, sorts and filters; printed are the times between frames
 * and the longest task of each act. 16.7 ms is a frame at 60 Hz; from 50 ms on one sees a stutter.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { readAdminToken } from '../../src/server/admin-token.ts'
import { hasChromium, launch, openPage } from '../../test/web/browser.ts'
import { BenchServer } from '../engine/server-process.ts'

const SAMPLES = Number(process.argv[2] ?? 10_000)
const CREATE = `mutation ($input: CreateTuningJobInput!) { createTuningJob(input: $input) {
  ... on CreateTuningJobSuccess { job { id } } ... on Error { message } } }`
const SUBJECTS = `{ strategies(first: 50) { nodes { id name } } markets(first: 10) { nodes { id symbol } } }`

/** A job with so many samples on thirty days of minutes, and its id once it has finished. */
async function largeJob(server: BenchServer): Promise<string> {
  const ask = async (query: string, variables = {}) =>
    ((await (await server.ask(query, variables)).json()) as Answer).data
  const { strategies, markets } = await ask(SUBJECTS)
  const from = Date.UTC(2024, 0, 1)
  const day = (days: number) => new Date(from + days * 86_400_000).toISOString()
  const input = {
    strategyId: strategies.nodes.find(({ name }: { name: string }) => name === 'rsi-adx-volume').id,
    marketId: markets.nodes.find(({ symbol }: { symbol: string }) => symbol === server.long.symbol).id,
    trainingPeriod: { from: day(0), to: day(20) },
    testPeriod: { from: day(20), to: day(30) },
    sampleCount: SAMPLES,
    placeboRuns: 0,
    algorithm: 'RANDOM_FOREST',
    hyperparameters: { nEstimators: 20 },
  }
  const { createTuningJob } = await ask(CREATE, { input })
  if (!createTuningJob.job) throw new Error(createTuningJob.message)
  const { id } = createTuningJob.job
  for (;;) {
    const { tuningJob } = await ask('query ($id: ID!) { tuningJob(id: $id) { status error { message } } }', { id })
    if (tuningJob.status === 'COMPLETED') return id
    if (tuningJob.status === 'FAILED') throw new Error(tuningJob.error.message)
    await delay(200)
  }
}

// oxlint-disable-next-line typescript/no-explicit-any -- answers are taken apart as they are
type Answer = { data: any }

interface Frames {
  /** ms between one frame and the next */
  gaps: number[]
  /** ms of tasks that held the page for 50 ms or longer */
  longTasks: number[]
}

/** Notes every frame and every long task while the page does something. */
async function watched(page: Page, act: () => Promise<void>): Promise<Frames> {
  await page.evaluate(() => {
    const frames = { gaps: [] as number[], longTasks: [] as number[], runs: true }
    Object.assign(window, { frames })
    new PerformanceObserver((list) =>
      frames.longTasks.push(...list.getEntries().map(({ duration }) => duration)),
    ).observe({
      type: 'longtask',
    })
    let last = performance.now()
    const next = (now: number) => {
      frames.gaps.push(now - last)
      last = now
      if (frames.runs) requestAnimationFrame(next)
    }
    requestAnimationFrame(next)
  })
  await act()
  return page.evaluate(() => {
    const { frames } = window as unknown as { frames: Frames & { runs: boolean } }
    frames.runs = false
    return { gaps: frames.gaps.slice(1), longTasks: frames.longTasks }
  })
}

/** From the first row to the last within three seconds, a step each frame. */
async function scroll(page: Page): Promise<void> {
  await page.getByRole('region', { name: 'Samples' }).evaluate(
    (region) =>
      new Promise<void>((resolve) => {
        const begin = performance.now()
        const step = (now: number) => {
          const share = Math.min(1, (now - begin) / 3000)
          region.scrollTo(0, share * region.scrollHeight)
          if (share < 1) requestAnimationFrame(step)
          else resolve()
        }
        requestAnimationFrame(step)
      }),
  )
}

/** A second longer than the act itself: what it sets off counts too. */
function andSettle(act: () => Promise<void>): () => Promise<void> {
  return async () => {
    await act()
    await delay(1000)
  }
}

function report(name: string, { gaps, longTasks }: Frames): void {
  const sorted = gaps.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))].toFixed(1)
  const cells = [name, String(gaps.length), at(0.5), at(0.95), at(1), Math.max(0, ...longTasks).toFixed(0)]
  console.log(`| ${cells.join(' | ')} |`)
}

if (!hasChromium) throw new Error('There is no Chromium at /usr/bin/chromium; CHROMIUM_PATH says where else it is.')
await using server = new BenchServer()
await server.prepare()
await server.start()
const job = await largeJob(server)
const browser = await launch()
const { page } = await openPage(
  browser,
  server.url,
  { viewport: { width: 1280, height: 900 } },
  readAdminToken(server.home),
)
console.log(`${SAMPLES} samples in Chromium ${browser.version()}, ms\n`)
console.log('| act | frames | median | 95 % | longest | longest task |\n|---|---|---|---|---|---|')
const open = async () => {
  await page.goto(`${server.url}/jobs/${job}`)
  await page.getByRole('heading', { name: /ready/i }).waitFor()
}
await open()
report(
  'open the tab',
  await watched(page, async () => {
    await page.getByRole('link', { name: 'Samples', exact: true }).click()
    await page.getByRole('status').getByText(/ of /).waitFor()
  }),
)
report('scroll from end to end in 3 s', await watched(page, () => scroll(page)))
const title = page.getByRole('region', { name: 'Samples' }).getByRole('button', { name: 'Win rate' })
report(
  'sort',
  await watched(
    page,
    andSettle(() => title.click()),
  ),
)
report(
  'turn the order round',
  await watched(
    page,
    andSettle(() => title.click()),
  ),
)
const trades = page.getByLabel('At least so many trades')
report(
  'filter, four keys',
  await watched(
    page,
    andSettle(() => trades.pressSequentially('1000', { delay: 120 })),
  ),
)
await browser.close()
