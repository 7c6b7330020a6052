import { describe, expect, test } from 'vitest'
import { METRIC_NAMES } from '../../src/backtest/metrics.ts'
import { sliceCandles, type Candles } from '../../src/engine/candles.ts'
import {
  DEFAULT_EXECUTION,
  EXIT_REASONS,
  type ExecutionSettings,
  type ExitReason,
  type TradeRecord,
  type Window,
} from '../../src/engine/execution.ts'
import { golden, isClose, readCandles, withShared } from '../shared.ts'
import {
  noSignals,
  plainBacktest,
  plainColumns,
  plainMetrics,
  plainRsi,
  plainSignals,
  type MeanReversion,
  type Risk,
  type Signals,
} from './plain-backtest.ts'
import { randomCase, type RandomCase } from './random-case.ts'

const HOUR = 3_600_000
const NO_RISK: Risk = { stopLoss: NaN, takeProfit: NaN, trailingStop: NaN, leverage: NaN }
const FREE: ExecutionSettings = { ...DEFAULT_EXECUTION, feeRate: 0, makerFeeRate: 0 }

const run = ({ candles, timeframeMs, signals, risk, settings, window }: RandomCase): ReturnType<typeof plainBacktest> =>
  plainBacktest(candles, timeframeMs, signals, risk, settings, window)

