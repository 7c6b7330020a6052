import type { FieldError } from '../../failure.ts'
import type { CreateTuningJobInput, ParameterRangeFragment, ParameterSpecInput } from '../../generated/graphql.ts'
import { numberIn } from '../../number-in.ts'
import { rangeOf, type Draft, type RangeDraft } from './draft.ts'
import { COSTS, LIMITS } from './money-fields.ts'
import { toInstant, type PeriodDraft } from './periods.ts'

/** What is wrong, by the place in the form: "sampleCount", "costs.feeRate", "space.sl.low". */
export type Errors = Record<string, string>

/** A job as the API takes it, or what keeps it from being one. */
export interface Reading {
  /** Null where a text is not what it should be. */
  input: CreateTuningJobInput | null
  errors: Errors
}

const NUMBER = 'Type a number.'
const WHOLE = 'Type a whole number.'

/**
 * Read a form. Only what cannot be sent at all is refused here; whether a job makes sense is the API's to say.
 *
 * @param space of the chosen strategy: a parameter that is as there need not be sent
 */
export function inputOf(draft: Draft, space: readonly ParameterRangeFragment[]): Reading {
  const errors: Errors = {}
  const number = (text: string, place: string, message = NUMBER): number | null => {
    const value = numberIn(text)
    if (value === null && text.trim() !== '') errors[place] = message
    return value
  }
  const whole = (text: string, place: string): number | null => {
    const value = number(text, place, WHOLE)
    if (value !== null && Number.isInteger(value)) return value
    errors[place] = WHOLE
    return null
  }
  const group = <Name extends string>(
    fields: readonly { name: Name; isShare: boolean }[],
    texts: Record<Name, string>,
    place: string,
  ): Partial<Record<Name, number>> => {
    const values: Partial<Record<Name, number>> = {}
    for (const { name, isShare } of fields) {
      const value = number(texts[name], `${place}.${name}`)
      if (value !== null) values[name] = isShare ? Number((value / 100).toPrecision(15)) : value
    }
    return values
  }
  const period = (text: PeriodDraft, place: string) => {
    const read = (end: 'from' | 'to') => {
      const instant = toInstant(text[end])
      if (instant === null) errors[`${place}.${end}`] = 'Choose a date and a time.'
      return instant ?? ''
    }
    return { from: read('from'), to: read('to') }
  }
  const hyperparameters = group(
    Object.keys(draft.hyperparameters).map((name) => ({ name, isShare: false })),
    draft.hyperparameters,
    'hyperparameters',
  )
  const input: CreateTuningJobInput = {
    ...(draft.name.trim() && { name: draft.name.trim() }),
    strategyId: draft.strategyId,
    marketId: draft.marketId,
    timeframe: draft.timeframe,
    trainingPeriod: period(draft.training, 'training'),
    testPeriod: period(draft.test, 'test'),
    parameterSpace: changedSpecs(draft, space).map(({ spec, range }) => specOf(spec, range, errors)),
    sampleCount: whole(draft.sampleCount, 'sampleCount') ?? 0,
    sampler: draft.sampler,
    seed: whole(draft.seed, 'seed') ?? 0,
    objective: draft.objective,
    algorithm: draft.algorithm,
    hyperparameters,
    execution: group(COSTS, draft.costs, 'costs'),
    riskLimits: group(LIMITS, draft.limits, 'limits'),
    allowGaps: draft.allowGaps,
    ...(draft.placeboRuns.trim() && { placeboRuns: whole(draft.placeboRuns, 'placeboRuns') }),
    ...(draft.secondaryObjectives.length > 0 && { secondaryObjectives: [...draft.secondaryObjectives] }),
  }
  return { input: Object.keys(errors).length === 0 ? input : null, errors }
}

/** Parameters whose range is not the strategy's own, in its order. */
function changedSpecs(draft: Draft, space: readonly ParameterRangeFragment[]) {
  return space.flatMap((spec) => {
    const [own, range] = [rangeOf(spec), draft.space[spec.name] ?? rangeOf(spec)]
    const isChanged = (Object.keys(own) as (keyof RangeDraft)[]).some((part) => own[part] !== range[part])
    return isChanged ? [{ spec, range }] : []
  })
}

function specOf(spec: ParameterRangeFragment, range: RangeDraft, errors: Errors): ParameterSpecInput {
  const { name, distribution, step, mean, standardDeviation } = spec
  const read = (part: 'low' | 'high' | 'default'): number | null => {
    const value = numberIn(range[part])
    if (value === null && range[part].trim() !== '') errors[`space.${name}.${part}`] = NUMBER
    return value
  }
  const values = range.values.split(/[,;\s]+/).filter((text) => text !== '')
  if (values.some((text) => numberIn(text) === null))
    errors[`space.${name}.values`] = 'Type numbers with commas between.'
  return {
    name,
    distribution,
    low: read('low'),
    high: read('high'),
    step,
    mean,
    standardDeviation,
    values: distribution === 'DISCRETE' ? values.map((text) => numberIn(text) ?? 0) : null,
    default: read('default'),
  }
}

/** Where in the form the parts of the API's input stand. */
const PLACES: Record<string, string> = {
  trainingPeriod: 'training',
  testPeriod: 'test',
  execution: 'costs',
  riskLimits: 'limits',
  parameterSpace: 'space',
}

/** What the API finds wrong, by the place in the form. */
export function errorsOf(
  fieldErrors: readonly FieldError[],
  draft: Draft,
  space: readonly ParameterRangeFragment[],
): Errors {
  const sent = changedSpecs(draft, space)
  return Object.fromEntries(
    fieldErrors.map(({ path: [first = '', ...rest], message }) => {
      const named =
        first === 'parameterSpace'
          ? rest.map((part, at) => (at === 0 ? (sent[Number(part)]?.spec.name ?? part) : part))
          : rest
      return [[PLACES[first] ?? first, ...named].join('.'), message]
    }),
  )
}
