import { ValidationError } from '../errors.ts'
import { compileStrategy, type CompiledStrategy } from '../strategy/plan.ts'
import { parse, type Syntax } from '../strategy/parser.ts'
import type { StrategyDefinition } from '../strategy/strategy.ts'
import type { Evaluator } from './evaluator.ts'
import type { TuningSettings } from './settings.ts'

/** Samples that are asked what kept them from trading; more would say the same. */
const ASKED = 100

const ENTRIES = ['enterLong', 'enterShort'] as const

/** How often a condition was true, over the training bars of several samples. */
interface Frequency {
  condition: string
  /** the parameters in it */
  parameters: string[]
  /** fraction of the time */
  share: number
}

/**
 * Which condition kept samples from trading: for each entry rule, of the conditions that it joins by `and`, the one
 * that was true least often.
 *
 * @param rows f64[count × parameters] of samples without any trade
 * @returns a sentence for each entry rule
 */
export async function blockingConditions(
  evaluator: Evaluator,
  rows: Float64Array,
  settings: TuningSettings,
): Promise<string[]> {
  const asked = rows.subarray(0, ASKED * evaluator.width)
  const sentences: string[] = []
  for (const entry of ENTRIES) {
    const rule = settings.strategy[entry]
    if (rule) sentences.push(await whyNever(entry, rule, evaluator, asked, settings))
  }
  return sentences
}

async function whyNever(
  entry: string,
  rule: string,
  evaluator: Evaluator,
  rows: Float64Array,
  settings: TuningSettings,
): Promise<string> {
  try {
    const whole = await frequency(evaluator, rule, rows, settings)
    if (whole.share > 0) return contradiction(entry, whole)
    const parts: Frequency[] = []
    for (const condition of conjuncts(rule)) parts.push(await frequency(evaluator, condition, rows, settings))
    return blocked(entry, parts)
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error
    return `Loosen ${entry}.` // so deep that its contrary would be too deep to be read
  }
}

/** What a rule joins by `and`, outside of all brackets, as it was written. */
export function conjuncts(rule: string): string[] {
  const parts = (node: Syntax): string[] =>
    node.kind === 'binary' && node.operator === 'and'
      ? [...parts(node.left), ...parts(node.right)]
      : [rule.slice(node.start, node.end)]
  return parts(parse(rule))
}

/**
 * The share of time that follows a bar on which the condition holds. It is the exposure of a strategy that holds a
 * position exactly then: in when the condition comes true, out when it no longer is.
 */
async function frequency(
  evaluator: Evaluator,
  condition: string,
  rows: Float64Array,
  { strategy, training }: TuningSettings,
): Promise<Frequency> {
  const holder = holderOf(condition, strategy)
  const columns = holder.parameterNames.map((name) => evaluator.strategy.parameterNames.indexOf(name))
  const exposures = await evaluator.exposure(holder, selectColumns(rows, evaluator.width, columns), training)
  const share = exposures.reduce((sum, exposure) => sum + exposure, 0) / exposures.length
  return { condition, parameters: holder.parameterNames, share }
}

function holderOf(condition: string, { parameterSpace }: StrategyDefinition): CompiledStrategy {
  const words = new Set(condition.match(/\w+/g))
  return compileStrategy({
    name: 'holder',
    enterLong: condition,
    exitLong: `not (${condition})`,
    parameterSpace: parameterSpace.filter(({ name }) => words.has(name)),
    constraints: [],
  })
}

function selectColumns(rows: Float64Array, width: number, columns: number[]): Float64Array {
  const count = rows.length / width
  const selected = new Float64Array(count * columns.length)
  for (let row = 0; row < count; row++) {
    columns.forEach((column, at) => (selected[row * columns.length + at] = rows[row * width + column]))
  }
  return selected
}

function blocked(entry: string, parts: Frequency[]): string {
  const rarest = parts.reduce((least, part) => (part.share < least.share ? part : least))
  const { condition, parameters, share } = rarest
  const remedy = parameters.length > 0 ? `Loosen it, or change the range of ${parameters.join(', ')}.` : 'Loosen it.'
  const others = parts.length > 1 && share > 0 ? ', and never together with the others' : ''
  return `In ${entry} "${condition}" was true ${often(share)}${others}. ${remedy}`
}

function contradiction(entry: string, { share }: Frequency): string {
  return `${entry} was true ${often(share)}, but always together with the exit rule or the opposite entry, which cancel it. Make them exclude each other.`
}

function often(share: number): string {
  return share > 0 ? `on ${Number((100 * share).toPrecision(2))} % of the training bars` : 'on no training bar'
}
