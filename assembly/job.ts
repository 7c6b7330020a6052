/**
 * What the steps of the fast backtest (select, walk, measure) tell each other. The host writes `Settings` and `Job`
 * as src/engine/layout.ts and fast-job.ts say; everything else lives in the scratch of one thread.
 */

/** The execution settings: f64 each, in the order of SETTINGS in src/engine/layout.ts. */
@unmanaged
export class Settings {
  initialCapital: f64;
  feeRate: f64;
  makerFeeRate: f64;
  slippage: f64;
  leverage: f64;
  positionFraction: f64;
  fundingRate: f64;
  fundingIntervalMs: f64;
  maintenanceMarginRate: f64;
  riskPerTrade: f64;
  timeframeMs: f64;
}

/** One call: 32-bit words, in the order of JOB in src/engine/fast-job.ts. Columns are f64[bars] of the data set. */
@unmanaged
export class Job {
  settings: usize;
  openTime: usize;
  open: usize;
  high: usize;
  low: usize;
  close: usize;
  /** f64x2 of the lowest low and the highest high, for each 64 bars of the data set */
  zones: usize;
  /** evaluation window [start, end) and the first bar whose signals count */
  start: i32;
  end: i32;
  firstSignal: i32;
  /** bars that are worked on at a time, a multiple of 64 */
  tile: i32;
  /** i32[dayCount + 1]: the last bar of each day of the window, and a bar that never comes */
  dayEnds: usize;
  dayCount: i32;
  /** Stamp[]: the bars at which funding is due, and a bar that never comes */
  stamps: usize;
  /** Feed[feedCount], Leaf[leafCount]: see src/engine/planner.ts */
  feeds: usize;
  feedCount: i32;
  leaves: usize;
  leafCount: i32;
  /** i32[]: four programs over leaves, in the order of SIGNALS, and their lengths */
  enterLong: usize;
  enterLongWords: i32;
  exitLong: usize;
  exitLongWords: i32;
  enterShort: usize;
  enterShortWords: i32;
  exitShort: usize;
  exitShortWords: i32;
  /** the deepest stack of bitmaps, and of blocks where a program runs bar by bar */
  bitmapDepth: i32;
  blockDepth: i32;
  constants: usize;
  parameters: usize;
  parameterCount: i32;
  slots: usize;
  slotCount: i32;
  columns: usize;
  /** f64[samples] each */
  stopLoss: usize;
  takeProfit: usize;
  trailingStop: usize;
  leverage: usize;
  /** i32[samples]: the samples in the order of work; those that read the same columns stand together */
  order: usize;
  /** f64[samples × 26] */
  results: usize;
  /** f64[samples × dayCount]: the return of each day, 0 after ruin; or 0 where nobody asks */
  returns: usize;
  /** i32[16] a line of its own: [0] set by the host to stop, [1] bars × samples / 65536 that are done */
  control: usize;
  /** of this thread */
  scratch: usize;
  scratchBytes: usize;
}

/** A bar at which funding is due. */
@unmanaged
export class Stamp {
  bar: i32;
  /** payments between the close of the bar before and this open, both included; and inside the bar */
  atOpen: i32;
  inside: i32;
}

/** Where a condition reads: a column some bars back, or arithmetic without parameters over columns. */
@unmanaged
export class Feed {
  /** i32[words] of a postfix program, or 0 for a plain column */
  code: usize;
  words: i32;
  slot: i32;
  offset: i32;
  /** bit 0: gathered for entries, bit 1: for exits */
  use: i32;
}

// Kinds of leaves
export const SCALAR: i32 = 0; // scalar ⋚ scalar: the same on every bar
export const THRESHOLD: i32 = 1; // feed ⋚ scalar
export const PAIR: i32 = 2; // feed ⋚ feed
export const SCALED: i32 = 3; // feed ⋚ scalar × feed
export const PROGRAM: i32 = 4; // anything else, by the block evaluator

/** One comparison. */
@unmanaged
export class Leaf {
  kind: i32;
  /** LESS … NOT_EQUAL of src/engine/program.ts */
  operation: i32;
  /** feeds */
  a: i32;
  b: i32;
  /** scalars: index + 1 of a parameter, −index − 1 of a constant, 0 where there is none */
  scalar: i32;
  other: i32;
  /** whether no parameter is in it: it is worked out once for all samples */
  fixed: i32;
  /** bit 0: in an entry signal, bit 1: in an exit signal */
  use: i32;
  /** PROGRAM: i32[words] whose columns are feeds */
  code: usize;
  words: i32;
}