describe('where the golden cases are silent', () => {
  test('a take-profit pays the maker fee, entry and every other exit the plain one', () => {
    const settings = { ...FREE, feeRate: 0.01, makerFeeRate: 0.002 }
    const { trades } = play({ bars: [flat(100), [100, 111, 100, 105]], risk: { takeProfit: 0.1 }, settings })
    expect(trades[0].exitReason).toBe('TAKE_PROFIT')
    expect(trades[0].fees).toBeCloseTo(trades[0].quantity * (0.01 * 100 + 0.002 * 110), 9)
  })

  test('the leverage of the sample wins over that of the settings', () => {
    const [first] = play({ bars: [flat(100), flat(100)], risk: { leverage: 3 }, settings: { leverage: 5 } }).trades
    const [second] = play({ bars: [flat(100), flat(100)], settings: { leverage: 5 } }).trades
    expect([first.leverage, second.leverage]).toEqual([3, 5])
  })

  test('an exit that costs more than the margin, its fee included, is a liquidation and leaves nothing', () => {
    const settings = { ...FREE, leverage: 50, feeRate: 0.01, makerFeeRate: 0.01, maintenanceMarginRate: 0 }
    const { trades, equity } = play({ bars: [flat(100), [100, 100, 98.5, 99]], risk: { stopLoss: 0.015 }, settings })
    expect(trades[0]).toMatchObject({ exitReason: 'LIQUIDATION', exitPrice: 98, exitTime: 2 * HOUR })
    expect(equity[1]).toBeCloseTo(0, 9)
  })

  test('at 0 equity trading stops', () => {
    const bars = [flat(100), [100, 100, 80, 90], flat(90), flat(90)] as Row[]
    const { trades, equity } = play({ bars, enterLong: [1, 1, 1, 1], settings: { ...FREE, leverage: 10 } })
    expect(trades).toHaveLength(1)
    expect([...equity]).toEqual([10_000, 0, 0, 0])
  })

  test('a position liquidated at the open makes room for an entry at the same open', () => {
    const settings = { ...FREE, leverage: 10, positionFraction: 0.5 }
    const bars = [flat(100), flat(100), flat(80), flat(80)]
    const { trades } = play({ bars, enterLong: [1, 1, 0, 0], settings })
    expect(trades.map((t) => [t.entryBar, t.exitBar, t.exitReason])).toEqual([
      [1, 2, 'LIQUIDATION'],
      [2, 3, 'END_OF_DATA'],
    ])
    expect(trades[0].exitTime).toBe(trades[1].entryTime)
  })

  test('funding can take no more than there is', () => {
    const settings = { ...FREE, leverage: 10, fundingRate: 0.5, fundingIntervalMs: HOUR }
    const { trades, equity } = play({ bars: [flat(100), flat(100), flat(100)], settings })
    expect(trades[0].funding).toBe(50_000)
    expect(Math.min(...equity)).toBe(0)
  })

  test('of two equal levels the stop-loss names the exit before the trailing stop, the liquidation before the stop', () => {
    const bars = [flat(100), [100, 100, 50, 60]] as Row[]
    const [stopped] = play({ bars, risk: { stopLoss: 0.1, trailingStop: 0.1 } }).trades
    expect(stopped.exitReason).toBe('STOP_LOSS')
    const settings = { ...FREE, leverage: 2, maintenanceMarginRate: 0 }
    const [liquidated] = play({ bars, risk: { stopLoss: 0.5 }, settings }).trades
    expect(liquidated.exitReason).toBe('LIQUIDATION')
  })

  test('a stop on the entry bar does not save a position that slippage put beyond its liquidation', () => {
    const settings = { ...FREE, leverage: 50, slippage: 0.03, maintenanceMarginRate: 0 }
    const [trade] = play({ bars: [flat(100), flat(100)], risk: { stopLoss: 0.01 }, settings }).trades
    expect(trade).toMatchObject({ exitReason: 'LIQUIDATION', exitPrice: 103 * (1 - 1 / 50), exitTime: 2 * HOUR })
  })

  test('the fill at the end of data is not among the prices seen: the bar was held to its close', () => {
    const [trade] = play({ bars: [flat(100), flat(100)], settings: { ...FREE, slippage: 0.01 } }).trades
    expect(trade.exitPrice).toBe(99)
    expect(trade.maxAdverseExcursion).toBe((101 - 100) / 101)
  })

  test('risk per trade needs a stop-loss to limit the margin', () => {
    const settings = { ...FREE, riskPerTrade: 0.01 }
    const margin = (risk: Partial<Risk>): number =>
      play({ bars: [flat(100), flat(100)], risk, settings }).trades[0].margin
    expect([margin({ stopLoss: 0.1 }), margin({ trailingStop: 0.1 })]).toEqual([1_000, 10_000])
  })

  test('a conflict neither enters nor turns a position, an exit of its side always ends it', () => {
    const bars = Array.from({ length: 5 }, () => flat(100))
    const signals = noSignals(5)
    signals.enterLong.set([1, 1, 1])
    signals.enterShort.set([0, 1, 0])
    signals.exitLong.set([0, 0, 1])
    const { trades } = play({ bars, signals })
    expect(trades.map((t) => [t.side, t.entryBar, t.exitBar, t.exitReason])).toEqual([['LONG', 1, 3, 'EXIT_SIGNAL']])
  })

  test('the trailing stop never falls behind the entry price', () => {
    const settings = { ...FREE, slippage: 0.01 } // entered at 101, above every price of the first bar
    const bars = [flat(100), flat(100), [100, 100, 96, 96]] as Row[]
    const [trade] = play({ bars, risk: { trailingStop: 0.04 }, settings }).trades
    expect(trade).toMatchObject({ exitReason: 'TRAILING_STOP', exitPrice: 101 * (1 - 0.04) * (1 - 0.01) })
  })

  test('signals count from firstSignal to the bar before the last, and the equity begins with the window', () => {
    const bars = Array.from({ length: 8 }, () => flat(100))
    const window = { start: 2, end: 7, firstSignal: 3 }
    const { trades, equity } = play({ bars, enterLong: bars.map(() => 1), settings: FREE, window })
    expect(trades.map((t) => [t.entryBar, t.exitBar])).toEqual([[4, 6]])
    expect(equity).toHaveLength(5)
    expect(play({ bars, enterLong: [1, 1, 1, 0, 0, 0, 1, 1], settings: FREE, window }).trades).toEqual([])
  })

  test('buy and hold pays fee and slippage at both ends', () => {
    const equity = Float64Array.of(1)
    const openTime = Float64Array.of(0)
    const costs = { open: 100, close: 150, feeRate: 0.01, slippage: 0.02 }
    const metrics = plainMetrics({ equity, openTime, initialCapital: 1, timeframeMs: HOUR, trades: [], ...costs })
    const coins = 1 / (100 * 1.02 * 1.01)
    expect(metrics.buyAndHoldRoi).toBeCloseTo(coins * 150 * 0.98 * 0.99 - 1, 12)
  })
})

/** Open, high, low, close. */
type Row = [number, number, number, number]
const flat = (price: number): Row => [price, price, price, price]

