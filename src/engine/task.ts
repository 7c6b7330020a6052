import type { ColumnTask } from './data-set.ts'
import type { SeriesInput } from './indicators.ts'

/** The memory of a data set, as it is passed to a thread. */
export interface MemoryHandle {
  id: number
  module: WebAssembly.Module
  memory: WebAssembly.Memory
}

/** What a kernel can be asked to do in a compute thread. Nothing is copied but these few numbers. */
export type KernelTask =
  | { kind: 'columns'; handle: MemoryHandle; candles: SeriesInput; columns: ColumnTask[]; scratch: number }
  /** positions [from, to) of a job, at most `chunk` at once; gives what turned out to fit, 0 when told to stop */
  | { kind: 'backtest'; handle: MemoryHandle; job: number; from: number; to: number; chunk: number }
  /** one sample bar by bar, with its trades and equity; gives the number of trades */
  | { kind: 'detail'; handle: MemoryHandle; run: number }

/** `started` is shared: the thread writes STARTED into it and wakes the host, whose clock runs from then on. */
export type Task =
  | (KernelTask & { started: Int32Array })
  | { kind: 'call'; module: string; name: string; data: unknown }

export const STARTED = 1
