import { computeColumn } from './indicators.ts'
import { computeLast } from './priority.ts'
import { type KernelTask, type MemoryHandle, STARTED, type Task } from './task.ts'
import { instantiate, type Kernel } from './wasm.ts'

computeLast()

/** Instances by data set; a thread keeps those of the last few. */
const instances = new Map<number, Kernel>()
const KEPT = 4

export default async function work(task: Task): Promise<unknown> {
  if (task.kind === 'call') {
    const module = (await import(task.module)) as Record<string, (data: unknown) => unknown>
    return module[task.name](task.data)
  }
  Atomics.store(task.started, 0, STARTED)
  Atomics.notify(task.started, 0)
  try {
    return compute(task, kernelOf(task.handle))
  } catch (error) {
    instances.delete(task.handle.id) // a trap leaves the globals of an instance as they were
    throw error
  }
}

/** @returns what the task gives; 0 for columns */
function compute(task: KernelTask, kernel: Kernel): number {
  if (task.kind === 'backtest') return backtest(kernel, task)
  if (task.kind === 'detail') return kernel.backtest(task.run, 0, 1)
  for (const { spec, source, out } of task.columns) computeColumn(kernel, spec, task.candles, source, out, task.scratch)
  return 0
}

function backtest(kernel: Kernel, { job, from, to, chunk }: KernelTask & { kind: 'backtest' }): number {
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
