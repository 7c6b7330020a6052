import { expect, test } from 'vitest'
import { METRIC_NAMES, metricsOf, type MetricName } from '../../src/backtest/metrics.ts'
import { localKernel } from '../../src/engine/wasm.ts'
import { goldenIfThere, isClose, withShared } from '../shared.ts'

interface Case {
  name: string
  initialCapital: number
  timeframeMs: number
  firstOpenTime: number
  openTimes?: number[]
  equity: number[]
  trades: Record<(typeof COLUMNS)[number], number>[]
  expected: Record<MetricName, number | null>
}

/** In the order of TradeColumns. */
const COLUMNS = ['profitAbs', 'profitRatio', 'durationMs', 'fees'] as const

withShared('the metrics of the kernel', () => {
  const { cases } = goldenIfThere('metrics.json', { cases: [] })

  test.each(cases as Case[])('of the golden case $name come out', (each) => {
    const { kernel, arena } = localKernel()
    const mark = arena.mark()
    const bars = each.equity.length
    const openTime = each.openTimes ?? each.equity.map((_, bar) => each.firstOpenTime + bar * each.timeframeMs)
    const columns = COLUMNS.map((column) => arena.putFloat64(each.trades.map((trade) => trade[column])))
    const out = arena.alloc(METRIC_NAMES.length * 8)
    kernel.metrics(
      arena.putFloat64(exactCurve(each)),
      arena.putFloat64(openTime),
      bars,
      each.timeframeMs,
      each.initialCapital,
      arena.putInt32(columns),
      each.trades.length,
      1,
      1,
      0,
      0,
      arena.alloc(bars * 8),
      arena.alloc(256),
      out,
    )
    const metrics = metricsOf(arena.float64(out, METRIC_NAMES.length))
    arena.release(mark)
    for (const [name, expected] of Object.entries(each.expected)) {
      const actual = metrics[name as MetricName]
      expect(isClose(actual, expected), `${name}: ${actual} is not ${expected}`).toBe(true)
    }
  })
})

/**
 * The file rounds to 12 digits, which lifts the deviation of constant growth from 0 to 3e-12, above the zero test;
 * what it expects is the exact curve's.
 */
function exactCurve({ name, equity, initialCapital }: Case): Float64Array {
  if (!name.startsWith('constant_growth')) return Float64Array.from(equity)
  const growth = equity[0] / initialCapital
  let value = initialCapital
  return Float64Array.from(equity, () => (value *= growth))
}
