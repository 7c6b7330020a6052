import type { ExecutionSettings, Window } from './execution.ts'
import type { Allocator } from './allocator.ts'
import { BLOCK, encodeSettings, METRIC_COUNT, stackDepth } from './layout.ts'
import { LeafKind, planFast, type FastPlan } from './planner.ts'
import { SIGNALS, type SampleBatch, type StrategyProgram } from './program.ts'

/**
 * How the host and `assembly/job.ts` see the same bytes. A change here is a change there.
 */

/** The 32-bit words of `Job`, in order. */
export const JOB = [
  'settings',
  'openTime',
  'open',
  'high',
  'low',
  'close',
  'zones',
  'start',
  'end',
  'firstSignal',
  'tile',
  'dayEnds',
  'dayCount',
  'stamps',
  'feeds',
  'feedCount',
  'leaves',
  'leafCount',
  'enterLong',
  'enterLongWords',
  'exitLong',
  'exitLongWords',
  'enterShort',
  'enterShortWords',
  'exitShort',
  'exitShortWords',
  'bitmapDepth',
  'blockDepth',
  'constants',
  'parameters',
  'parameterCount',
  'slots',
  'slotCount',
  'columns',
  'stopLoss',
  'takeProfit',
  'trailingStop',
  'leverage',
  'order',
  'results',
  'returns',
  'control',
  'scratch',
  'scratchBytes',
] as const

export type JobWords = Record<(typeof JOB)[number], number>

/** Words of the control line: the host's wish to stop, tiles × samples that are done, and a fault for tests. */
export const Control = { STOP: 0, DONE: 1, FAULT: 2 } as const
export const CONTROL_BYTES = 64

/** Bars that the kernel works on at a time: what it holds about them fits the second-level cache. */
export const TILE = 8192

/** A bar that never comes: it ends the lists that the kernel walks along. */
const NEVER = 0x7fffffff

const SAMPLE_BYTES = 320
const FILTER_BYTES = 4096
const TRADE_BYTES = 80
/** In front of the profit ratios of a sample and tile. */
const RATIO_HEADER = 8
/** Ratios of all samples that a thread works on at once; beyond, it takes fewer samples at a time. */
const POOL_BYTES = 16 << 20

/** What is to be backtested, and where the data set keeps what is read. */
export interface JobInput {
  dataSet: {
    candles: { openTime: number; open: number; high: number; low: number; close: number }
    zones: number
    openTime: Float64Array
    timeframeMs: number
  }
  program: StrategyProgram
  batch: SampleBatch
  settings: ExecutionSettings
  window: Window
  /** whether the daily returns of each sample are wanted too */
  returns?: boolean | undefined
  /** what counts as a day, ms; the ratios of the metrics mean something for real days only */
  dayMs?: number | undefined
}

/** Put what all threads share into the data set's memory; the offsets of the columns are left to be filled in. */
export function placeJob(arena: Allocator, input: JobInput, tile = TILE): JobWords {
  const { dataSet, program, batch, settings, window } = input
  const { openTime, timeframeMs } = dataSet
  const plan = planFast(program)
  const words = Object.fromEntries(JOB.map((name) => [name, 0])) as JobWords
  for (const name of ['openTime', 'open', 'high', 'low', 'close'] as const) words[name] = dataSet.candles[name]
  words.zones = dataSet.zones
  words.start = window.start
  words.end = window.end
  words.firstSignal = window.firstSignal
  words.settings = arena.putFloat64(encodeSettings(settings, timeframeMs))
  words.tile = tileOf(window, tile)
  const ends = dayEnds(openTime, timeframeMs, window, input.dayMs)
  words.dayEnds = arena.putInt32([...ends, NEVER])
  words.dayCount = ends.length
  words.stamps = arena.putInt32([...fundingStamps(openTime, timeframeMs, settings, window), NEVER, 0, 0])
  placePlan(arena, plan, words)
  words.blockDepth = stackDepth(program)
  words.constants = arena.putFloat64(program.constants)
  words.parameters = arena.putFloat64(batch.parameters)
  words.parameterCount = program.parameterCount
  words.slots = arena.putInt32(batch.slots)
  words.slotCount = program.slotCount
  words.columns = arena.alloc(batch.columns.length * 4)
  words.stopLoss = arena.putFloat64(batch.stopLoss)
  words.takeProfit = arena.putFloat64(batch.takeProfit)
  words.trailingStop = arena.putFloat64(batch.trailingStop)
  words.leverage = arena.putFloat64(batch.leverage)
  words.order = arena.putInt32(orderBySlots(batch, program.slotCount))
  words.results = arena.alloc(batch.count * METRIC_COUNT * 8)
  words.returns = input.returns ? arena.alloc(batch.count * ends.length * 8) : 0
  words.control = arena.putInt32(new Int32Array(CONTROL_BYTES / 4))
  return words
}