/** A backtest on hours from the epoch on; a long is entered at the second bar unless told otherwise. */
function play(input: {
  bars: Row[]
  enterLong?: number[]
  signals?: Signals
  risk?: Partial<Risk>
  settings?: Partial<ExecutionSettings>
  window?: Window
}): ReturnType<typeof plainBacktest> {
  const { bars } = input
  const column = (at: number): Float64Array => Float64Array.from(bars, (bar) => bar[at])
  const candles = {
    openTime: Float64Array.from(bars, (_, bar) => bar * HOUR),
    open: column(0),
    high: column(1),
    low: column(2),
    close: column(3),
    volume: new Float64Array(bars.length),
  }
  const enterLong = Uint8Array.from(input.enterLong ?? bars.map((_, bar) => Number(bar === 0)))
  return run({
    candles,
    timeframeMs: HOUR,
    signals: input.signals ?? { ...noSignals(bars.length), enterLong },
    risk: { ...NO_RISK, ...input.risk },
    settings: { ...DEFAULT_EXECUTION, ...input.settings },
    window: input.window ?? wholeWindow(bars.length),
  })
}

describe('on 2,000 random cases', () => {
  const cases = Array.from({ length: 2000 }, (_, seed) => {
    const sample = randomCase(seed)
    return { seed, sample, result: run(sample) }
  })
  /** Seeds for which a statement is false. */
  const failing = (holds: (sample: RandomCase, result: (typeof cases)[0]['result']) => boolean): number[] =>
    cases.filter(({ sample, result }) => !holds(sample, result)).map(({ seed }) => seed)

  test('every kind of exit happens on both sides, and levels are met to the bit', () => {
    const seen = new Set(cases.flatMap(({ result }) => result.trades.map((t) => `${t.side} ${t.exitReason}`)))
    expect([...seen].sort()).toEqual(EXIT_REASONS.flatMap((why) => [`LONG ${why}`, `SHORT ${why}`]).sort())
    const touches = cases.flatMap(({ sample, result }) => result.trades.filter((trade) => isTouch(sample, trade)))
    expect(touches.length).toBeGreaterThan(100)
  })

  test('candles are valid, and the same seed gives the same case', () => {
    expect(failing(({ candles, timeframeMs }) => isValid(candles, timeframeMs))).toEqual([])
    expect(randomCase(7)).toEqual(randomCase(7))
  })

  test('equity and every number of a trade are finite, and equity is never below 0', () => {
    expect(
      failing((_, { trades, equity }) => trades.every(isFinite) && equity.every((e) => e >= 0 && e < Infinity)),
    ).toEqual([])
  })

  test('profits add up to what the account gained', () => {
    expect(
      failing(({ settings }, { trades, metrics }) => {
        const expected = trades.reduce((total, trade) => total + trade.profitAbs, settings.initialCapital)
        return Math.abs(metrics.finalEquity! - expected) <= 1e-6 * Math.max(settings.initialCapital, expected)
      }),
    ).toEqual([])
  })

  test('trades follow each other, inside the window, each ending after it began', () => {
    expect(failing((sample, { trades }) => isInOrder(trades) && isInside(sample, trades))).toEqual([])
  })

  test('equity stands still where there is no position', () => {
    expect(
      failing(({ window, settings }, { trades, equity }) => {
        const held = new Set(trades.flatMap((t) => range(t.entryBar, t.exitBar + 1)))
        return equity.every((value, i) => {
          const previous = i === 0 ? settings.initialCapital : equity[i - 1]
          return held.has(window.start + i) || value === previous
        })
      }),
    ).toEqual([])
  })

  test('the future does not change the past: cutting it off changes only the position it leaves open', () => {
    expect(
      failing((sample, { trades, equity }) => {
        const { window, candles } = sample
        const end = window.start + Math.ceil((window.end - window.start) / 2)
        const cut = run({ ...sample, candles: sliceCandles(candles, 0, end), window: { ...window, end } })
        const past = trades.filter((trade) => trade.exitBar < end)
        const kept = cut.trades.slice(0, past.length)
        const rest = cut.trades.slice(past.length).map((trade) => trade.exitReason)
        return (
          JSON.stringify(kept) === JSON.stringify(past) &&
          rest.every((why, i) => i === 0 && (why === 'END_OF_DATA' || why === 'LIQUIDATION')) &&
          cut.equity.subarray(0, -1).every((value, i) => value === equity[i])
        )
      }),
    ).toEqual([])
  })

  test('every metric is a finite number or null', () => {
    expect(
      failing((_, { metrics }) =>
        METRIC_NAMES.every((name) => metrics[name] === null || Number.isFinite(metrics[name])),
      ),
    ).toEqual([])
  })
})

/** A target met by high or low alone, to the bit. */
function isTouch({ candles }: RandomCase, { exitBar, exitPrice, exitReason }: TradeRecord): boolean {
  const isExtreme = candles.high[exitBar] === exitPrice || candles.low[exitBar] === exitPrice
  return exitReason === 'TAKE_PROFIT' && isExtreme && candles.open[exitBar] !== exitPrice
}

