import type { ParameterSpec } from './parameter-space.ts'
import type { StrategyDefinition } from './strategy.ts'

/** A fraction or a threshold anywhere between low and high. */
function uniform(name: string, low: number, high: number, value: number): ParameterSpec {
  return { name, distribution: 'UNIFORM', low, high, default: value }
}

/** A number of bars. Wide steps keep the distinct columns of a job, and so its memory, few. */
function bars(name: string, low: number, high: number, step: number, value: number): ParameterSpec {
  return { name, distribution: 'INTEGER', low, high, step, default: value }
}

/** A fraction that matters by its ratio: from 1 % to 2 % is as far as from 4 % to 8 %. */
function fraction(name: string, low: number, high: number, value: number): ParameterSpec {
  return { name, distribution: 'LOG_UNIFORM', low, high, default: value }
}

const RSI_ADX_VOLUME: StrategyDefinition = {
  name: 'rsi-adx-volume',
  description:
    'Buys a fall that is oversold (RSI below rsi_oversold) while a trend is on (ADX above adx_min) and many trade (volume above volume_multiplier times its mean), and sells when the RSI is overbought. Long only, with stop and target.',
  enterLong: 'rsi(14) < rsi_oversold and adx(14) > adx_min and volume > volume_multiplier * sma(volume, 20)',
  exitLong: 'rsi(14) > rsi_overbought',
  stopLoss: 'sl',
  takeProfit: 'tp',
  parameterSpace: [
    uniform('rsi_oversold', 25, 35, 30),
    uniform('rsi_overbought', 65, 75, 70),
    uniform('adx_min', 18, 25, 20),
    uniform('volume_multiplier', 1, 2, 1.5),
    uniform('sl', 0.01, 0.05, 0.02),
    uniform('tp', 0.01, 0.1, 0.04),
  ],
  constraints: [],
}

const EMA_CROSS: StrategyDefinition = {
  name: 'ema-cross',
  description:
    'Follows the trend: long when the fast moving average crosses above the slow one, short when it crosses below. Each crossing closes the opposite position; a trailing stop keeps part of a long run.',
  enterLong: 'crosses_above(ema(fast_period), ema(slow_period))',
  exitLong: 'crosses_below(ema(fast_period), ema(slow_period))',
  enterShort: 'crosses_below(ema(fast_period), ema(slow_period))',
  exitShort: 'crosses_above(ema(fast_period), ema(slow_period))',
  trailingStop: 'trail',
  parameterSpace: [
    bars('fast_period', 6, 30, 2, 12),
    bars('slow_period', 20, 100, 2, 26),
    fraction('trail', 0.02, 0.15, 0.05),
  ],
  constraints: ['fast_period < slow_period'],
}

const BOLLINGER_REVERSION: StrategyDefinition = {
  name: 'bollinger-reversion',
  description:
    'Bets on the way back to the mean: long when the close is more than `deviations` standard deviations below its moving average (under the lower Bollinger band), short when above the upper one; out at the average. Written with the z-score, which is the same and lets all deviations share a column.',
  enterLong: 'zscore(period) < -deviations',
  exitLong: 'zscore(period) >= 0',
  enterShort: 'zscore(period) > deviations',
  exitShort: 'zscore(period) <= 0',
  stopLoss: 'sl',
  parameterSpace: [bars('period', 10, 60, 2, 20), uniform('deviations', 1.5, 3, 2), fraction('sl', 0.01, 0.08, 0.03)],
  constraints: [],
}

const DONCHIAN_BREAKOUT: StrategyDefinition = {
  name: 'donchian-breakout',
  description:
    'The turtle rule: long when the close leaves the channel of the last entry_period bars upwards, short when downwards; out when it leaves the shorter channel of exit_period bars the other way. The channel is that of the bar before, as no close can leave one that contains it.',
  enterLong: 'close > donchian_upper(entry_period)[1]',
  exitLong: 'close < donchian_lower(exit_period)[1]',
  enterShort: 'close < donchian_lower(entry_period)[1]',
  exitShort: 'close > donchian_upper(exit_period)[1]',
  stopLoss: 'sl',
  parameterSpace: [
    bars('entry_period', 10, 80, 2, 20),
    bars('exit_period', 4, 40, 2, 10),
    fraction('sl', 0.01, 0.1, 0.04),
  ],
  constraints: ['exit_period < entry_period'],
}

const MACD_TREND: StrategyDefinition = {
  name: 'macd-trend',
  description:
    'Momentum in the direction of the trend: long when the MACD crosses above its signal line (the histogram turns positive) while the close is above a long moving average, short in the mirror image; out when the MACD crosses back.',
  enterLong: 'crosses_above(macd_histogram(fast_period, slow_period, signal_period), 0) and close > ema(trend_period)',
  exitLong: 'crosses_below(macd_histogram(fast_period, slow_period, signal_period), 0)',
  enterShort: 'crosses_below(macd_histogram(fast_period, slow_period, signal_period), 0) and close < ema(trend_period)',
  exitShort: 'crosses_above(macd_histogram(fast_period, slow_period, signal_period), 0)',
  stopLoss: 'sl',
  takeProfit: 'tp',
  parameterSpace: [
    bars('fast_period', 8, 16, 4, 12),
    bars('slow_period', 20, 32, 6, 26),
    bars('signal_period', 7, 11, 2, 9),
    bars('trend_period', 50, 200, 25, 100),
    fraction('sl', 0.01, 0.08, 0.03),
    fraction('tp', 0.02, 0.15, 0.06),
  ],
  constraints: ['fast_period < slow_period'],
}

const SUPERTREND: StrategyDefinition = {
  name: 'supertrend',
  description:
    'Always with the Supertrend: long when it turns up, short when it turns down. ADX above adx_min keeps out of markets that go nowhere; a stop limits what a gap can cost.',
  enterLong: 'crosses_above(supertrend_direction(atr_period, multiplier), 0) and adx(14) > adx_min',
  exitLong: 'supertrend_direction(atr_period, multiplier) < 0',
  enterShort: 'crosses_below(supertrend_direction(atr_period, multiplier), 0) and adx(14) > adx_min',
  exitShort: 'supertrend_direction(atr_period, multiplier) > 0',
  stopLoss: 'sl',
  parameterSpace: [
    bars('atr_period', 7, 21, 2, 11),
    { name: 'multiplier', distribution: 'DISCRETE', values: [1.5, 2, 2.5, 3, 3.5, 4, 5], default: 3 },
    uniform('adx_min', 10, 30, 15),
    fraction('sl', 0.02, 0.1, 0.05),
  ],
  constraints: [],
}

/** The strategies that come with Tunebook, ready to tune; their defaults are a sensible setting to start from. */
export const BUILT_IN_STRATEGIES: readonly StrategyDefinition[] = [
  RSI_ADX_VOLUME,
  EMA_CROSS,
  BOLLINGER_REVERSION,
  DONCHIAN_BREAKOUT,
  MACD_TREND,
  SUPERTREND,
]
