/** The plain and the fast kernel on the same request, in this thread. */
import type { Candles } from '../../src/engine/candles.ts'
import { CANDLE_COLUMNS } from '../../src/engine/candles.ts'
import type { ExecutionSettings, Window } from '../../src/engine/execution.ts'
import { laneBytes, placeJob, placeLane, shapeOf } from '../../src/engine/fast-job.ts'
import { computeColumn, scratchBytes as columnScratch } from '../../src/engine/indicators.ts'
import { BLOCK, encodeSettings, METRIC_COUNT, RUN, type RunWords, scratchBytes, stackBytes, stackDepth } from '../../src/engine/layout.ts'
import { columnKey, SIGNALS, type ColumnSpec, type SampleBatch, type StrategyProgram } from '../../src/engine/program.ts'
import { Arena, engineModule, instantiate, type Kernel } from '../../src/engine/wasm.ts'

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
  readonly arena = new Arena(1 << 20)
  readonly kernel: Kernel
  readonly offsets = {} as Record<(typeof CANDLE_COLUMNS)[number], number>
  readonly columns: number[]
  readonly zones: number

  constructor(input: TwinInput, module = engineModule()) {
    this.input = input
    this.kernel = instantiate(module, this.arena.memory)
    const bars = input.candles.openTime.length
    for (const name of CANDLE_COLUMNS) {
      this.offsets[name] = this.arena.alloc((bars + BLOCK) * 8)
      this.arena.float64(this.offsets[name], bars).set(input.candles[name])
    }
    this.zones = this.arena.alloc(Math.ceil(bars / 64) * 16)
    this.kernel.priceZones(this.offsets.low, this.offsets.high, bars, this.zones)
    const scratch = this.arena.alloc(columnScratch(bars))
    const known = new Map<string, number>()
    const series = { length: bars, barsPerYear: 31_536_000_000 / input.timeframeMs, ...this.offsets }
    const column = (spec: ColumnSpec): number => {
      if (spec.kind === 'candle') return this.offsets[spec.name]
      const key = columnKey(spec)
      if (known.has(key)) return known.get(key)!
      const source = spec.source ? column(spec.source) : 0
      const out = this.arena.alloc((bars + BLOCK) * 8)
      computeColumn(this.kernel, spec, series, source, out, scratch)
      known.set(key, out)
      return out
    }
    this.columns = input.batch.columns.map(column)
  }

  /** @returns f64[count × 26] */
  plain(): Float64Array {
    const { arena, input } = this
    const { program, batch, settings, window, timeframeMs } = input
    const mark = arena.mark()
    const words = Object.fromEntries(RUN.map((name) => [name, 0])) as RunWords
    Object.assign(words, this.offsets, window)
    words.settings = arena.putFloat64(encodeSettings(settings, timeframeMs))
    for (const signal of SIGNALS) {
      words[signal] = arena.putInt32(program.signals[signal])
      words[`${signal}Words`] = program.signals[signal].length
    }
    words.constants = arena.putFloat64(program.constants)
    words.parameters = arena.putFloat64(batch.parameters)
    words.parameterCount = program.parameterCount
    words.slots = arena.putInt32(batch.slots)
    words.slotCount = program.slotCount
    words.columns = arena.putInt32(this.columns)
    for (const level of ['stopLoss', 'takeProfit', 'trailingStop', 'leverage'] as const) words[level] = arena.putFloat64(batch[level])
    words.results = arena.alloc(batch.count * METRIC_COUNT * 8)
    words.stackDepth = stackDepth(program)
    words.flags = arena.alloc(input.candles.openTime.length)
    words.stack = arena.alloc(stackBytes(words.stackDepth))
    words.scratch = arena.alloc(scratchBytes(window.end - window.start))
    this.kernel.backtest(arena.putInt32(RUN.map((name) => words[name])), 0, batch.count)
    const rows = arena.float64(words.results, batch.count * METRIC_COUNT).slice()
    arena.release(mark)
    return rows
  }

  /** @returns f64[count × 26] */
  fast(options: { tile?: number; chunk?: number } = {}): Float64Array {
    const { arena, input } = this
    const { batch } = input
    const mark = arena.mark()
    const words = placeJob({
      ...input,
      arena,
      candles: this.offsets,
      zones: this.zones,
      openTime: input.candles.openTime,
      columns: this.columns,
      tile: options.tile,
    })
    const chunk = options.chunk ?? batch.count
    const job = placeLane(arena, words, shapeOf(input.program, words), chunk)
    for (let from = 0, most = chunk; from < batch.count; ) {
      const done = this.kernel.fastBacktest(job, from, Math.min(batch.count, from + most))
      if (done > 0) from += done
      else most = -done
    }
    const rows = arena.float64(words.results, batch.count * METRIC_COUNT).slice()
    arena.release(mark)
    return rows
  }
}

export { laneBytes }
