/**
 * Random strategies in the language of the product, with a random space and random rows in it: native conditions,
 * arithmetic with and without parameters, crossings, offsets, flags, negations, tunable periods, every level.
 */
import type { ParameterSpec } from '../../src/strategy/parameter-space.ts'
import { compileStrategy, type CompiledStrategy } from '../../src/strategy/plan.ts'
import type { StrategyDefinition } from '../../src/strategy/strategy.ts'
import type { Dice } from '../backtest/random-case.ts'

/** A compiled strategy and rows of its space. */
export interface RandomStrategy {
  definition: StrategyDefinition
  compiled: CompiledStrategy
  rows: Float64Array
}

/** @param samples rows to draw; a strategy without parameters has one */
export function randomStrategy(dice: Dice, samples: number): RandomStrategy {
  for (;;) {
    const writer = new Writer(dice)
    const definition = writer.strategy()
    const compiled = tryCompile(definition)
    if (!compiled) continue
    const width = definition.parameterSpace.length
    const rows = new Float64Array(width === 0 ? 0 : width * samples)
    for (let at = 0; at < rows.length; at++) rows[at] = draw(dice, definition.parameterSpace[at % width])
    return { definition, compiled, rows }
  }
}

/** null where the random text is refused, as for a constant that is not finite. */
function tryCompile(definition: StrategyDefinition): CompiledStrategy | null {
  try {
    return compileStrategy(definition)
  } catch {
    return null
  }
}

function draw(dice: Dice, spec: ParameterSpec): number {
  if (spec.distribution === 'BOOLEAN') return dice.int(2)
  if (spec.distribution === 'DISCRETE') return dice.pick(spec.values!)
  if (spec.distribution === 'INTEGER') return spec.low! + dice.int(spec.high! - spec.low! + 1)
  return dice.between(spec.low!, spec.high!)
}

/** A column and thresholds among which its values lie. */
const SERIES: readonly (readonly [string, number, number])[] = [
  ['rsi(5)', 20, 80],
  ['rsi(14)', 30, 70],
  ['adx(4)', 10, 60],
  ['roc(3)', -5, 5],
  ['zscore(10)', -2, 2],
  ['volume', 0, 1000],
  ['stochastic_k(5)', 0, 100],
  ['supertrend_direction(4, 2)', -1, 1],
  ['close / sma(8)', 0.95, 1.05],
  ['(high - low) / atr(5)', 0, 2],
  ['macd_histogram(4, 9, 3)', -20, 20],
]
const PRICES = [
  'close',
  'open',
  'high',
  'low',
  'sma(5)',
  'ema(9)',
  'ema(3)',
  'donchian_upper(6)[1]',
  'bollinger_lower(8, 1.5)',
]

class Writer {
  readonly #dice: Dice
  readonly #space: ParameterSpec[] = []

  constructor(dice: Dice) {
    this.#dice = dice
  }

  strategy(): StrategyDefinition {
    const dice = this.#dice
    const sides = dice.pick(['long', 'short', 'both', 'both'])
    const level = (low: number, high: number): string =>
      dice.chance(0.5) ? this.#parameter(low, high) : String(dice.pick([low, high, (low + high) / 2]))
    const maybe = (presence: number, text: () => string): string | null => (dice.chance(presence) ? text() : null)
    return {
      name: 'random',
      enterLong: sides === 'short' ? null : this.#condition(2),
      exitLong: sides === 'short' ? null : maybe(0.7, () => this.#condition(1)),
      enterShort: sides === 'long' ? null : this.#condition(2),
      exitShort: sides === 'long' ? null : maybe(0.7, () => this.#condition(1)),
      stopLoss: maybe(0.6, () => level(0.005, 0.1)),
      takeProfit: maybe(0.6, () => level(0.005, 0.2)),
      trailingStop: maybe(0.4, () => level(0.005, 0.1)),
      leverage: maybe(0.4, () => level(1, dice.pick([2, 10, 50]))),
      parameterSpace: this.#space,
      constraints: [],
    }
  }

  #condition(depth: number): string {
    const dice = this.#dice
    if (depth > 0 && dice.chance(0.6)) {
      const joined = `(${this.#condition(depth - 1)} ${dice.pick(['and', 'or'])} ${this.#condition(depth - 1)})`
      return dice.chance(0.2) ? `not ${joined}` : joined
    }
    const comparison = this.#comparison()
    return dice.chance(0.1) ? `not (${comparison})` : comparison
  }

  #comparison(): string {
    const dice = this.#dice
    const operator = dice.pick(['<', '<', '<=', '>', '>', '>=', '==', '!='])
    const [series, low, high] = dice.pick(SERIES)
    const back = dice.chance(0.2) && !series.includes(' ') ? `[${dice.int(4)}]` : ''
    const price = (): string => dice.pick(PRICES)
    switch (dice.int(10)) {
      case 0:
        return `${dice.pick(['crosses_above', 'crosses_below'])}(${price()}, ${this.#tunable()})`
      case 1:
        return `${dice.pick(['crosses_above', 'crosses_below'])}(${series}, ${this.#parameter(low, high)})`
      case 2:
        return `${price()} ${operator} ${price()}`
      case 3:
        return `${price()} ${operator} ${this.#parameter(0.97, 1.03)} * ${price()}`
      case 4:
        return `${this.#parameter(-1, 1)} * ${series} ${operator} ${price()}`
      case 5:
        return this.#flag()
      case 6:
        return `${price()} ${operator} ${price()} + ${this.#parameter(-1, 1)} * atr(5)`
      case 7:
        return `${price()} ${operator} ${this.#tunable()}`
      case 8:
        return `${series} ${operator} ${dice.pick([low, high, (low + high) / 2])}`
      default:
        return dice.chance(0.8)
          ? `${series}${back} ${operator} ${this.#parameter(low, high)}`
          : `${this.#parameter(low, high)} ${operator} ${series}${back}`
    }
  }

  #parameter(low: number, high: number): string {
    const dice = this.#dice
    const name = `p${this.#space.length}`
    const isRound = dice.chance(0.2)
    if (isRound) this.#space.push({ name, distribution: 'DISCRETE', values: [low, (low + high) / 2, high] })
    else this.#space.push({ name, distribution: 'UNIFORM', low, high })
    return name
  }

  #flag(): string {
    const name = `p${this.#space.length}`
    this.#space.push({ name, distribution: 'BOOLEAN' })
    return name
  }

  /** An indicator whose columns differ from sample to sample. */
  #tunable(): string {
    const dice = this.#dice
    const name = `p${this.#space.length}`
    this.#space.push({ name, distribution: 'INTEGER', low: 2, high: 2 + dice.int(10) })
    return dice.pick([`sma(${name})`, `ema(${name})`, `donchian_upper(${name})[1]`])
  }
}
