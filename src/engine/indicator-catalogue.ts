import type { IndicatorArgument, IndicatorDefinition, SeriesInput } from './indicators.ts'
import type { Kernel } from './wasm.ts'

/** A definition with the call of its kernel. */
export interface Indicator extends IndicatorDefinition {
  compute: Compute
}

/** @param c byte offsets of the columns; all have c.length values, more than the warm-up */
type Compute = (k: Kernel, c: SeriesInput & { source: number; out: number; scratch: number }, ...args: number[]) => void

interface Output {
  description: string
  /** where it differs from the rest of the family */
  first?: IndicatorDefinition['first']
  compute: Compute
}

/** About two months of one-minute bars. */
const LONGEST_PERIOD = 100_000

const period = (bars: number, min = 1, name = 'period'): IndicatorArgument => ({
  name,
  kind: 'period',
  default: bars,
  min,
  max: LONGEST_PERIOD,
})

const factor = (name: string, value: number): IndicatorArgument => ({
  name,
  kind: 'number',
  default: value,
  min: 0,
  max: 100,
})

/** Functions that share arguments and belong together. */
function family(
  shape: Pick<IndicatorDefinition, 'takesSource' | 'arguments' | 'first'>,
  outputs: Record<string, Output>,
): Indicator[] {
  const parameters = shape.arguments.map((argument) => `${argument.name} = ${argument.default}`)
  if (shape.takesSource) parameters.unshift('source = close')
  return Object.entries(outputs).map(([name, output]) => ({
    ...shape,
    ...output,
    name,
    signature: `${name}(${parameters.join(', ')})`,
    outputs: Object.keys(outputs),
  }))
}

/** Over a window of n bars, the newest included. */
const windowed = ([n]: readonly number[]): number => n - 1
/** Over n changes from bar to bar. */
const changes = ([n]: readonly number[]): number => n

const UNIT_OF_SOURCE = 'In the unit of its source'

