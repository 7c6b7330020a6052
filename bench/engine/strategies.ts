/** Every built-in strategy and the hard cases: ns per bar × sample, and whole jobs through the pool. */
import type { Candles } from '../../src/engine/candles.ts'
import { Engine } from '../../src/engine/pool.ts'
import { BUILT_IN_STRATEGIES } from '../../src/strategy/builtin.ts'
import type { StrategyDefinition } from '../../src/strategy/strategy.ts'
import { Twins } from '../../test/engine/twins.ts'
import { assemblyLoop } from './assembly-loop.ts'
import { cpuMsOf, median, race, wallMs } from './clock.ts'
import { type BenchData, firstBars, MINUTE, synthetic } from './data.ts'
import { builtIn, dense, FREE, type Job, jobOf, perBar, tunablePeriods } from './jobs.ts'
import { naiveInput } from './naive-input.ts'
import { type Report, type Row, round } from './report.ts'

export interface Sizes {
  /** samples of the large and of the small job, and over five years */
  large: number
  small: number
  long: number
  rounds: number
}

const SMALL_BARS = 43_200
const FIVE_YEARS = 2_592_000
const NAIVE_SAMPLES = 10

export async function strategies(report: Report, data: BenchData, sizes: Sizes): Promise<void> {
  const rows: Row[] = []
  const small = firstBars(data, SMALL_BARS)
  for (const definition of BUILT_IN_STRATEGIES) {
    rows.push(await one(definition, small.candles, sizes.small, sizes.rounds, 1))
    const isMain = definition.name === 'rsi-adx-volume'
    // what takes seconds is timed on a tenth of its samples, and said so
    rows.push(
      await one(definition, data.candles, isMain ? sizes.large : sizes.large / 10, isMain ? sizes.rounds : 3, 1000),
    )
  }
  report.table('built-in strategies, one core', rows)
  const main = await one(builtIn('rsi-adx-volume'), small.candles, 200, sizes.rounds, 1)
  report.goal('200 × 43,200, all metrics, one core', main['ms, one core'] as number, '≤', 1.5, 'ms')
}

export async function hardCases(report: Report, data: BenchData, sizes: Sizes): Promise<void> {
  const long = await one(
    builtIn('rsi-adx-volume'),
    synthetic(FIVE_YEARS, 2),
    sizes.long,
    Math.min(5, sizes.rounds),
    100,
  )
  const many = jobOf(dense(), data.candles, Math.min(100, sizes.large), FREE)
  const twins = await Twins.of(many)
  const naive = assemblyLoop(naiveInput(many, twins), many.rows, NAIVE_SAMPLES)
  const times = race({ fast: { run: () => twins.fast() }, naive: { run: naive.run } }, Math.min(5, sizes.rounds))
  const ratio = median(times.naive) / NAIVE_SAMPLES / (median(times.fast) / many.batch.count)
  const denseNs = perBar(median(times.fast), many)
  const tunable = await one(tunablePeriods(), data.candles, sizes.large, sizes.rounds, 1000)
  const cross = await one(builtIn('ema-cross'), data.candles, sizes.large, 3, 1000)
  report.table('hard cases, one core', [
    { case: '5 years of minutes (synthetic)', ...long },
    {
      case: `a trade every ${Math.round((data.candles.openTime.length * many.batch.count) / trades(twins))} bars`,
      strategy: 'dense',
      bars: data.candles.openTime.length,
      samples: many.batch.count,
      'ms, one core': round(median(times.fast)),
      'ns per bar × sample': round(denseNs),
      'naive AssemblyScript loop / this engine': round(ratio),
    },
    { case: 'tunable periods of RSI and ADX, columns warm', ...tunable },
    { case: 'tunable periods and a trade an hour, columns warm', ...cross },
  ])
  report.goal('5 years of 1m bars', long['ns per bar × sample'] as number, '≤', 0.2, 'ns')
  report.goal('dense, against the naive AssemblyScript loop', ratio, '≥', 1, '×')
  report.goal('rsi-adx-volume with tunable periods', tunable['ns per bar × sample'] as number, '≤', 0.6, 'ns')
}

/** Whole jobs through the pool, wall time: warm columns, and cold from nothing but the pool. */
export async function threads(report: Report, data: BenchData, { large, rounds }: Sizes): Promise<void> {
  const rows: Row[] = []
  for (const [bars, samples] of [
    [SMALL_BARS, 200],
    [data.candles.openTime.length, large],
  ]) {
    const given = jobOf(builtIn('rsi-adx-volume'), firstBars(data, bars).candles, samples)
    for (const count of [1, 2]) {
      const engine = new Engine(count, () => {})
      const warm = { ...given, dataSet: engine.dataSet(given.candles, MINUTE) }
      await engine.backtest(warm)
      const wall = median(await wallMs(() => engine.backtest(warm), rounds))
      const cpu = await cpuMsOf(() => engine.backtest(warm))
      const cold = median(
        await wallMs(() => engine.backtest({ ...given, dataSet: engine.dataSet(given.candles, MINUTE) }), rounds),
      )
      await engine.close()
      rows.push({
        bars,
        samples,
        threads: count,
        'wall ms, warm columns': round(wall),
        'CPU ms': round(cpu),
        'wall ms, cold (candles, columns, zones, run)': round(cold),
      })
    }
  }
  report.table('whole jobs through the pool, rsi-adx-volume', rows)
  const last = rows.at(-1)!
  if (large < 1000) return
  report.goal('1,000 × 259,200 on two threads, warm (wall)', last['wall ms, warm columns'] as number, '≤', 22, 'ms')
  report.goal('the same, cold (wall)', last['wall ms, cold (candles, columns, zones, run)'] as number, '≤', 30, 'ms')
}

/** @param whole samples that the job would have; `samples` of them are timed */
async function one(
  definition: StrategyDefinition,
  candles: Candles,
  samples: number,
  rounds: number,
  whole: number,
): Promise<Row> {
  const given: Job = jobOf(definition, candles, samples)
  const twins = await Twins.of(given)
  const ms = median(race({ one: { run: () => twins.fast() } }, rounds).one)
  return {
    strategy: definition.name,
    bars: candles.openTime.length,
    samples,
    columns: given.batch.columns.length,
    'ms, one core': round(ms),
    'ns per bar × sample': round(perBar(ms, given)),
    ...(whole > samples ? { [`ms for ${whole} samples`]: round((ms * whole) / samples) } : {}),
  }
}

function trades(twins: Twins): number {
  const rows = twins.fast()
  let sum = 0
  for (let at = 8; at < rows.length; at += 26) sum += rows[at]
  return sum
}
