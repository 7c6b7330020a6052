import {
  METRIC_NAMES,
  metricValues,
  metricsOf,
  objectiveColumn,
  objectiveValue,
  type Metrics,
} from '../backtest/metrics.ts'
import { windowOf, type Period } from '../backtest/period.ts'
import type { Candles } from '../engine/candles.ts'
import { DataSet, type SharedCandles } from '../engine/data-set.ts'
import type { ExecutionSettings } from '../engine/execution.ts'
import { dayEnds } from '../engine/fast-job.ts'
import type { BacktestDetail, DailyBacktests, Engine, RunOptions } from '../engine/pool.ts'
import type { SampleBatch } from '../engine/program.ts'
import type { BacktestRequest } from '../engine/run-plan.ts'
import { compileStrategy, type CompiledStrategy } from '../strategy/plan.ts'
import type { TuningSettings } from './settings.ts'

/** Backtests parameter sets of one job over its two periods, on candles that are laid out once. */
export class Evaluator {
  readonly strategy: CompiledStrategy
  readonly #engine: Engine
  readonly #dataSet: DataSet
  readonly #openTime: Float64Array
  readonly #settings: TuningSettings
  /** of rows that were asked for before: the samples of a job are backtested many times */
  readonly #batches: WeakMap<Float64Array, SampleBatch>

  /**
   * @param candles training and test period with what came before them, as far as the warm-up needs it; a data set is
   *                used as it is
   * @param like    another one of the same strategy, whose compiled parts are used
   */
  constructor(engine: Engine, candles: Candles, settings: TuningSettings, like?: Evaluator) {
    this.strategy = like?.strategy ?? compileStrategy(settings.strategy)
    this.#batches = like ? like.#batches : new WeakMap()
    this.#engine = engine
    this.#dataSet = candles instanceof DataSet ? candles : engine.dataSet(candles, settings.timeframeMs)
    this.#openTime = candles.openTime
    this.#settings = settings
  }

