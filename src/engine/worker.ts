import { computeColumn, type SeriesInput } from './indicators.ts'
import type { ColumnTask } from './data-set.ts'
import { instantiate, type Kernel } from './wasm.ts'

/** The memory of a data set, as it is passed to a thread. */
export interface MemoryHandle {
  id: number
  module: WebAssembly.Module
  memory: WebAssembly.Memory
}

/** What a compute thread can be asked to do. Nothing is copied but these few numbers. */
export type Task =
  | { kind: 'columns'; handle: MemoryHandle; candles: SeriesInput; columns: ColumnTask[]; scratch: number }
  | { kind: 'backtest'; handle: MemoryHandle; run: number; from: number; to: number }
  | { kind: 'call'; module: string; name: string; data: unknown }

/** Instances by data set; a thread keeps those of the last few. */
const instances = new Map<number, Kernel>()
const KEPT = 4

export default async function work(task: Task): Promise<unknown> {
  switch (task.kind) {
    case 'columns': {
      const kernel = kernelOf(task.handle)
      for (const { spec, source, out } of task.columns) computeColumn(kernel, spec, task.candles, source, out, task.scratch)
      return undefined
    }
    case 'backtest':
      return kernelOf(task.handle).backtest(task.run, task.from, task.to)
    case 'call': {
      const module = (await import(task.module)) as Record<string, (data: unknown) => unknown>
      return module[task.name]!(task.data)
    }
  }
}

function kernelOf({ id, module, memory }: MemoryHandle): Kernel {
  let kernel = instances.get(id)
  if (!kernel) {
    kernel = instantiate(module, memory)
    instances.set(id, kernel)
    if (instances.size > KEPT) instances.delete(instances.keys().next().value!)
  }
  return kernel
}