const FAMILIES: Indicator[][] = [
  family(
    { takesSource: true, arguments: [period(20)], first: windowed },
    {
      sma: {
        description: `Simple moving average: the mean of the last \`period\` values. ${UNIT_OF_SOURCE}.`,
        compute: (k, c, n) => k.sma(c.source, c.length, n, c.out),
      },
    },
  ),
  family(
    { takesSource: true, arguments: [period(20)], first: windowed },
    {
      ema: {
        description: `Exponential moving average of weight 2 / (period + 1), seeded with the mean of the first \`period\` values. ${UNIT_OF_SOURCE}.`,
        compute: (k, c, n) => k.ema(c.source, c.length, n, c.out),
      },
    },
  ),
  family(
    { takesSource: true, arguments: [period(20)], first: windowed },
    {
      highest: {
        description: `Highest of the last \`period\` values, this bar included; \`highest(close, 20)[1]\` leaves it out. ${UNIT_OF_SOURCE}.`,
        compute: (k, c, n) => k.highest(c.source, c.length, n, c.out),
      },
      lowest: {
        description: `Lowest of the last \`period\` values, this bar included; \`lowest(close, 20)[1]\` leaves it out. ${UNIT_OF_SOURCE}.`,
        compute: (k, c, n) => k.lowest(c.source, c.length, n, c.out),
      },
    },
  ),
  family(
    { takesSource: true, arguments: [period(14, 2)], first: changes },
    {
      rsi: {
        description:
          'Relative Strength Index: the smoothed gains as a share of all smoothed changes. 0 to 100; 50 in a flat market. Wilder 1978, as in TA-Lib.',
        compute: (k, c, n) => k.rsi(c.source, c.length, n, c.out),
      },
    },
  ),
  family(
    { takesSource: true, arguments: [period(10)], first: changes },
    {
      roc: {
        description: 'Rate of change: per cent gained since `period` bars ago. Undefined where that value was 0.',
        compute: (k, c, n) => k.roc(c.source, c.length, n, c.out),
      },
    },
  ),
  family(
    {
      takesSource: true,
      arguments: [period(12, 1, 'fast'), period(26, 1, 'slow'), period(9, 1, 'signal')],
      first: ([fast, slow, signal]) => Math.max(fast, slow) + signal - 2,
    },
    {
      macd: {
        description: `Moving average convergence/divergence: EMA(fast) - EMA(slow), both seeded to begin at the same bar. ${UNIT_OF_SOURCE}. Appel, as in TA-Lib.`,
        compute: (k, c, fast, slow, signal) => k.macd(c.source, c.length, fast, slow, signal, c.out, 0, 0),
      },
      macd_signal: {
        description: `Signal line of the MACD: its EMA over \`signal\` bars. ${UNIT_OF_SOURCE}. Appel, as in TA-Lib.`,
        compute: (k, c, fast, slow, signal) => k.macd(c.source, c.length, fast, slow, signal, 0, c.out, 0),
      },
      macd_histogram: {
        description: `MACD less its signal line: above 0 while it gains on it. ${UNIT_OF_SOURCE}. As in TA-Lib.`,
        compute: (k, c, fast, slow, signal) => k.macd(c.source, c.length, fast, slow, signal, 0, 0, c.out),
      },
    },
  ),
  family(
    {
      takesSource: false,
      arguments: [period(14), period(3, 1, 'smoothing'), period(3, 1, 'signal')],
      first: ([n, smoothing, signal]) => n + smoothing + signal - 3,
    },
    {
      stochastic_k: {
        description:
          'Slow stochastic %K: where the close stands between the lowest low (0) and the highest high (100) of `period` bars, averaged over `smoothing` bars. 50 where the range is nothing. Lane.',
        compute: (k, c, n, smoothing) =>
          k.stochasticK(c.high, c.low, c.close, c.length, n, smoothing, c.scratch, c.out),
      },
      stochastic_d: {
        description: 'Slow stochastic %D: the mean of %K over `signal` bars. 0 to 100. Lane.',
        compute: (k, c, n, smoothing, signal) =>
          k.stochasticD(c.high, c.low, c.close, c.length, n, smoothing, signal, c.scratch, c.out),
      },
    },
  ),
  family(
    { takesSource: false, arguments: [period(14, 2)], first: changes },
    {
      adx: {
        description:
          'Average Directional Index: how strong the trend is, whatever its direction. 0 to 100; from 25 on one speaks of a trend. Wilder 1978, as in TA-Lib.',
        first: ([n]) => 2 * n - 1,
        compute: (k, c, n) => k.directional(c.high, c.low, c.close, c.length, n, 0, 0, c.out),
      },
      plus_di: {
        description:
          'Directional indicator +DI: smoothed upward moves in per cent of the true range. 0 to 100. Wilder 1978, as in TA-Lib.',
        compute: (k, c, n) => k.directional(c.high, c.low, c.close, c.length, n, c.out, 0, 0),
      },
      minus_di: {
        description:
          'Directional indicator -DI: smoothed downward moves in per cent of the true range. 0 to 100. Wilder 1978, as in TA-Lib.',
        compute: (k, c, n) => k.directional(c.high, c.low, c.close, c.length, n, 0, c.out, 0),
      },
    },
  ),
  family(
    { takesSource: false, arguments: [period(10), factor('multiplier', 3)], first: changes },
    {
      supertrend: {
        description:
          'Supertrend: a trailing line `multiplier` ATRs from the middle of the bar, below the price in an up trend and above it in a down trend. In quote currency. Seban, as in TradingView with the ATR of this list.',
        compute: (k, c, n, multiplier) =>
          k.supertrend(c.high, c.low, c.close, c.length, n, multiplier, c.scratch, c.out, 0),
      },
      supertrend_direction: {
        description: 'Direction of the Supertrend: 1 up, -1 down. It turns when a close crosses the line.',
        compute: (k, c, n, multiplier) =>
          k.supertrend(c.high, c.low, c.close, c.length, n, multiplier, c.scratch, 0, c.out),
      },
    },
  ),
  family(
    { takesSource: false, arguments: [], first: () => 1 },
    {
      true_range: {
        description:
          'True range: from high to low, stretched to the previous close. In quote currency, >= 0. Wilder 1978.',
        compute: (k, c) => k.trueRange(c.high, c.low, c.close, c.length, c.out),
      },
    },
  ),
  family(
    { takesSource: false, arguments: [period(14)], first: changes },
    {
      atr: {
        description: 'Average true range, smoothed as by Wilder 1978. In quote currency, >= 0. As in TA-Lib.',
        compute: (k, c, n) => k.atr(c.high, c.low, c.close, c.length, n, c.out),
      },
    },
  ),
  family(
    { takesSource: true, arguments: [period(20, 2), factor('deviations', 2)], first: windowed },
    {
      bollinger_upper: {
        description: `Upper Bollinger band: the mean plus \`deviations\` population standard deviations. ${UNIT_OF_SOURCE}. Bollinger, as in TA-Lib.`,
        compute: (k, c, n, deviations) => k.bollingerBand(c.source, c.length, n, deviations, c.scratch, c.out),
      },
      bollinger_middle: {
        description: `Middle of the Bollinger bands: the simple moving average. ${UNIT_OF_SOURCE}.`,
        compute: (k, c, n) => k.sma(c.source, c.length, n, c.out),
      },
      bollinger_lower: {
        description: `Lower Bollinger band: the mean less \`deviations\` population standard deviations. ${UNIT_OF_SOURCE}. Bollinger, as in TA-Lib.`,
        compute: (k, c, n, deviations) => k.bollingerBand(c.source, c.length, n, -deviations, c.scratch, c.out),
      },
      bollinger_width: {
        description: 'Distance of the Bollinger bands as a fraction of the middle; 0 in a flat market.',
        compute: (k, c, n, deviations) => k.bollingerWidth(c.source, c.length, n, deviations, c.scratch, c.out),
      },
    },
  ),
  family(
    { takesSource: true, arguments: [period(20, 2)], first: windowed },
    {
      stddev: {
        description: `Population standard deviation of the last \`period\` values. ${UNIT_OF_SOURCE}, >= 0.`,
        compute: (k, c, n) => k.standardDeviation(c.source, c.length, n, c.scratch, c.out),
      },
      zscore: {
        description:
          'How many population standard deviations the value lies from the mean of the last `period` values; 0 where nothing varies.',
        compute: (k, c, n) => k.zscore(c.source, c.length, n, c.scratch, c.out),
      },
    },
  ),
  family(
    { takesSource: true, arguments: [period(24, 2)], first: changes },
    {
      realised_volatility: {
        description:
          'Standard deviation (n - 1) of the last `period` log returns, annualised over 365 days. A fraction: 0.5 = 50 % a year. Undefined where a value is not above 0.',
        compute: (k, c, n) => k.realisedVolatility(c.source, c.length, n, c.barsPerYear, c.scratch, c.out),
      },
    },
  ),
  family(
    { takesSource: false, arguments: [period(20)], first: windowed },
    {
      donchian_upper: {
        description:
          'Upper Donchian channel: highest high of `period` bars, this bar included. A breakout compares with `donchian_upper(20)[1]`. In quote currency.',
        compute: (k, c, n) => k.highest(c.high, c.length, n, c.out),
      },
      donchian_middle: {
        description: 'Middle of the Donchian channel: the mean of its two sides. In quote currency.',
        compute: (k, c, n) => k.donchianMiddle(c.high, c.low, c.length, n, c.scratch, c.out),
      },
      donchian_lower: {
        description:
          'Lower Donchian channel: lowest low of `period` bars, this bar included. A breakout compares with `donchian_lower(20)[1]`. In quote currency.',
        compute: (k, c, n) => k.lowest(c.low, c.length, n, c.out),
      },
    },
  ),
  family(
    { takesSource: false, arguments: [], first: () => 0 },
    {
      obv: {
        description:
          'On-balance volume: volume added where the close rises and taken away where it falls, from the first bar of the data on. In base currency. Granville, as in TA-Lib.',
        compute: (k, c) => k.obv(c.close, c.volume, c.length, c.out),
      },
    },
  ),
  family(
    { takesSource: false, arguments: [period(14, 2)], first: changes },
    {
      mfi: {
        description:
          'Money Flow Index: turnover of the bars with a rising typical price, in per cent of all that rose or fell, over `period` bars. 0 to 100; 50 without turnover. Quong and Soudack 1989.',
        compute: (k, c, n) => k.mfi(c.high, c.low, c.close, c.volume, c.length, n, c.scratch, c.out),
      },
    },
  ),
  family(
    { takesSource: false, arguments: [], first: () => 0 },
    {
      vwap: {
        description:
          'Volume-weighted average of the typical price (high + low + close) / 3 since 00:00 UTC. In quote currency.',
        compute: (k, c) => k.vwap(c.openTime, c.high, c.low, c.close, c.volume, c.length, c.out),
      },
    },
  ),
  family(
    { takesSource: false, arguments: [period(20)], first: windowed },
    {
      rolling_vwap: {
        description:
          'Volume-weighted average of the typical price (high + low + close) / 3 over `period` bars. In quote currency.',
        compute: (k, c, n) => k.rollingVwap(c.high, c.low, c.close, c.volume, c.length, n, c.scratch, c.out),
      },
    },
  ),
  family(
    { takesSource: false, arguments: [period(20)], first: windowed },
    {
      volume_ratio: {
        description:
          'Volume of the bar over the mean volume of the last `period` bars, itself included: 2 = twice the usual. 1 where nothing was traded.',
        compute: (k, c, n) => k.volumeRatio(c.volume, c.length, n, c.out),
      },
    },
  ),
]

/** By name, in the order of the manual. */
export const CATALOGUE: ReadonlyMap<string, Indicator> = new Map(
  FAMILIES.flat().map((indicator) => [indicator.name, indicator]),
)
