import { afterAll, describe, expect, test } from 'vitest'
import { METRIC_NAMES, metricsOf, type MetricName } from '../../src/backtest/metrics.ts'
import { DEFAULT_EXECUTION } from '../../src/engine/execution.ts'
import { Engine } from '../../src/engine/pool.ts'
import { BUILT_IN_STRATEGIES } from '../../src/strategy/builtin.ts'
import { compileStrategy } from '../../src/strategy/plan.ts'
import { TIMEFRAMES, type Timeframe } from '../../src/market/timeframe.ts'
import { golden, goldenIfThere, isClose, readCandles, withShared } from '../shared.ts'

const engine = new Engine(2, () => {})
afterAll(() => engine.close())

/** The strategy of the golden runs, which goes without bounds that would refuse their values. */
const strategy = compileStrategy(BUILT_IN_STRATEGIES.find(({ name }) => name === 'rsi-adx-volume')!)

/** In the golden files the cash is 1, and stop and target are per cent. */
const SETTINGS = { ...DEFAULT_EXECUTION, initialCapital: 1, feeRate: 0.001, makerFeeRate: 0.001 }
const COLUMNS = ['rsi_oversold', 'rsi_overbought', 'adx_min', 'volume_multiplier', 'sl', 'tp']

function rowsOf(samples: number[][]): Float64Array {
  const order = strategy.parameterNames.map((name) => COLUMNS.indexOf(name))
  return Float64Array.from(samples.flatMap((sample) => order.map((at) => (at >= 4 ? sample[at] / 100 : sample[at]))))
}

function dataSet(file: string, bars: number) {
  const candles = readCandles(file, bars)
  const timeframe = /-(1m|5m|1h|1d)-/.exec(file)![1] as Timeframe
  return { data: engine.dataSet(candles, TIMEFRAMES[timeframe]), bars: candles.openTime.length }
}

withShared('compiled strategies on real candles', () => {
  test.each(['btc-1m', 'eth-5m', 'btc-1h', 'gappy'])('make every trade of the recorded runs on %s', async (name) => {
    const { data: source, results } = golden(`backtests-${name}.json`)
    const { data, bars } = dataSet(source.file, source.bars)
    for (const { params, trades, open_at_end: openAtEnd } of results) {
      const rows = rowsOf([COLUMNS.map((column) => params[column])])
      const window = { start: 0, end: bars, firstSignal: strategy.warmupBars }
      const request = {
        dataSet: data,
        program: strategy.program,
        batch: strategy.bind(rows),
        settings: SETTINGS,
        window,
      }
      const detail = await engine.detail(request)
      const closed = detail.trades.filter(({ exitReason }) => exitReason !== 'END_OF_DATA')
      expect(detail.trades.length - closed.length).toBe(openAtEnd ? 1 : 0)
      expect(closed.map((t) => [t.entryBar, t.exitBar, t.entryPrice, t.exitPrice])).toEqual(
        trades.map((trade: number[]) => trade.slice(0, 4)),
      )
      closed.forEach((trade, at) => expect(isClose(trade.profitAbs, trades[at][4], 1e-7)).toBe(true))
      const [row] = [await engine.backtest(request)]
      expect([...row]).toEqual([...detail.metrics])
    }
  })

  const { params, sets } = goldenIfThere('summary-lhs-200.json', { sets: [] })
  test.each(sets as SummarySet[])(
    'reach the recorded figures of 200 samples on $file',
    async ({ file, bars: count, rows: expected }) => {
      const { data, bars } = dataSet(file, count)
      const batch = strategy.bind(rowsOf(params.samples))
      const window = { start: 0, end: bars, firstSignal: strategy.warmupBars }
      const values = await engine.backtest({
        dataSet: data,
        program: strategy.program,
        batch,
        settings: SETTINGS,
        window,
      })
      params.samples.forEach((_sample: number[], sample: number) => {
        const metrics = metricsOf(values.subarray(sample * METRIC_NAMES.length, (sample + 1) * METRIC_NAMES.length))
        const [closed, wins, final, drawdown, , openBar] = expected[sample]
        const place = `sample ${sample}`
        const open = openBar >= 0 ? 1 : 0
        expect(metrics.tradeCount, place).toBe(closed + open)
        if (open === 0) {
          expect(isClose(metrics.finalEquity, final, 1e-8), place).toBe(true)
          expect(isClose((metrics.winRate ?? 0) * closed, wins), place).toBe(true)
        }
        expect(Math.abs(metrics.maxDrawdown! - drawdown) < (open ? 0.01 : 1e-8), place).toBe(true)
      })
    },
  )
})