function isValid({ openTime, open, high, low, close }: Candles, timeframeMs: number): boolean {
  return open.every(
    (price, bar) =>
      low[bar] > 0 &&
      low[bar] <= Math.min(price, close[bar]) &&
      high[bar] >= Math.max(price, close[bar]) &&
      openTime[bar] % timeframeMs === 0 &&
      (bar === 0 || openTime[bar] > openTime[bar - 1]),
  )
}

function isFinite(trade: TradeRecord): boolean {
  return Object.values(trade).every((value) => typeof value === 'string' || Number.isFinite(value))
}

function isInOrder(trades: TradeRecord[]): boolean {
  return trades.every(
    (trade, i) =>
      trade.exitTime > trade.entryTime &&
      trade.exitBar >= trade.entryBar &&
      (i === 0 || (trade.entryTime >= trades[i - 1].exitTime && trade.entryBar >= trades[i - 1].exitBar)),
  )
}

function isInside({ window }: RandomCase, trades: TradeRecord[]): boolean {
  return trades.every((trade) => trade.entryBar > window.firstSignal && trade.exitBar < window.end)
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}

withShared('the golden scenarios', () => {
  test('every trade and every equity value comes out', () => {
    const { cases } = golden('backtest_scenarios.json')
    const wrong = cases.flatMap((scenario: GoldenCase) => {
      const { settings, risk } = readConfig(scenario.config)
      const candles = readColumns(scenario.candles)
      const signals = Object.fromEntries(
        Object.entries(scenario.signals).map(([name, bytes]) => [name, Uint8Array.from(bytes)]),
      ) as unknown as Signals
      const window = wholeWindow(candles.close.length)
      const result = plainBacktest(candles, scenario.timeframeMs, signals, risk, settings, window)
      return resultDifferences(scenario, result)
    })
    expect(wrong).toEqual([])
    expect(cases).toHaveLength(46)
  })
})

withShared('the golden series', () => {
  test('every trade, equity value and metric comes out', () => {
    const market = golden('indicators.json')
    const candles = readColumns(market.candles)
    const rsi = plainRsi(candles.close, 5)
    const window = wholeWindow(candles.close.length)
    const { cases } = golden('backtest_series.json')
    const wrong = cases.flatMap((series: GoldenCase & { rule: string; metrics: object }) => {
      const { settings, risk } = readConfig(series.config)
      const result = plainBacktest(candles, market.timeframeMs, readRule(series.rule, rsi), risk, settings, window)
      return [...resultDifferences(series, result), ...differences(series.name, result.metrics, series.metrics)]
    })
    expect(wrong).toEqual([])
    expect(cases).toHaveLength(4)
  })

  test('the plain indicators are the recorded ones', () => {
    const { candles, talib } = golden('indicators.json')
    const { rsi, adx } = plainColumns(readColumns(candles))
    expect(seriesDifferences('rsi', rsi, talib.rsi14)).toEqual([])
    expect(seriesDifferences('adx', adx, talib.adx14)).toEqual([])
  })
})

withShared('the golden metrics', () => {
  test('every figure of every equity curve and trade list comes out', () => {
    const { cases } = golden('metrics.json')
    const wrong = cases.flatMap(({ name, equity, expected, openTimes, firstOpenTime, ...sample }: GoldenMetrics) => {
      const metrics = plainMetrics({
        ...sample,
        equity: unrounded(name, sample.initialCapital, equity),
        openTime: Float64Array.from(openTimes ?? equity.map((_, bar) => firstOpenTime + bar * sample.timeframeMs)),
        open: 1,
        close: 1,
        feeRate: 0,
        slippage: 0,
      })
      return differences(name, metrics, expected)
    })
    expect(wrong).toEqual([])
    expect(cases).toHaveLength(12)
  })
})

interface GoldenCase {
  name: string
  timeframeMs: number
  config: Record<string, number>
  candles: Record<string, number[]>
  signals: Record<keyof Signals, number[]>
  trades: object[]
  equity: number[]
}

interface GoldenMetrics {
  name: string
  initialCapital: number
  timeframeMs: number
  firstOpenTime: number
  openTimes?: number[]
  equity: number[]
  trades: Parameters<typeof plainMetrics>[0]['trades']
  expected: object
}

