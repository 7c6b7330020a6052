import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Allocator, HEAP_START, LINE, PAGE, sharedMemory } from './allocator.ts'

/**
 * What `assembly/` exports. Pointers and lengths are plain numbers; `pointer` is a byte offset into the memory
 * the instance was made with. The docstrings stand beside the code in `assembly/`.
 */
export interface Kernel {
  // math
  exp(x: number): number
  log(x: number): number
  pow(x: number, y: number): number
  sin(x: number): number
  cos(x: number): number
  // indicators: columns are byte offsets of f64[length], `scratch` of f64[2 × length]; an output given as 0 is not wanted
  highest(source: number, length: number, period: number, out: number): void
  lowest(source: number, length: number, period: number, out: number): void
  sma(source: number, length: number, period: number, out: number): void
  ema(source: number, length: number, period: number, out: number): void
  // prettier-ignore
  macd(source: number, length: number, fast: number, slow: number, signal: number, line: number, signalLine: number, histogram: number): void
  rsi(source: number, length: number, period: number, out: number): void
  roc(source: number, length: number, period: number, out: number): void
  // prettier-ignore
  stochasticK(high: number, low: number, close: number, length: number, period: number, smoothing: number, scratch: number, out: number): void
  // prettier-ignore
  stochasticD(high: number, low: number, close: number, length: number, period: number, smoothing: number, signal: number, scratch: number, out: number): void
  // prettier-ignore
  directional(high: number, low: number, close: number, length: number, period: number, plusDi: number, minusDi: number, adx: number): void
  // prettier-ignore
  supertrend(high: number, low: number, close: number, length: number, period: number, multiplier: number, scratch: number, line: number, direction: number): void
  trueRange(high: number, low: number, close: number, length: number, out: number): void
  atr(high: number, low: number, close: number, length: number, period: number, out: number): void
  standardDeviation(source: number, length: number, period: number, scratch: number, out: number): void
  bollingerBand(source: number, length: number, period: number, deviations: number, scratch: number, out: number): void
  bollingerWidth(source: number, length: number, period: number, deviations: number, scratch: number, out: number): void
  zscore(source: number, length: number, period: number, scratch: number, out: number): void
  // prettier-ignore
  realisedVolatility(source: number, length: number, period: number, barsPerYear: number, scratch: number, out: number): void
  donchianMiddle(high: number, low: number, length: number, period: number, scratch: number, out: number): void
  obv(close: number, volume: number, length: number, out: number): void
  // prettier-ignore
  mfi(high: number, low: number, close: number, volume: number, length: number, period: number, scratch: number, out: number): void
  // prettier-ignore
  vwap(openTime: number, high: number, low: number, close: number, volume: number, length: number, out: number): void
  // prettier-ignore
  rollingVwap(high: number, low: number, close: number, volume: number, length: number, period: number, scratch: number, out: number): void
  volumeRatio(volume: number, length: number, period: number, out: number): void
  undefine(out: number, length: number): void
  nextBar(source: number, length: number, bar: number, finite: number): number
  // distributions
  normalPdf(z: number): number
  normalCdf(z: number): number
  normalPpf(p: number): number
  truncatedNormal(u: number, mean: number, standardDeviation: number, low: number, high: number): number
  logUniform(u: number, low: number, high: number): number
  betaCdf(x: number, a: number, b: number): number
  betaPpf(p: number, a: number, b: number): number
  studentTCdf(t: number, degreesOfFreedom: number): number
  logGamma(x: number): number
  // backtest
  backtest(run: number, from: number, to: number): number
  metrics(
    equity: number,
    openTime: number,
    bars: number,
    timeframeMs: number,
    capital: number,
    trades: number,
    tradeCount: number,
    firstOpen: number,
    lastClose: number,
    feeRate: number,
    slippage: number,
    returns: number,
    sums: number,
    out: number,
  ): void
  // fast backtest
  fastBacktest(job: number, from: number, to: number): number
  // trees
  // prettier-ignore
  sumLeaves(feature: number, number: number, left: number, roots: number, trees: number, rows: number, count: number, columns: number, single: number, out: number): void
  seedRandom(seed: number, stream: number): void
  /** as a signed number: its bits count */
  randomBits(): number
  /** as a signed number, for n below 2³¹ its value */
  randomBelow(n: number): number
  randomFloat(): number
  emitTree(growth: number, base: number, feature: number, number: number, left: number, cover: number): number
  boostRound(boosting: number, round: number): number
  growForestTree(forest: number, tree: number): number
  fillExits(table: number): void
  // prettier-ignore
  quantise(values: number, count: number, width: number, slots: number, columns: number, cuts: number, out: number, rowStep: number, slotStep: number, bias: number): void
  scoreSingle(scorer: number, rows: number): void
  scoreDouble(scorer: number, rows: number): void
  interventionalShap(shap: number, root: number): void
  // prettier-ignore
  pathShap(feature: number, number: number, left: number, cover: number, root: number, row: number, scratch: number, out: number): void
  // prettier-ignore
  nearest(points: number, stride: number, columns: number, pointCount: number, queries: number, queryCount: number, itself: number, k: number, scratch: number, index: number, distances: number): void
  // cscv
  cscv(sums: number, columns: number, blocks: number, rows: number, scratch: number, out: number): number
  // linear algebra: matrices are f64[n × n] by rows, n a multiple of 8
  cholesky(matrix: number, n: number, inverses: number, scratch: number): number
  solveRows(factor: number, n: number, inverses: number, rows: number, count: number, scratch: number): void
  dotRows(matrix: number, rows: number, n: number, vector: number, out: number): void
  // gaussian process
  // prettier-ignore
  maternRows(places: number, placeCount: number, points: number, count: number, n: number, columns: number, signal: number, out: number): void
  // prettier-ignore
  maternMatrix(rows: number, count: number, points: number, n: number, columns: number, signal: number, diagonal: number, out: number, slopes: number): void
  // prettier-ignore
  maternMeans(places: number, placeCount: number, points: number, n: number, columns: number, signal: number, weights: number, scratch: number, out: number): void
  // prettier-ignore
  marginalLikelihood(rows: number, count: number, points: number, n: number, columns: number, signal: number, noise: number, jitter: number, target: number, scratch: number, gradient: number): number
  // support vectors
  // prettier-ignore
  trainSvr(rows: number, points: number, count: number, n: number, columns: number, target: number, c: number, epsilon: number, tolerance: number, most: number, slotTotal: number, cache: number, slots: number, beta: number, error: number, result: number): void
  // prettier-ignore
  predictSvr(places: number, placeCount: number, points: number, n: number, columns: number, beta: number, intercept: number, scratch: number, out: number): void
  // neural network: numbers are f32
  // prettier-ignore
  trainEpoch(parameters: number, moments: number, state: number, size: number, inputs: number, first: number, second: number, rows: number, targets: number, order: number, count: number, batch: number, penalty: number, rate: number, scratch: number): number
  // prettier-ignore
  predictNetwork(parameters: number, inputs: number, first: number, second: number, rows: number, count: number, scratch: number, out: number): void
}

