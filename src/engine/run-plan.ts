import { DataSet } from './data-set.ts'
import {
  type JobInput,
  laneBytes,
  orderBySlots,
  sampleBytes,
  type ScratchShape,
  shapeOf,
  sharedBytes,
} from './fast-job.ts'
import { tooLarge } from './heap.ts'
import type { Window } from './execution.ts'
import { columnKey, columnsOf, type ColumnSpec } from './program.ts'

/** What is to be backtested. */
export interface BacktestRequest extends JobInput {
  dataSet: DataSet
}

/** How a run is divided over threads and memory. */
export interface RunPlan {
  shape: ScratchShape
  lanes: number
  /** samples that a thread works on at a time */
  chunk: number
  /** positions in the order of work up to `to`, and the columns that they read */
  parts: { to: number; columns: ColumnSpec[] }[]
}

/** Less work than this (bars × samples) is not worth waking a second thread. */
const FAN_OUT = 20_000_000
/** What the samples of a chunk may take in a thread's memory. */
export const CHUNK_BYTES = 16 << 20
/** What the columns of a run may take at a time; where a parameter makes a column for each sample, they come in turns. */
export const COLUMN_BYTES = 512 << 20

export function barsOf({ window }: { window: Window }): number {
  return window.end - window.start
}

/**
 * Divide a run: threads, samples that one works on at a time, and parts whose columns fit the memory. Makes room for it
 * in the data set.
 *
 * @throws DomainError TOO_LARGE
 */
export function planRun(request: BacktestRequest, threads: number): RunPlan {
  const { dataSet, batch } = request
  const shape = shapeOf(request)
  const work = batch.count * barsOf(request)
  const lanes = work < FAN_OUT ? 1 : Math.min(threads, batch.count)
  const chunk = Math.max(1, Math.min(Math.ceil(batch.count / lanes), Math.floor(CHUNK_BYTES / sampleBytes(shape))))
  const own = sharedBytes(request) + lanes * laneBytes(shape, chunk) + threads * dataSet.columnScratchBytes
  const forColumns = dataSet.arena.limitBytes - DataSet.bytesOf(dataSet.length) - own
  const room = Math.floor(forColumns / dataSet.columnBytes)
  const parts = partition(request, { room, wanted: Math.floor(COLUMN_BYTES / dataSet.columnBytes) }, own)
  dataSet.makeRoom(own, laneBytes(shape, chunk))
  if (dataSet.arena.availableBytes < own) throw tooLarge(own, dataSet.arena.availableBytes)
  return { shape, lanes, chunk, parts }
}

/**
 * Stretches of the order of work, each with no more columns than there is room for, and no more than wanted where one
 * sample does not need more.
 */
function partition(
  { batch, program, dataSet }: BacktestRequest,
  { room, wanted }: { room: number; wanted: number },
  ownBytes: number,
): RunPlan['parts'] {
  const parts: RunPlan['parts'] = []
  const width = program.slotCount
  const sources = batch.columns.map((spec) => new Set(columnsOf(spec).map(columnKey)))
  let used = new Set<number>()
  let keys = new Set<string>()
  const close = (to: number): void =>
    void (to > 0 && parts.push({ to, columns: [...used].map((column) => batch.columns[column]) }))
  let before = -1
  orderBySlots(batch, width).forEach((sample, position) => {
    const isAsBefore = before >= 0 && hasSameSlots(batch.slots, before, sample, width)
    before = sample
    if (isAsBefore) return
    const own = batch.slots.subarray(sample * width, (sample + 1) * width)
    if (own.every((column) => used.has(column))) return
    const added = new Set([...own].flatMap((column) => [...sources[column]]))
    if (added.size > room)
      throw tooLarge(
        DataSet.bytesOf(dataSet.length) + ownBytes + added.size * dataSet.columnBytes,
        dataSet.arena.limitBytes,
      )
    if (keys.size > 0 && keys.union(added).size > Math.min(room, wanted)) {
      close(position)
      used = new Set()
      keys = new Set()
    }
    for (const column of own) used.add(column)
    for (const key of added) keys.add(key)
  })
  close(batch.count)
  return parts
}

function hasSameSlots(slots: Int32Array, a: number, b: number, width: number): boolean {
  for (let slot = 0; slot < width; slot++) if (slots[a * width + slot] !== slots[b * width + slot]) return false
  return true
}