/**
 * A sample between two tiles: its rules, its open position, its account and its figures so far.
 * A bar of the walk is where an order fills; the signal came one bar earlier.
 */
@unmanaged
export class Sample {
  index: i32;
  /** walk: +1 long, −1 short, 0 flat */
  side: i32;
  entryBar: i32;
  /** measure: whether the account holds a position, the first bar not yet measured, the next day and stamp */
  isOpen: i32;
  measured: i32;
  day: i32;
  stamp: i32;
  /** walk: whether a fixed stop is always met before the liquidation */
  isStopFirst: i32;
  tradeCount: i32;
  wins: i32;
  losses: i32;
  /** the last bar at a peak of the equity lies in [peakFrom, peakBar]; they differ while nobody asked */
  peakFrom: i32;
  peakBar: i32;
  /** blocks of profit ratios: the first one and the last one */
  ratios: usize;
  ratioBlock: usize;

  stopLoss: f64;
  takeProfit: f64;
  trailingStop: f64;
  leverage: f64;
  riskPerTrade: f64;

  // walk: the open position
  price: f64;
  best: f64;

  // measure: the account, and the position in it
  capital: f64;
  margin: f64;
  entryFee: f64;
  funding: f64;
  quantity: f64;
  entryPrice: f64;
  // the position of the last peak, where its bar is not known yet
  peakCash: f64;
  peakMargin: f64;
  peakQuantity: f64;
  peakPrice: f64;

  peak: f64;
  /** the lowest equity since the peak */
  lowest: f64;
  /** the deepest fall from a peak before that */
  deepest: f64;
  longest: f64;
  grossProfit: f64;
  grossLoss: f64;
  sumAbs: f64;
  sumRatio: f64;
  duration: f64;
  fees: f64;
  bestRatio: f64;
  minusWorst: f64;
}

/** What the walk finds; a position that is still open at the end of the tile has exitBar = NONE. */
@unmanaged
export class Trade {
  entryBar: i32;
  exitBar: i32;
  entryPrice: f64;
  /** NaN for a liquidation */
  exitPrice: f64;
  side: i32;
  how: i32;
  // what the account makes of it: equity before it, its money, and what it cost and brought
  capital: f64;
  margin: f64;
  quantity: f64;
  entryFee: f64;
  fees: f64;
  profit: f64;
}

export const TRADE_BYTES: usize = 80;

// How a position ends
export const AT_OPEN: i32 = 0; // at the open, taker
export const INSIDE: i32 = 1; // inside the bar or at its close, taker
export const TARGET: i32 = 2; // inside the bar, maker
export const LIQUIDATED_AT_OPEN: i32 = 3;
export const LIQUIDATED_INSIDE: i32 = 4;

export const NONE: i32 = i32.MAX_VALUE;

/**
 * Bars of a tile that some sample may act on, numbered 0 … count − 1. Behind the last one stands a sentinel whose
 * bar is NONE and whose bits are set, so that a search for the next bar needs no bound.
 */
@unmanaged
export class Space {
  count: i32;
  words: i32;
  /** bit 0 or bit 1 of Leaf.use and Feed.use */
  use: i32;
  /** where too many bars are candidates all are: then nothing is gathered, and a candidate is a place in the tile */
  isFull: i32;
  /** the first place that counts, where it is full */
  from: i32;
  /** whether there are f32 copies and critical scalars: they pay from a few samples on */
  isRounded: i32;
  /** u64[tile / 64 + 1]: the bars of the tile, and how many candidates stand before each word */
  mask: usize;
  before: usize;
  /** i32[2][count + 64]: the bar of a candidate, and the candidate of the other space that comes next */
  list: usize;
  /** room for gathered opens, and f64[count]: where they stand */
  openRoom: usize;
  opens: usize;
  /** usize[feedCount]: room for gathered values; where the values stand; their f32 copies, and a filter of those */
  room: usize;
  gathered: usize;
  rounded: usize;
  filters: usize;
  /** bitmaps of fixed leaves: room for gathered ones, and where they stand */
  fixedRoom: usize;
  fixedBits: usize;
  /** usize[leafCount]: critical scalars of a leaf, their copies and filter; u8[leafCount]: whether they are there */
  critical: usize;
  isCritical: usize;
}