const wasmFile = new URL('../../build/engine.wasm', import.meta.url)

let compiled: WebAssembly.Module | undefined

/** The compiled engine; compiled once a process and passed to the compute threads. */
export function engineModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(readWasm())
  return compiled
}

export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernel {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernel
}

let local: { kernel: Kernel; arena: Arena } | undefined

/**
 * A kernel of this thread with a small memory of its own, for short pure calls (a distribution, a prediction of a
 * few rows). Long work goes to the pool.
 */
export function localKernel(): { kernel: Kernel; arena: Arena } {
  if (!local) {
    const arena = new Arena()
    local = { kernel: instantiate(engineModule(), arena.memory), arena }
  }
  return local
}

/**
 * A bump allocator over one shared WebAssembly memory. Nothing is freed alone: `mark` and `release` drop all that
 * came after, and the memory as a whole goes when nobody refers to it.
 */
export class Arena extends Allocator {
  readonly memory: WebAssembly.Memory
  #top = HEAP_START

  /** @param bytes expected size; the memory grows beyond it where needed, up to 4 GiB */
  constructor(bytes = PAGE) {
    super()
    this.memory = sharedMemory(bytes)
  }

  alloc(bytes: number): number {
    const pointer = this.#top
    this.#top += Math.ceil(bytes / LINE) * LINE
    const missing = this.#top - this.memory.buffer.byteLength
    if (missing > 0) this.memory.grow(Math.ceil(missing / PAGE))
    return pointer
  }

  mark(): number {
    return this.#top
  }

  release(mark: number): void {
    this.#top = mark
  }
}

function readWasm(): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(readFileSync(wasmFile))
  } catch (cause) {
    throw new Error('build/engine.wasm is missing. Run "npm run build" (npm ci does it for you).', { cause })
  }
}

let version: string | undefined

/** Changes with every change of the kernels: equal versions give equal bits. */
export function engineVersion(): string {
  version ??= createHash('sha256').update(readWasm()).digest('hex').slice(0, 16)
  return version
}