  /** The same candles under other settings. */
  under(execution: ExecutionSettings): Evaluator {
    return new Evaluator(this.#engine, this.#dataSet, { ...this.#settings, execution }, this)
  }

  /** The same settings on other candles. */
  on(dataSet: DataSet): Evaluator {
    return new Evaluator(this.#engine, dataSet, this.#settings, this)
  }

  /** The candles, in shared memory. */
  get candles(): SharedCandles {
    return this.#dataSet.shared
  }

  /** Values of one parameter set. */
  get width(): number {
    return this.strategy.parameterNames.length
  }

  /** Candles of a period that are there. */
  bars(period: Period): number {
    const { start, end } = windowOf(this.#openTime, period, 0)
    return end - start
  }

  /** @param rows f64[count × parameters], which nobody writes to afterwards @returns f64[count × 26] */
  async run(rows: Float64Array, period: Period, options?: RunOptions): Promise<Float64Array> {
    if (rows.length === 0) return new Float64Array()
    return this.#engine.backtest(this.#request(rows, period), options)
  }

  /** As `run`, as objects. */
  async metrics(rows: Float64Array, period: Period, options?: RunOptions): Promise<Metrics[]> {
    return metricsList(await this.run(rows, period, options))
  }

  /** As `run`, with the return of each day. @param rows of at least one parameter set */
  async daily(rows: Float64Array, period: Period, options?: RunOptions): Promise<DailyBacktests> {
    return this.#engine.backtestDaily(this.#request(rows, period), options)
  }

  /** The windows of a fixed length that a period is made of: bars, the first of them and the one behind the last. */
  windows(period: Period, windowMs: number): Int32Array {
    const window = windowOf(this.#openTime, period, 0)
    return Int32Array.of(
      window.start,
      ...dayEnds(this.#openTime, this.#settings.timeframeMs, window, windowMs).map((bar) => bar + 1),
    )
  }

  /** The return of every parameter set in each of these windows. @returns f64[count × windows] */
  async windowReturns(
    rows: Float64Array,
    period: Period,
    windowMs: number,
    options?: RunOptions,
  ): Promise<Float64Array> {
    return this.#engine.windowReturns(this.#request(rows, period), windowMs, options)
  }

  /** One parameter set with its trades, its equity at each close, and the times of these closes. */
  async detail(
    row: Float64Array,
    period: Period,
    options?: RunOptions,
  ): Promise<BacktestDetail & { closeTimes: number[] }> {
    const request = this.#request(row, period)
    const { start, end } = request.window
    const closeTimes = Array.from(this.#openTime.subarray(start, end), (time) => time + this.#settings.timeframeMs)
    return { ...(await this.#engine.detail(request, options)), closeTimes }
  }

  /** Buy at the first open that a signal of the period can reach, sell at the last close, without leverage. */
  async buyAndHold(period: Period): Promise<Metrics> {
    const { start, end } = windowOf(this.#openTime, period, 0)
    const request: BacktestRequest = {
      dataSet: this.#dataSet,
      program: { signals: NO_SIGNALS, constants: new Float64Array(), parameterCount: 0, slotCount: 0 },
      batch: {
        count: 1,
        parameters: new Float64Array(),
        columns: [],
        slots: new Int32Array(),
        stopLoss: Float64Array.of(NaN),
        takeProfit: Float64Array.of(NaN),
        trailingStop: Float64Array.of(NaN),
        leverage: Float64Array.of(1),
      },
      settings: { ...this.#settings.execution, positionFraction: 1, riskPerTrade: 0, fundingRate: 0 },
      window: { start, end, firstSignal: start },
    }
    const flags = new Uint8Array(this.#openTime.length)
    flags[start] = 1 // enter long, and never a signal to leave
    const detail = await this.#engine.detail(request, { flags })
    return metricsOf(detail.metrics)
  }

  /**
   * How often another strategy is in the market where costs play no part, over the bars on which this one trades.
   *
   * @param rows f64[count × its parameters]
   * @returns f64[count], fractions of the time
   */
  async exposure(strategy: CompiledStrategy, rows: Float64Array, period: Period): Promise<Float64Array> {
    const free: ExecutionSettings = { ...this.#settings.execution, ...FREE }
    const { program } = strategy
    const request = { ...this.#request(rows, period, strategy.bind(rows)), program, settings: free }
    const metrics = metricsList(await this.#engine.backtest(request))
    return Float64Array.from(metrics, ({ exposure }) => exposure!)
  }

  /** The value of the job's objective; NaN where it is not defined or there are too few trades to tell. */
  objective(metrics: Metrics, minTrades: number): number {
    if (metrics.tradeCount! < minTrades) return NaN
    return objectiveValue(this.#settings.objective, metrics) ?? NaN
  }

  /** The same of many samples. @param metrics f64[count × 26] @returns f64[count] */
  objectives(metrics: Float64Array, minTrades: number): Float64Array {
    const trades = metricValues(metrics, 'tradeCount')
    return objectiveColumn(this.#settings.objective, metrics).map((value, at) => (trades[at] < minTrades ? NaN : value))
  }

  #request(rows: Float64Array, period: Period, batch = this.#bind(rows)): BacktestRequest {
    return {
      dataSet: this.#dataSet,
      program: this.strategy.program,
      batch,
      settings: this.#settings.execution,
      window: windowOf(this.#openTime, period, this.strategy.warmupBars),
    }
  }

  #bind(rows: Float64Array): SampleBatch {
    const batch = this.#batches.get(rows) ?? this.strategy.bind(rows)
    this.#batches.set(rows, batch)
    return batch
  }
}

const NO_SIGNALS = {
  enterLong: new Int32Array(),
  exitLong: new Int32Array(),
  enterShort: new Int32Array(),
  exitShort: new Int32Array(),
}

const FREE: Partial<ExecutionSettings> = {
  feeRate: 0,
  makerFeeRate: 0,
  slippage: 0,
  leverage: 1,
  positionFraction: 1,
  fundingRate: 0,
  riskPerTrade: 0,
}

/** One row of metrics, as a view. */
export function metricRow(values: Float64Array, at: number): Float64Array {
  return values.subarray(at * METRIC_NAMES.length, (at + 1) * METRIC_NAMES.length)
}

/** @param values f64[count × 26] */
export function metricsList(values: Float64Array): Metrics[] {
  return Array.from({ length: values.length / METRIC_NAMES.length }, (_, at) => metricsOf(metricRow(values, at)))
}