withShared('metrics of the golden series', () => {
  const { cases } = goldenIfThere('backtest_series.json', { cases: [] })
  test.each(cases as Series[])('$name', async ({ name, config, metrics: expected, equity, trades }) => {
    const candles = golden('indicators.json').candles
    const column = (values: number[]) => Float64Array.from(values)
    const data = engine.dataSet(
      {
        openTime: column(candles.time),
        open: column(candles.open),
        high: column(candles.high),
        low: column(candles.low),
        close: column(candles.close),
        volume: column(candles.volume),
      },
      3_600_000,
    )
    const rules = compileStrategy({
      name: 'golden',
      ...SERIES_RULES[name as keyof typeof SERIES_RULES],
      ...levels(config),
      parameterSpace: [],
      constraints: [],
    })
    const settings = {
      ...DEFAULT_EXECUTION,
      initialCapital: config.initialCapital,
      feeRate: config.fee,
      makerFeeRate: config.fee,
      slippage: config.slippage,
      leverage: config.leverage ?? 1,
      positionFraction: config.positionSize ?? 1,
      fundingRate: config.fundingRate ?? 0,
    }
    const detail = await engine.detail({
      dataSet: data,
      program: rules.program,
      batch: rules.bind(new Float64Array()),
      settings,
      window: { start: 0, end: candles.time.length, firstSignal: 0 },
    })
    expect(detail.trades).toHaveLength(trades.length)
    detail.equity.forEach((value, bar) => expect(isClose(value, equity[bar], 1e-8), `equity ${bar}`).toBe(true))
    const actual = metricsOf(detail.metrics)
    for (const [metric, value] of Object.entries(expected)) {
      expect(
        isClose(actual[metric as MetricName], value),
        `${metric}: ${actual[metric as MetricName]} is not ${value}`,
      ).toBe(true)
    }
  })
})

interface SummarySet {
  file: string
  bars: number
  /** closed trades, winning trades, final equity, drawdown, bars in position, entry bar of the open position or −1 */
  rows: number[][]
}

interface Series {
  name: string
  config: Record<string, number>
  trades: unknown[]
  equity: number[]
  metrics: Record<string, number | null>
}

const SERIES_RULES = {
  rsi5_long_only: { enterLong: 'rsi(5) < 30', exitLong: 'rsi(5) > 60' },
  rsi5_long_short_2x_funding: {
    enterLong: 'rsi(5) < 30',
    exitLong: 'rsi(5) > 60',
    enterShort: 'rsi(5) > 75',
    exitShort: 'rsi(5) < 45',
  },
  rsi5_trailing_half: { enterLong: 'rsi(5) < 30', enterShort: 'rsi(5) > 75' },
  no_trades: { enterLong: 'close < 0', exitLong: 'close > 0' },
}

function levels(config: Record<string, number>): Record<string, string> {
  const names = ['stopLoss', 'takeProfit', 'trailingStop'] as const
  return Object.fromEntries(names.filter((name) => name in config).map((name) => [name, String(config[name])]))
}

describe('the list of metrics', () => {
  test('is as wide as a row of the kernel', async () => {
    const { METRIC_COUNT } = await import('../../src/engine/layout.ts')
    expect(METRIC_NAMES).toHaveLength(METRIC_COUNT)
  })
})
