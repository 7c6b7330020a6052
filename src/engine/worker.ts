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
  /** samples [from, to) of a job, at most `chunk` at once; gives what turned out to fit, 0 when told to stop */
  | { kind: 'backtest'; handle: MemoryHandle; job: number; from: number; to: number; chunk: number }
  /** one sample bar by bar, with its trades and equity; gives the number of trades */
  | { kind: 'detail'; handle: MemoryHandle; run: number }
  | { kind: 'call'; module: string; name: string; data: unknown }

/** Instances by data set; a thread keeps those of the last few. */
const instances = new Map<number, Kernel>()
const KEPT = 4

export default async function work(task: Task): Promise<unknown> {
  if (task.kind === 'call') {
    const module = (await import(task.module)) as Record<string, (data: unknown) => unknown>
    return module[task.name]!(task.data)
  }
  try {
    return compute(task, kernelOf(task.handle))
  } catch (error) {
    instances.delete(task.handle.id) // a trap leaves the globals of an instance as they were
    throw error
  }
}

function compute(task: Exclude<Task, { kind: 'call' }>, kernel: Kernel): unknown {
  switch (task.kind) {
    case 'columns':
      for (const { spec, source, out } of task.columns) computeColumn(kernel, spec, task.candles, source, out, task.scratch)
      return undefined
    case 'backtest':
      return backtest(kernel, task)
    case 'detail':
      return kernel.backtest(task.run, 0, 1)
  }
}

function backtest(kernel: Kernel, { job, from, to, chunk }: Task & { kind: 'backtest' }): number {
  while (from < to) {
    const done = kernel.fastBacktest(job, from, Math.min(to, from + chunk))
    if (done === 0) return 0
    if (done > 0) from += done
    else chunk = -done
  }
  return chunk
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
