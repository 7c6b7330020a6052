import { RULES, type Rule } from '../../components/rules.tsx'
import type { FieldError } from '../../failure.ts'
import type {
  Distribution,
  ParameterRangeFragment,
  ParameterSpecInput,
  StrategyInput,
  StrategyQuery,
} from '../../generated/graphql.ts'
import { numberIn } from '../../number-in.ts'

type Strategy = NonNullable<StrategyQuery['strategy']>

/** Numbers of a parameter that are typed, by their names in the API. */
export type SpecNumber = 'low' | 'high' | 'step' | 'mean' | 'standardDeviation' | 'default'

/** A parameter as it is typed. */
export interface SpecDraft {
  /** Stays while rows come and go. */
  key: number
  name: string
  distribution: Distribution
  numbers: Record<SpecNumber, string>
  /** Of listed values: "1.5, 2, 3". */
  values: string
}

/** A strategy as it is typed: texts, so that something half-written may stand. */
export interface StrategyDraft {
  name: string
  description: string
  rules: Record<Rule, string>
  space: readonly SpecDraft[]
  /** One a line. */
  constraints: string
}

const NO_NUMBERS = { low: '', high: '', step: '', mean: '', standardDeviation: '', default: '' }

/** What a distribution asks for, in the order of the form. */
export const ASKED: Record<Distribution, readonly SpecNumber[]> = {
  UNIFORM: ['low', 'high'],
  LOG_UNIFORM: ['low', 'high'],
  INTEGER: ['low', 'high', 'step'],
  NORMAL: ['mean', 'standardDeviation', 'low', 'high'],
  DISCRETE: [],
  BOOLEAN: [],
}

/** A new form begins with rules that run, to be changed: an empty page teaches nothing. */
export function newStrategy(): StrategyDraft {
  const rules = Object.fromEntries(RULES.map(([rule]) => [rule, ''])) as Record<Rule, string>
  return {
    name: '',
    description: '',
    rules: { ...rules, enterLong: 'rsi(14) < oversold', exitLong: 'rsi(14) > 60', stopLoss: 'sl' },
    space: [
      parameterDraft({ key: 0, name: 'oversold', numbers: { ...NO_NUMBERS, low: '20', high: '40', default: '30' } }),
      parameterDraft({ key: 1, name: 'sl', numbers: { ...NO_NUMBERS, low: '0.01', high: '0.05', default: '0.02' } }),
    ],
    constraints: '',
  }
}

export function parameterDraft(changes: Partial<SpecDraft> & { key: number }): SpecDraft {
  return { name: '', distribution: 'UNIFORM', numbers: NO_NUMBERS, values: '', ...changes }
}

/** The form filled with a strategy that there is. */
export function draftOf(strategy: Strategy): StrategyDraft {
  return {
    name: strategy.name,
    description: strategy.description ?? '',
    rules: Object.fromEntries(RULES.map(([rule]) => [rule, strategy[rule] ?? ''])) as Record<Rule, string>,
    space: strategy.parameterSpace.map(specDraftOf),
    constraints: strategy.constraints.join('\n'),
  }
}

function specDraftOf(spec: ParameterRangeFragment, key: number): SpecDraft {
  const numbers = Object.fromEntries(
    Object.keys(NO_NUMBERS).map((name) => [name, String(spec[name as SpecNumber] ?? '')]),
  ) as Record<SpecNumber, string>
  return parameterDraft({
    key,
    name: spec.name,
    distribution: spec.distribution,
    numbers,
    values: spec.values?.join(', ') ?? '',
  })
}

/** What the API is asked, and what of the form is no number; whatever else is wrong the server says. */
export function strategyInput(draft: StrategyDraft): { input: StrategyInput; unread: FieldError[] } {
  const unread: FieldError[] = []
  const number = (text: string, path: string[]): number | null => {
    const value = numberIn(text)
    if (value === null && text.trim() !== '') unread.push({ path, message: `“${text}” is no number.` })
    return value
  }
  const specOf = ({ name, distribution, numbers, values }: SpecDraft, at: number): ParameterSpecInput => {
    const path = ['parameterSpace', String(at)]
    const asked = [...ASKED[distribution], 'default' as const]
    return {
      name: name.trim(),
      distribution,
      ...Object.fromEntries(asked.map((field) => [field, number(numbers[field], [...path, field])])),
      ...(distribution === 'DISCRETE' && {
        values: listed(values).flatMap((text) => number(text, [...path, 'values']) ?? []),
      }),
    }
  }
  const input: StrategyInput = {
    name: draft.name.trim(),
    description: draft.description.trim() || null,
    ...Object.fromEntries(RULES.map(([rule]) => [rule, draft.rules[rule].trim() === '' ? null : draft.rules[rule]])),
    parameterSpace: draft.space.map(specOf),
    constraints: constraintLines(draft.constraints).map(({ text }) => text),
  }
  return { input, unread }
}

/** The conditions between parameters, with where each begins in the text. */
export function constraintLines(text: string): { text: string; start: number }[] {
  let start = 0
  return text.split('\n').flatMap((line) => {
    const here = start
    start += line.length + 1
    return line.trim() === '' ? [] : [{ text: line, start: here }]
  })
}

function listed(values: string): string[] {
  return values.split(/[,;\s]+/).filter((text) => text !== '')
}
