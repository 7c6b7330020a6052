/** The plain and the fast kernel on the same request, in this thread. */
import type { Candles } from '../../src/engine/candles.ts'
import { DataSet } from '../../src/engine/data-set.ts'
import type { ExecutionSettings, Window } from '../../src/engine/execution.ts'
import { placeJob, placeLane, shapeOf } from '../../src/engine/fast-job.ts'
import { computeColumn } from '../../src/engine/indicators.ts'
import { METRIC_COUNT, placeRun, RUN } from '../../src/engine/layout.ts'
import type { SampleBatch, StrategyProgram } from '../../src/engine/program.ts'
import { engineModule, instantiate, type Kernel } from '../../src/engine/wasm.ts'

export interface TwinInput {
  candles: Candles
  timeframeMs: number
  program: StrategyProgram
  batch: SampleBatch
  settings: ExecutionSettings
  window: Window
}

export class Twins {
  readonly input: TwinInput
  readonly dataSet: DataSet
  readonly kernel: Kernel

  private constructor(input: TwinInput, module: WebAssembly.Module) {
    this.input = input
    this.dataSet = DataSet.of(input.candles, input.timeframeMs)
    this.kernel = instantiate(module, this.dataSet.arena.memory)
  }

  static async of(input: TwinInput, module = engineModule()): Promise<Twins> {
    const twins = new Twins(input, module)
    const { dataSet, kernel } = twins
    const scratch = dataSet.arena.alloc(dataSet.columnScratchBytes)
    await dataSet.acquire(
      input.batch.columns,
      async (tasks) => {
        for (const { spec, source, out } of tasks) computeColumn(kernel, spec, dataSet.candles, source, out, scratch)
      },
      () => false,
    )
    return twins
  }

  /** @returns f64[count × 26] */
  plain(): Float64Array {
    const { dataSet, input, kernel } = this
    const scope = dataSet.arena.scope()
    const words = { ...placeRun(scope, { ...input, dataSet }), equityOut: 0, tradesOut: 0 }
    kernel.backtest(scope.putInt32(RUN.map((name) => words[name])), 0, input.batch.count)
    const rows = scope.float64(words.results, input.batch.count * METRIC_COUNT).slice()
    scope.release()
    return rows
  }

  /** @returns f64[count × 26] */
  fast(options: { tile?: number; chunk?: number } = {}): Float64Array {
    const { dataSet, input, kernel } = this
    const { batch } = input
    const request = { ...input, dataSet }
    const scope = dataSet.arena.scope()
    const words = placeJob(scope, request, options.tile)
    const offsets = batch.columns.map((spec) => dataSet.column(spec))
    scope.int32(words.columns, offsets.length).set(offsets)
    let chunk = options.chunk ?? batch.count
    const job = placeLane(scope, words, shapeOf(request, options.tile), chunk)
    for (let from = 0; from < batch.count;) {
      const done = kernel.fastBacktest(job, from, Math.min(batch.count, from + chunk))
      if (done > 0) from += done
      else chunk = -done
    }
    const rows = scope.float64(words.results, batch.count * METRIC_COUNT).slice()
    scope.release()
    return rows
  }
}
