import type { Names } from '../../src/strategy/expression.ts'
import { bounds, type ParameterSpec } from '../../src/strategy/parameter-space.ts'

/** One parameter of each kind, for expressions to use and to misuse. */
export const SPACE: ParameterSpec[] = [
  { name: 'rsi_oversold', distribution: 'UNIFORM', low: 20, high: 40 },
  { name: 'rsi_period', distribution: 'INTEGER', low: 5, high: 30 },
  { name: 'width', distribution: 'UNIFORM', low: 1, high: 3 },
  { name: 'sl', distribution: 'LOG_UNIFORM', low: 0.01, high: 0.05 },
  { name: 'trend_filter', distribution: 'BOOLEAN' },
  { name: 'lengths', distribution: 'DISCRETE', values: [7.5, 14] },
  { name: 'wild', distribution: 'NORMAL', mean: 2, standardDeviation: 1 },
  { name: 'tiny', distribution: 'INTEGER', low: 1, high: 9 },
]

const parameters = new Map(SPACE.map((spec, index) => [spec.name, { index, spec, range: bounds(spec) }]))

/** What a signal may name. */
export const PER_BAR: Names = { parameters, series: true }
/** What a stop, the leverage and a constraint may name. */
export const PER_SAMPLE: Names = { parameters, series: false }
