import { INSTRUCTION_WORDS, Operation, SIGNALS, type StrategyProgram } from '../engine/program.ts'
import type { CompiledStrategy } from '../strategy/plan.ts'
import type { Matrix } from './estimator.ts'

/** Which groups of features a model learns from, beside the parameters themselves. */
export interface FeatureSettings {
  interactions: boolean
  market: boolean
  temporal: boolean
}

/** What a feature is made of: one parameter, several, the market's candles, or the time. */
export const FEATURE_KINDS = ['PARAMETER', 'INTERACTION', 'MARKET', 'TEMPORAL'] as const
export type FeatureKind = (typeof FEATURE_KINDS)[number]

export function featureKind(name: string, parameters: readonly string[]): FeatureKind {
  if (name.startsWith('market.')) return 'MARKET' // see `window-features.ts`
  if (name.startsWith('time.')) return 'TEMPORAL'
  return parameters.includes(name) ? 'PARAMETER' : 'INTERACTION'
}

/** One column that a model learns from. */
interface Feature {
  name: string
  /** the parameters it is made of */
  parameters: string[]
}

/** The features of a strategy's samples: names in the order of the columns, and how to compute them. */
export interface FeatureSet {
  features: Feature[]
  /** @param rows f64[count × parameters], row-major */
  matrix(rows: Float64Array): Matrix
}

/**
 * The parameters, and with `interactions` what they mean together: the reward that a trade aims at over what it
 * risks, and the distance between two thresholds of one indicator.
 */
export function featureSet(strategy: CompiledStrategy, settings: FeatureSettings): FeatureSet {
  const names = strategy.parameterNames
  const features: Feature[] = names.map((name) => ({ name, parameters: [name] }))
  const { stopLoss, takeProfit } = strategy.definition
  const risk = settings.interactions && stopLoss && takeProfit
  const pairs = settings.interactions ? thresholdPairs(strategy.program, names.length) : []

  if (risk) {
    const involved = names.filter((name) => mentions(stopLoss, name) || mentions(takeProfit, name))
    features.push({ name: 'risk_reward_ratio', parameters: involved })
  }
  for (const [a, b] of pairs) {
    features.push({ name: `${names[b]}_minus_${names[a]}`, parameters: [names[a], names[b]] })
  }
  return { features, matrix: (rows) => matrix(rows) }

  function matrix(rows: Float64Array): Matrix {
    const width = names.length
    const count = rows.length / width
    if (features.length === width) return { rows: count, columns: width, values: rows }
    const values = new Float64Array(count * features.length)
    const ratios = risk ? rewardOverRisk(rows) : null
    for (let row = 0, from = 0, at = 0; row < count; row++, from += width) {
      for (let column = 0; column < width; column++) values[at++] = rows[from + column]
      if (ratios) values[at++] = ratios[row]
      for (let pair = 0; pair < pairs.length; pair++)
        values[at++] = rows[from + pairs[pair][1]] - rows[from + pairs[pair][0]]
    }
    return { rows: count, columns: features.length, values }
  }

  /** @returns f64[count]; where both levels are parameters, as mostly, nothing has to be evaluated */
  function rewardOverRisk(rows: Float64Array): Float64Array {
    const [reward, loss] = [names.indexOf(takeProfit!.trim()), names.indexOf(stopLoss!.trim())]
    const width = names.length
    const ratios = new Float64Array(rows.length / width)
    let isPlain = reward >= 0 && loss >= 0
    for (let row = 0; isPlain && row < ratios.length; row++) {
      isPlain = rows[row * width + reward] > 0 && rows[row * width + loss] > 0
      ratios[row] = rows[row * width + reward] / rows[row * width + loss]
    }
    if (isPlain) return ratios
    const batch = strategy.bind(rows) // says what is wrong with a level that is none
    return ratios.map((_, row) => batch.takeProfit[row] / batch.stopLoss[row])
  }
}

/** Parameters with which one and the same column is compared, as rsi_oversold and rsi_overbought with rsi(14). */
function thresholdPairs(program: StrategyProgram, parameterCount: number): [number, number][] {
  const thresholds = new Map<number, Set<number>>()
  for (const signal of SIGNALS) {
    const code = program.signals[signal]
    for (let at = 0; at + 2 * INSTRUCTION_WORDS < code.length; at += INSTRUCTION_WORDS) {
      const [operation, slot] = [code[at], code[at + 1]]
      const [next, parameter] = [code[at + INSTRUCTION_WORDS], code[at + INSTRUCTION_WORDS + 1]]
      const compare = code[at + 2 * INSTRUCTION_WORDS]
      if (operation !== Operation.COLUMN || next !== Operation.PARAMETER || parameter >= parameterCount) continue
      if (compare < Operation.LESS || compare > Operation.GREATER_EQUAL) continue
      const known = thresholds.get(slot) ?? new Set()
      thresholds.set(slot, known.add(parameter))
    }
  }
  return [...thresholds.values()].flatMap((set) => {
    const sorted = [...set].sort((a, b) => a - b)
    return sorted.flatMap((a, at) => sorted.slice(at + 1).map((b): [number, number] => [a, b]))
  })
}

/** Whether an expression names a parameter: as a whole word, not as a part of a longer name. */
function mentions(expression: string, name: string): boolean {
  return expression.split(/[^a-z0-9_]+/).includes(name)
}
