import { METRIC_NAMES } from '../backtest/metrics.ts'
import { clampValue, isVaried, scaleRange, type ParameterSpec } from '../strategy/parameter-space.ts'
import { metricRow, type Evaluator } from './evaluator.ts'
import type { TuningSettings } from './settings.ts'

/** Silent samples that are looked at; more would say much the same. */
const ASKED = 10
/** Values tried of each parameter, evenly over its range. */
const VALUES = 32

const TRADE_COUNT = METRIC_NAMES.indexOf('tradeCount')

/** One parameter of one sample, moved. */
interface Move {
  row: Float64Array
  parameter: number
  from: number
  to: number
  /** share of the range */
  distance: number
}

/**
 * The smallest change of a single parameter, within its range, with which a sample that never traded would have: found
 * by real backtests.
 *
 * @param rows f64[count × parameters] of samples without any trade
 * @returns a sentence
 */
export async function smallestRelaxation(
  evaluator: Evaluator,
  rows: Float64Array,
  settings: TuningSettings,
): Promise<string> {
  const specs = settings.strategy.parameterSpace
  const moves = movesOf(specs, rows, evaluator).sort((a, b) => a.distance - b.distance)
  const joined = new Float64Array(moves.length * evaluator.width)
  moves.forEach(({ row }, at) => joined.set(row, at * evaluator.width))
  const metrics = await evaluator.run(joined, settings.training)
  const first = moves.find((_, at) => metricRow(metrics, at)[TRADE_COUNT] > 0)
  if (!first) return 'No change of a single parameter within its range would have made one of them trade.'
  const { parameter, from, to } = first
  const digits = tellingDigits(from, to)
  return `The smallest change that would have made one trade: ${specs[parameter].name} ${show(to, digits)} instead of ${show(from, digits)}.`
}

/** As many as it takes to see that two values differ, but at least three. */
function tellingDigits(a: number, b: number): number {
  let digits = 3
  while (digits < 15 && show(a, digits) === show(b, digits)) digits++
  return digits
}

function movesOf(specs: readonly ParameterSpec[], rows: Float64Array, evaluator: Evaluator): Move[] {
  const { width, strategy } = evaluator
  const moves: Move[] = []
  for (let sample = 0; sample < Math.min(ASKED, rows.length / width); sample++) {
    const own = rows.subarray(sample * width, (sample + 1) * width)
    for (const [parameter, spec] of specs.entries()) {
      for (const to of valuesOf(spec)) {
        const row = own.slice()
        row[parameter] = to
        const { low, high } = scaleRange(spec)
        const distance = Math.abs(to - own[parameter]) / (high - low)
        if (distance > 0 && strategy.satisfies(row)) moves.push({ row, parameter, from: own[parameter], to, distance })
      }
    }
  }
  return moves
}

/** Different values over the range of a parameter. */
function valuesOf(spec: ParameterSpec): number[] {
  if (!isVaried(spec)) return []
  const { low, high } = scaleRange(spec)
  const even = Array.from({ length: VALUES }, (_, at) => clampValue(spec, low + ((high - low) * at) / (VALUES - 1)))
  return [...new Set(even)]
}

function show(value: number, digits: number): string {
  return String(Number(value.toPrecision(digits)))
}
