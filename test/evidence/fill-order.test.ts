import { expect, test } from 'vitest'
import { DEFAULT_EXECUTION, type TradeRecord } from '../../src/engine/execution.ts'
import { fillOrder } from '../../src/evidence/fill-order.ts'

/** A long of 10 units at 100, stopped at 98 in bar 1: without fees 2 % of an equity of 1,000 are gone. */
const stopped: TradeRecord = {
  side: 'LONG',
  entryBar: 0,
  exitBar: 1,
  exitReason: 'STOP_LOSS',
  entryTime: 0,
  exitTime: 0,
  entryPrice: 100,
  exitPrice: 98,
  leverage: 1,
  quantity: 10,
  margin: 1000,
  equityAtEntry: 1000,
  fees: 0,
  funding: 0,
  profitAbs: -20,
  profitRatio: -0.02,
  maxAdverseExcursion: 0.02,
  maxFavorableExcursion: 0,
}
const free = { ...DEFAULT_EXECUTION, feeRate: 0, makerFeeRate: 0 }
const bars = (open: number, high: number, low: number) => ({
  open: Float64Array.of(100, open),
  high: Float64Array.of(100, high),
  low: Float64Array.of(100, low),
})

test('takes the target where the bar of the stop reached it too', () => {
  const order = fillOrder([stopped, stopped], bars(100, 103, 97), 0.03, free)
  expect(order.ambiguous).toBe(2)
  expect(order.roiStopFirst).toBeCloseTo(0.98 * 0.98 - 1, 12)
  expect(order.roiTargetFirst).toBeCloseTo(1.03 * 1.03 - 1, 12)
})

test('leaves the trade as it is where the bar did not reach the target, or there is none', () => {
  expect(fillOrder([stopped], bars(100, 102.9, 97), 0.03, free)).toMatchObject({ ambiguous: 0 })
  expect(fillOrder([stopped], bars(100, 200, 97), NaN, free)).toMatchObject({ ambiguous: 0 })
})

test('knows that an open beyond the stop came before everything else', () => {
  const gapped = { ...stopped, exitPrice: 97 }
  expect(fillOrder([gapped], bars(97, 110, 96), 0.03, free).ambiguous).toBe(0)
  const slipped = { ...stopped, exitPrice: 97 * 0.99 }
  expect(fillOrder([slipped], bars(97, 110, 96), 0.03, { ...free, slippage: 0.01 }).ambiguous).toBe(0)
})

test('mirrors a short, and pays the fees of the target', () => {
  const short: TradeRecord = { ...stopped, side: 'SHORT', exitPrice: 102 }
  const order = fillOrder([short], bars(100, 103, 96), 0.03, { ...free, feeRate: 0.001, makerFeeRate: 0.0005 })
  expect(order.ambiguous).toBe(1)
  expect(order.roiTargetFirst).toBeCloseTo((30 - 1 - 0.0005 * 970) / 1000, 12)
})

test('does not touch what ended by a signal or at the target', () => {
  for (const exitReason of ['EXIT_SIGNAL', 'TAKE_PROFIT', 'END_OF_DATA'] as const) {
    expect(fillOrder([{ ...stopped, exitReason }], bars(100, 103, 97), 0.03, free).ambiguous).toBe(0)
  }
})
