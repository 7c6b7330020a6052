import { readConfig } from '../config.ts'
import { createSyntheticMarket } from '../market/service.ts'
import { Client } from './client.ts'
import { CliFailure, EXIT } from './failure.ts'
import type { FinishedJob } from './finished-job.ts'
import { readMarkets, type MarketInfo } from './lookup.ts'
import { compare } from './comparison.ts'
import { print, say } from './output.ts'
import { tuningInput } from './run-file.ts'
import { wrap } from './text.ts'
import { runJob } from './tune.ts'

const DAY = 86_400_000
const TIMEFRAME = '5m'
const BARS = (360 * DAY) / 300_000
const FROM = Date.UTC(2025, 0, 1)

/** Twins by the same rule and seed; only one of them rewards a pattern that the strategy can see. */
const MARKETS = [
  { title: 'With a planted edge', symbol: 'EDGE/USDT', edge: 1 },
  { title: 'Pure chance', symbol: 'CHANCE/USDT', edge: 0 },
] as const
const SEED = 1

/** The same for both, so that only the market makes the difference. */
const SETTINGS = {
  strategy: 'rsi-adx-volume',
  training: '240 days',
  test: '120 days',
  sampleCount: 300,
  seed: 42,
  algorithm: 'RANDOM_FOREST',
  objective: 'ROI',
}

/**
 * Tune a synthetic market with a planted edge and one without, and show both verdicts side by side. The markets are
 * made once and kept, so that the dashboard shows them.
 *
 * @returns 0 where both jobs finished, whatever their verdict
 */
export async function demo(options: { url?: string; token?: string; json?: boolean }): Promise<number> {
  const client = await Client.open(readConfig(process.env), options)
  const quiet = options.json === true
  try {
    const jobs: FinishedJob[] = []
    for (const demoMarket of MARKETS) {
      const market = await demoMarketOf(client, demoMarket)
      if (!quiet) say(`${demoMarket.title}: tuning ${SETTINGS.strategy} on ${market.symbol} (synthetic) …`)
      const name = `Demo: ${demoMarket.title.toLowerCase()}`
      const input = await tuningInput(client, 'demo', { ...SETTINGS, market: market.id, name })
      const job = await runJob(client, input, { quiet })
      if (!job) return EXIT.interrupted
      jobs.push(job)
    }
    if (quiet) print(JSON.stringify(jobs, null, 2))
    else {
      const titles = MARKETS.map(({ title }) => title)
      for (const line of ['', ...compare(titles, jobs), '', ...whatToLookAt(client)]) print(line)
    }
    return EXIT.ready
  } finally {
    await client.close()
  }
}

/** The market as an earlier demo left it, or made now; the API of a server cannot make one. */
async function demoMarketOf(client: Client, { symbol, edge }: (typeof MARKETS)[number]): Promise<MarketInfo> {
  const find = async () =>
    (await readMarkets(client)).find(
      (market) => market.exchange === 'synthetic' && market.symbol === symbol && market.timeframe === TIMEFRAME,
    )
  const there = await find()
  if (there) return there
  const { ctx, endpoint } = client.transport
  if (!ctx) {
    throw new CliFailure(
      `The demo makes its markets itself and cannot do so through the server at ${endpoint}. Stop the server and run the demo again, or give it a folder of its own: TUNEBOOK_HOME=.tunebook-demo npm run demo`,
    )
  }
  await createSyntheticMarket(ctx, { symbol, timeframe: TIMEFRAME, bars: BARS, from: FROM, edge, seed: SEED })
  return (await find())!
}

function whatToLookAt(client: Client): string[] {
  const show =
    client.transport.kind === 'local'
      ? '"npm start" shows both jobs in the dashboard.'
      : 'The dashboard shows both jobs.'
  const text = [
    'What to look at: the two markets are twins, made by one rule and one seed; in the first a sell-off with high',
    'volume is followed by a rise, in the second nothing follows from anything. Both jobs find parameters that did',
    'well in sample, and both models know that past well (validation R²). Out of sample, on candles that neither',
    'samples nor model nor search have seen, only an edge that exists can last: compare the ROI there with the ROI in',
    "sample, with the strategy's defaults and with buy and hold. The verdict does, and asks for evidence against chance",
    'on top before it says READY.',
  ].join(' ')
  return [...wrap(text, process.stdout.columns ?? 100), '', show]
}