/**
 * The curve of constant growth is rounded to 12 digits in the file: enough to lift the deviation of its returns from
 * 0 to 3e-12, above the zero test, while the expected values come from the exact curve. It is rebuilt here.
 */
function unrounded(name: string, initialCapital: number, equity: number[]): Float64Array {
  if (!name.startsWith('constant_growth')) return Float64Array.from(equity)
  const growth = equity[0] / initialCapital
  return Float64Array.from(equity, (_, bar) => initialCapital * growth ** (bar + 1))
}

/** `rsi5<30` and the like behind the name of a signal; the rest of a rule is prose. */
function readRule(rule: string, rsi: Float64Array): Signals {
  const signals = noSignals(rsi.length)
  for (const [, name, sign, level] of rule.matchAll(/(\w+) rsi5([<>])(\d+)/g)) {
    const isMet = (value: number): boolean => (sign === '<' ? value < Number(level) : value > Number(level))
    signals[name as keyof Signals] = Uint8Array.from(rsi, (value) => Number(isMet(value)))
  }
  return signals
}

/** The config of a golden case in our names. */
function readConfig(config: Record<string, number>): { settings: ExecutionSettings; risk: Risk } {
  const { fee, positionSize = 1, stopLoss = NaN, takeProfit = NaN, trailingStop = NaN, ...rest } = config
  const settings = { ...DEFAULT_EXECUTION, ...rest, feeRate: fee, makerFeeRate: fee, positionFraction: positionSize }
  return { settings, risk: { stopLoss, takeProfit, trailingStop, leverage: NaN } }
}

function readColumns(candles: Record<string, number[]>): Candles {
  return {
    openTime: Float64Array.from(candles.ts ?? candles.time),
    open: Float64Array.from(candles.open),
    high: Float64Array.from(candles.high),
    low: Float64Array.from(candles.low),
    close: Float64Array.from(candles.close),
    volume: Float64Array.from(candles.volume ?? candles.open.map(() => 0)),
  }
}

function wholeWindow(bars: number): Window {
  return { start: 0, end: bars, firstSignal: 0 }
}

/** What is wrong with a result, in words; empty where all is within the golden tolerance. */
function resultDifferences(expected: GoldenCase, actual: { trades: TradeRecord[]; equity: Float64Array }): string[] {
  const { name } = expected
  const count = actual.trades.length === expected.trades.length ? [] : [`${name}: ${actual.trades.length} trades`]
  const trades = actual.trades.slice(0, expected.trades.length).flatMap((trade, i) => {
    const durationMs = trade.exitTime - trade.entryTime
    return differences(`${name} trade ${i}`, { ...trade, durationMs }, expected.trades[i])
  })
  return [...count, ...trades, ...seriesDifferences(`${name} equity`, actual.equity, expected.equity)]
}

/** Keys of `expected` that `actual` does not match: numbers within the golden tolerance, labels exactly. */
function differences(what: string, actual: object, expected: object): string[] {
  return Object.entries(expected).flatMap(([key, value]: [string, number | string | null]) => {
    const found = (actual as Record<string, number | string | null>)[key]
    const isSame = typeof value === 'string' ? found === value : isClose(found as number | null, value)
    return isSame ? [] : [`${what}: ${key} ${found} instead of ${value}`]
  })
}

function seriesDifferences(what: string, actual: ArrayLike<number>, expected: (number | null)[]): string[] {
  const length = actual.length === expected.length ? [] : [`${what}: length ${actual.length}`]
  const values = expected.flatMap((value, bar) =>
    isClose(actual[bar], value) ? [] : [`${what}: ${actual[bar]} instead of ${value} at ${bar}`],
  )
  return [...length, ...values]
}

// The recorded runs: the whole cash in every trade, 0.1 % a side, no signal before bar 28.
const RECORDED: ExecutionSettings = { ...DEFAULT_EXECUTION, initialCapital: 1 }
const recordedWindow = (bars: number): Window => ({ start: 0, end: bars, firstSignal: 28 })