/** Bytes that `placeJob` takes, rounded up. */
export function sharedBytes({ dataSet, program, batch, window, returns, dayMs }: JobInput): number {
  const days = dayEnds(dataSet.openTime, dataSet.timeframeMs, window, dayMs).length
  const results = (METRIC_COUNT + (returns ? days : 0)) * 8
  const perSample = 8 * program.parameterCount + 4 * program.slotCount + 4 * 8 + 4 + results
  return batch.count * perSample + 4 * batch.columns.length + 4 * days + (1 << 20)
}

/** Give one thread its scratch. @returns the byte offset of its Job */
export function placeLane(arena: Allocator, shared: JobWords, plan: ScratchShape, samples: number): number {
  const scratchBytes = laneBytes(plan, samples)
  const own = { ...shared, scratch: arena.alloc(scratchBytes), scratchBytes }
  return arena.putInt32(JOB.map((name) => own[name]))
}

/** What the size of a thread's scratch depends on. */
export interface ScratchShape {
  tile: number
  windowBars: number
  dayCount: number
  bitmapDepth: number
  blockDepth: number
  leafCount: number
  /** leaves with a parameter times a feed */
  scaledCount: number
  feeds: readonly { code: unknown; use: number }[]
}

export function shapeOf({ dataSet, program, window, dayMs }: JobInput, tile = TILE): ScratchShape {
  const plan = planFast(program)
  return {
    tile: tileOf(window, tile),
    windowBars: window.end - window.start,
    dayCount: dayEnds(dataSet.openTime, dataSet.timeframeMs, window, dayMs).length,
    bitmapDepth: plan.bitmapDepth,
    blockDepth: stackDepth(program),
    leafCount: plan.leaves.length,
    scaledCount: plan.leaves.filter(({ kind }) => kind === LeafKind.SCALED).length,
    feeds: plan.feeds,
  }
}

/** Bytes of scratch that each sample adds, its profit ratios apart: they share a pool. */
export function sampleBytes({ leafCount, dayCount }: ScratchShape): number {
  return 4 + leafCount * 16 + SAMPLE_BYTES + dayCount * 8
}

/** Bytes of scratch for one thread that works on so many samples at once: see `placeSelect`, `placeMeasure`, `fastBacktest`. */
export function laneBytes(shape: ScratchShape, samples: number): number {
  const { tile, feeds, leafCount } = shape
  const places = tile + 128
  const bitmap = (places / 64 + 2) * 8
  let bytes = 4096 + 64 * (10 * feeds.length + 18)
  bytes += 2 * (bitmap + places / 16 + (places + 64) * 16 + leafCount * bitmap) + leafCount * bitmap
  for (const { code, use } of feeds) {
    const count = (bits: number): number => (bits & 1) + ((bits >> 1) & 1)
    bytes += count(use | (use >> 2)) * (places + BLOCK) * 8 + count(use >> 2) * ((places + 64) * 4 + FILTER_BYTES)
    if (code) bytes += (places + BLOCK) * 8
    bytes += 32
  }
  bytes += 2 * (leafCount * 5 + 128 + shape.scaledCount * (places * 12 + 1024 + FILTER_BYTES + 64))
  bytes += shape.blockDepth * (BLOCK * 8 + 4) + 6 * bitmap * (shape.bitmapDepth + 1) + bitmap
  bytes += (tile + 64) * 32 + 2 * (tile / 64 + 1) * 16 * (32 - Math.clz32(tile / 64)) + 4 * (tile + 2) * TRADE_BYTES
  bytes += samples * sampleBytes(shape)
  const most = shape.windowBars * 8 + (shape.windowBars / tile + 2) * (RATIO_HEADER + 8) // of one sample: a trade on every bar
  return Math.ceil((bytes + Math.max(most, Math.min(POOL_BYTES, most * samples))) / 64) * 64
}

