/**
 * Two builds of the engine on the same jobs, in turns in one process: what a change of the kernels is worth while
 * others use the machine, too. Says so where a bit differs.
 *
 *     npm run bench:compare -- /path/to/another/checkout          all cases
 *     npm run bench:compare -- /path/to/another/checkout --only main --rounds 25
 *
 * The other checkout must be built (`npm run build:wasm`) and have its node_modules.
 */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { Twins } from '../../test/engine/twins.ts'
import { METRIC_NAMES } from '../../src/backtest/metrics.ts'
import { median, race } from './clock.ts'
import { HALF_YEAR, realData, synthetic } from './data.ts'
import { builtIn, dense, FREE, type Job, jobOf, perBar, SETTINGS, tunablePeriods } from './jobs.ts'
import { round } from './report.ts'

const { values, positionals } = parseArgs({
  options: { only: { type: 'string' }, rounds: { type: 'string', default: '9' } },
  allowPositionals: true,
})
if (positionals.length !== 1) throw new Error('Name the folder of the checkout to compare with.')

type Module = { Twins: typeof Twins }
const other = (await import(pathToFileURL(resolve(positionals[0], 'test/engine/twins.ts')).href)) as Module

const made = () => synthetic(HALF_YEAR, 1)
const few = (name: string) => (): Job => jobOf(builtIn(name), made(), 200)
const cases: Record<string, () => Job | null> = {
  main: () => jobOf(builtIn('rsi-adx-volume'), made(), 1000),
  real: () => {
    const data = realData()
    return data && jobOf(builtIn('rsi-adx-volume'), data.candles, 1000)
  },
  small: () => jobOf(builtIn('rsi-adx-volume'), synthetic(43_200, 1), 200),
  'five-years': () => jobOf(builtIn('rsi-adx-volume'), synthetic(2_592_000, 2), 100),
  funding: () => jobOf(builtIn('rsi-adx-volume'), made(), 200, { ...SETTINGS, fundingRate: 0.0001 }),
  dense: () => jobOf(dense(), made(), 100, FREE),
  'tunable-periods': () => jobOf(tunablePeriods(), made(), 1000),
  ...Object.fromEntries(
    ['ema-cross', 'bollinger-reversion', 'donchian-breakout', 'macd-trend', 'supertrend'].map((name) => [
      name,
      few(name),
    ]),
  ),
}
if (values.only && !(values.only in cases))
  throw new Error(`There is no case ${values.only}: ${Object.keys(cases).join(', ')}.`)

for (const [name, make] of Object.entries(cases)) {
  if (values.only && values.only !== name) continue
  const job = make()
  if (!job) continue
  const [ours, theirs] = [await Twins.of(job), await other.Twins.of(job)]
  const rows = ours.fast()
  if (Buffer.compare(Buffer.from(rows.buffer), Buffer.from(theirs.fast().buffer)) !== 0) {
    throw new Error(`${name}: not the same bits.`)
  }
  const times = race({ theirs: { run: () => theirs.fast() }, ours: { run: () => ours.fast() } }, Number(values.rounds))
  const low = Math.min(...times.ours)
  const trades = tradesOf(rows)
  console.log(
    `${name.padEnd(20)} ratio ${round(median(times.ours.map((ms, at) => ms / times.theirs[at])), 2)} median, ` +
      `${round(low / Math.min(...times.theirs), 2)} of the lowest; ${round(low)} ms, ` +
      `${round(perBar(low, job))} ns a bar × sample, ${round((low * 1e6) / trades)} ns a trade, ` +
      `${Math.round(trades / job.batch.count)} trades a sample`,
  )
}

function tradesOf(rows: Float64Array): number {
  let sum = 0
  for (let at = METRIC_NAMES.indexOf('tradeCount'); at < rows.length; at += METRIC_NAMES.length) sum += rows[at]
  return sum
}