withShared('the recorded runs of backtesting.py', () => {
  const REASONS: Record<string, ExitReason> = { signal: 'EXIT_SIGNAL', stop: 'STOP_LOSS', target: 'TAKE_PROFIT' }
  type Row = [number, number, number, number, number, number, string]

  for (const name of ['btc-1m', 'eth-5m', 'btc-1h', 'gappy']) {
    test(`every trade on ${name} is the same: bars and prices to the bit, results within the tolerance`, () => {
      const { data, results } = golden(`backtests-${name}.json`)
      const candles = readCandles(data.file, data.bars)
      const columns = plainColumns(candles)
      for (const recorded of results) {
        const { rule, risk } = readParams(Object.values(recorded.params))
        const signals = plainSignals(columns, rule)
        const result = plainBacktest(candles, timeframeOf(candles), signals, risk, RECORDED, recordedWindow(data.bars))
        const closed = result.trades.filter((trade) => trade.exitReason !== 'END_OF_DATA')
        const open = result.trades.filter((trade) => trade.exitReason === 'END_OF_DATA')
        const rows: Row[] = recorded.trades

        const fills = closed.map((t) => [t.entryBar, t.exitBar, t.entryPrice, t.exitPrice, t.exitReason])
        expect(fills).toEqual(rows.map(([from, to, paid, got, , , why]) => [from, to, paid, got, REASONS[why]]))
        const profits = closed.map((t) => t.profitAbs)
        const returns = closed.map((t) => t.profitAbs / t.margin) // theirs is not diluted by the entry fee
        expect(
          seriesDifferences(
            'profit',
            profits,
            rows.map((row) => row[4]),
          ),
        ).toEqual([])
        expect(
          seriesDifferences(
            'return',
            returns,
            rows.map((row) => row[5]),
          ),
        ).toEqual([])
        expect(open.map((t) => ({ entry_bar: t.entryBar, entry_price: t.entryPrice }))).toEqual(
          recorded.open_at_end ? [recorded.open_at_end] : [],
        )
        const sampled = result.equity.filter((_, bar) => bar % 1000 === 0)
        expect(seriesDifferences('equity', sampled, recorded.equity_every_1000_bars)).toEqual([])
      }
    })
  }
})

withShared('the recorded summaries', () => {
  for (const at of [0, 1, 2, 3, 4]) {
    test(`200 samples on data set ${at + 1} of 5 come out`, () => {
      const { params, sets } = golden('summary-lhs-200.json')
      const { file, bars, rows } = sets[at]
      const candles = readCandles(file, bars)
      const columns = plainColumns(candles)
      const timeframeMs = timeframeOf(candles)
      const wrong = params.samples.flatMap((sample: number[], i: number) => {
        const { rule, risk } = readParams(sample)
        const signals = plainSignals(columns, rule)
        const result = plainBacktest(candles, timeframeMs, signals, risk, RECORDED, recordedWindow(bars))
        return seriesDifferences(`${file} sample ${i}`, summary(candles, result), rows[i])
      })
      expect(wrong).toEqual([])
      expect(rows).toHaveLength(200)
    })
  }
})

/** A row of recorded parameters: four thresholds, then stop and target in per cent. */
function readParams(row: number[]): { rule: MeanReversion; risk: Risk } {
  const [rsiOversold, rsiOverbought, adxMin, volumeMultiplier, stop, target] = row
  return {
    rule: { rsiOversold, rsiOverbought, adxMin, volumeMultiplier },
    risk: { ...NO_RISK, stopLoss: stop / 100, takeProfit: target / 100 },
  }
}

/** The shortest distance between two bars. */
function timeframeOf({ openTime }: Candles): number {
  return openTime.subarray(1).reduce((least, time, bar) => Math.min(least, time - openTime[bar]), Infinity)
}

/** Closed trades, wins, final equity and deepest fall with an open position at its mark, bars held, its entry bar or −1. */
function summary(candles: Candles, { trades, equity }: { trades: TradeRecord[]; equity: Float64Array }): number[] {
  const open = trades.find((trade) => trade.exitReason === 'END_OF_DATA')
  const closed = trades.filter((trade) => trade !== open)
  const last = equity.length - 1
  const marked = equity.slice()
  if (open) marked[last] = markOfOpen(open, candles.close[last])

  let peak = RECORDED.initialCapital
  let fall = 0
  for (const value of marked) {
    peak = Math.max(peak, value)
    fall = Math.max(fall, 1 - value / peak)
  }
  const held = trades.reduce((bars, trade) => bars + trade.exitBar - trade.entryBar + 1, 0)
  return [closed.length, closed.filter((t) => t.profitAbs > 0).length, marked[last], fall, held, open?.entryBar ?? -1]
}

/** Equity at the last close just before the open position was closed there: only the entry fee is paid. */
function markOfOpen({ equityAtEntry, margin, quantity, entryPrice }: TradeRecord, lastClose: number): number {
  return equityAtEntry - RECORDED.feeRate * margin + quantity * (lastClose - entryPrice)
}
