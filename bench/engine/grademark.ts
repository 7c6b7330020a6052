/** The npm backtester grademark on the same candles and indicators; it is installed for the bench alone. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { cpuMs } from './clock.ts'
import type { NaiveInput } from './naive.ts'

const VERSION = '0.3.0'
const PACKAGES = [`grademark@${VERSION}`, 'data-forge@1.10.4']
const FOLDER = fileURLToPath(new URL('../../node_modules/.cache/tunebook-bench/', import.meta.url))
/** It takes a while: this many bars. */
const BARS = 43_200

interface Bar {
  time: Date
  open: number
  high: number
  low: number
  close: number
  volume: number
  rsi: number
  adx: number
  mean: number
  counts: boolean
}

/* What of its interface is used; it has no types of its own here. */
interface Peer {
  backtest: (strategy: object, series: object) => unknown[]
}
type DataFrame = new (rows: Bar[]) => object

/**
 * One sample: signals fill at the next open, stop and target inside the bar, no fees, no figures beside the trades.
 *
 * @param p as `naiveBacktest` takes it
 * @returns CPU ms as they would be for all bars, and the trades it makes and a loop with its rules makes; null where
 *          it cannot be installed
 */
export function grademark(
  input: NaiveInput,
  p: Float64Array,
): { ms: number; trades: number; expected: number; version: string } | null {
  const require = install()
  if (!require) return null
  const { backtest } = require('grademark') as Peer
  const { DataFrame } = require('data-forge') as { DataFrame: DataFrame }
  const [oversold, overbought, adxMin, multiplier, sl, tp] = p
  const bars = barsOf(input)
  const isEntry = (bar: Bar): boolean =>
    bar.counts && bar.rsi < oversold && bar.adx > adxMin && bar.volume > multiplier * bar.mean
  const strategy = {
    entryRule: (enter: () => void, { bar }: { bar: Bar }) => void (isEntry(bar) && enter()),
    exitRule: (exit: () => void, { bar }: { bar: Bar }) => void (bar.rsi > overbought && exit()),
    stopLoss: ({ entryPrice }: { entryPrice: number }) => sl * entryPrice,
    profitTarget: ({ entryPrice }: { entryPrice: number }) => tp * entryPrice,
  }
  const series = new DataFrame(bars)
  let trades = 0
  const ms = cpuMs(() => (trades = backtest(strategy, series).length))
  const expected = tradesByItsRules(bars, isEntry, overbought, sl, tp)
  return { ms: (ms * input.candles.open.length) / bars.length, trades, expected, version: VERSION }
}

function barsOf({ candles, rsi, adx, mean, firstSignal }: NaiveInput): Bar[] {
  const { openTime, open, high, low, close, volume } = candles
  return Array.from({ length: Math.min(BARS, open.length) }, (_, i) => ({
    time: new Date(openTime[i]),
    open: open[i],
    high: high[i],
    low: low[i],
    close: close[i],
    volume: volume[i],
    rsi: rsi[i],
    adx: adx[i],
    mean: mean[i],
    counts: i >= firstSignal,
  }))
}

/** Its rules are not ours: nothing ends on the bar of the entry, and the bar of an exit starts nothing. */
function tradesByItsRules(
  bars: Bar[],
  isEntry: (bar: Bar) => boolean,
  overbought: number,
  sl: number,
  tp: number,
): number {
  let status: 'none' | 'enter' | 'in' | 'exit' = 'none'
  let [trades, stop, target] = [0, 0, 0]
  for (const bar of bars) {
    if (status === 'none') status = isEntry(bar) ? 'enter' : 'none'
    else if (status === 'enter') {
      stop = bar.open - sl * bar.open
      target = bar.open + tp * bar.open
      status = 'in'
    } else if (status === 'exit' || bar.low <= stop || bar.high >= target) {
      trades++
      status = 'none'
    } else if (bar.rsi > overbought) status = 'exit'
  }
  return trades + (status === 'in' || status === 'exit' ? 1 : 0) // the last one is closed at the end
}

function install(): NodeJS.Require | null {
  const require = createRequire(`${FOLDER}index.js`)
  if (existsSync(`${FOLDER}node_modules/grademark`)) return require
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(`${FOLDER}package.json`, '{ "private": true }\n')
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-save', '--fetch-retries', '0']
  try {
    execFileSync('npm', ['install', ...flags, ...PACKAGES], { cwd: FOLDER, stdio: 'ignore', timeout: 60_000 })
    return require
  } catch {
    return null
  }
}
