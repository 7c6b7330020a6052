import { objectiveValue } from '../backtest/metrics.ts'
import { readConfig } from '../config.ts'
import { createSyntheticMarket } from '../market/service.ts'
import { Client } from './client.ts'
import { CliFailure, EXIT } from './failure.ts'
import type { FinishedJob } from './finished-job.ts'
import { readMarkets, type MarketInfo } from './lookup.ts'
import { paint, print, say } from './output.ts'
import { tuningInput } from './run-file.ts'
import { figure, percent, table, whole, wrap } from './text.ts'
import { runJob } from './tune.ts'
import { headline } from './verdict.ts'

const DAY = 86_400_000
const TIMEFRAME = '5m'
const BARS = (90 * DAY) / 300_000
const FROM = Date.UTC(2025, 0, 1)

/** Two markets by the same rule; only one of them rewards a pattern that the strategy can see. */
const MARKETS = [
  { title: 'With a planted edge', symbol: 'EDGE/USDT', edge: 1, seed: 11 },
  { title: 'Pure chance', symbol: 'CHANCE/USDT', edge: 0, seed: 12 },
] as const

/** The same for both, so that only the market makes the difference. */
const SETTINGS = {
  strategy: 'rsi-adx-volume',
  training: '60 days',
  test: '30 days',
  sampleCount: 100,
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
export async function demo(options: { url?: string; json?: boolean }): Promise<number> {
  const client = await Client.open(readConfig(process.env), options.url)
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
    else [...sideBySide(jobs), ...whatToLookAt(client)].forEach((line) => print(line))
    return EXIT.ready
  } finally {
    await client.close()
  }
}

/** The market as an earlier demo left it, or made now; the API of a server cannot make one. */
async function demoMarketOf(client: Client, { symbol, edge, seed }: (typeof MARKETS)[number]): Promise<MarketInfo> {
  const find = async () =>
    (await readMarkets(client)).find((market) => market.exchange === 'synthetic' && market.symbol === symbol && market.timeframe === TIMEFRAME)
  const there = await find()
  if (there) return there
  const { ctx, endpoint } = client.transport
  if (!ctx) {
    throw new CliFailure(
      `The demo makes its markets itself and cannot do so through the server at ${endpoint}. Stop the server and run the demo again, or give it a folder of its own: TUNEBOOK_HOME=.tunebook-demo npm run demo`,
    )
  }
  await createSyntheticMarket(ctx, { symbol, timeframe: TIMEFRAME, bars: BARS, from: FROM, edge, seed })
  return (await find())!
}

function sideBySide(jobs: FinishedJob[]): string[] {
  const line = (title: string, cell: (job: FinishedJob) => string): string[] => [title, ...jobs.map(cell)]
  const best = (job: FinishedJob) => job.candidates[0]
  const objective = (job: FinishedJob, part: 'inSample' | 'outOfSample') => {
    const metrics = best(job)?.[part]
    return percent(metrics ? objectiveValue(job.objective, metrics) : null)
  }
  const baseline = (name: string) => (job: FinishedJob) =>
    percent(job.outOfSample?.baselines.find((each) => each.name === name)?.metrics.roi)
  const criterion = (name: string) => (job: FinishedJob) => {
    const found = job.readiness?.criteria.find((each) => each.name === name)
    return found ? `${figure(found.value)} ${found.passed ? paint('green', '✓') : paint('red', '✗')}` : '–'
  }
  return [
    '',
    ...table(
      [
        ['', ...MARKETS.map(({ title }) => paint('bold', title))],
        line('Verdict', (job) => (job.readiness ? headline(job.readiness) : '–')),
        line('Score', (job) => (job.readiness ? `${whole(job.readiness.score)} of 100` : '–')),
        line('Criteria met', (job) => (job.readiness?.criteriaMet ? paint('green', 'yes') : paint('red', 'no'))),
        [''],
        line('Best set: ROI predicted', (job) => percent(best(job)?.predicted)),
        line('  in sample', (job) => objective(job, 'inSample')),
        line('  out of sample', (job) => objective(job, 'outOfSample')),
        line('  trades out of sample', (job) => figure(best(job)?.outOfSample?.tradeCount)),
        line("Strategy's defaults, out of sample", baseline('defaults')),
        line('Buy and hold, out of sample', baseline('buy and hold')),
        [''],
        line('Validation R²', criterion('validationR2')),
        line('Overfitting', criterion('overfitting')),
        line('Ten best, median ROI out of sample', criterion('outOfSampleRoi')),
      ],
      'lrr',
    ),
  ]
}

function whatToLookAt(client: Client): string[] {
  const show = client.transport.kind === 'local' ? '"npm start" shows both jobs in the dashboard.' : 'The dashboard shows both jobs.'
  const text = [
    'What to look at: both markets are made by a seeded rule, and both jobs found parameters that did best in sample.',
    'Only out of sample, on candles that neither samples nor model nor search have seen, do they part:',
    'where there was something to find the result holds, where there was none it falls apart.',
    'High R² alone is no edge: it says that the model knows the past. That is why the gates must pass too.',
  ].join(' ')
  return ['', ...wrap(text, process.stdout.columns ?? 100), '', show]
}