function tileOf({ start, end }: Window, tile: number): number {
  const bars = end - Math.floor(start / 64) * 64
  return Math.min(tile, Math.ceil(bars / 64) * 64)
}

function placePlan(arena: Allocator, plan: FastPlan, words: JobWords): void {
  const place = (code: Int32Array | null): number[] => (code ? [arena.putInt32(code), code.length] : [0, 0])
  words.feedCount = plan.feeds.length
  words.feeds = arena.putInt32(plan.feeds.flatMap(({ code, slot, offset, use }) => [...place(code), slot, offset, use]))
  words.leafCount = plan.leaves.length
  words.leaves = arena.putInt32(
    plan.leaves.flatMap((leaf) => [
      leaf.kind,
      leaf.operation,
      leaf.a,
      leaf.b,
      leaf.scalar,
      leaf.other,
      leaf.fixed ? 1 : 0,
      leaf.use,
      ...place(leaf.code),
    ]),
  )
  words.bitmapDepth = plan.bitmapDepth
  for (const signal of SIGNALS) {
    words[signal] = arena.putInt32(plan.signals[signal])
    words[`${signal}Words`] = plan.signals[signal].length
  }
}

/** Orders of batches that are backtested over one period after the other. */
const orders = new WeakMap<SampleBatch, Int32Array>()

/** The samples in an order in which those that read the same columns are neighbours. */
export function orderBySlots(batch: SampleBatch, slotCount: number): Int32Array {
  const order = orders.get(batch) ?? sortBySlots(batch, slotCount)
  orders.set(batch, order)
  return order
}

function sortBySlots({ count, slots }: SampleBatch, slotCount: number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, sample) => sample)
  const differs = slots.some((column, at) => column !== slots[at % slotCount])
  if (!differs) return order
  return order.sort((a, b) => {
    for (let slot = 0; slot < slotCount; slot++) {
      const difference = slots[a * slotCount + slot] - slots[b * slotCount + slot]
      if (difference !== 0) return difference
    }
    return a - b
  })
}

const DAY = 86_400_000

/**
 * The last bar of each UTC day that has bars; every bar, where bars are a day or longer.
 *
 * @param dayMs another length of a day, counted from the epoch on
 */
export function dayEnds(openTime: Float64Array, timeframeMs: number, { start, end }: Window, dayMs = DAY): number[] {
  if (timeframeMs >= dayMs) return Array.from({ length: end - start }, (_, i) => start + i)
  const ends: number[] = []
  for (let bar = start; bar < end;) {
    const next = firstAtOrAfter(openTime, (Math.floor(openTime[bar] / dayMs) + 1) * dayMs, bar, end)
    ends.push(next - 1)
    bar = next
  }
  return ends
}

/**
 * Triples (bar, payments at its open, payments inside it) for every bar at which funding is due. At its open a carried
 * position pays for the stamps since the close of the bar before, both ends included.
 */
export function fundingStamps(
  openTime: Float64Array,
  timeframeMs: number,
  { fundingRate, fundingIntervalMs: interval }: ExecutionSettings,
  { start, end }: Window,
): number[] {
  if (fundingRate === 0) return []
  const stamps: number[] = []
  let bar = start
  while (bar < end) {
    const opened = openTime[bar]
    const closed = bar === 0 ? opened : openTime[bar - 1] + timeframeMs
    const atOpen = Math.floor(opened / interval) - Math.ceil(closed / interval) + 1
    const inside = Math.ceil((opened + timeframeMs) / interval) - Math.floor(opened / interval) - 1
    if (atOpen > 0 || inside > 0) stamps.push(bar, Math.max(0, atOpen), inside)
    // the bars up to the one before the next stamp have none
    const next = (Math.floor(opened / interval) + 1) * interval
    const following = firstAtOrAfter(openTime, next - timeframeMs, bar + 1, end)
    bar = following
  }
  return stamps
}

/** The first bar in [from, to) that opens at or after a time; `to` where there is none. */
function firstAtOrAfter(openTime: Float64Array, time: number, from: number, to: number): number {
  let [low, high] = [from, to]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (openTime[middle] < time) low = middle + 1
    else high = middle
  }
  return low
}
