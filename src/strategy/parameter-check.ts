import type { FieldError } from '../errors.ts'
import type { Distribution, ParameterSpec } from './parameter-space.ts'
import { DISTRIBUTIONS, isGiven, isVaried, objectionTo } from './parameter-space.ts'

export const MAX_PARAMETERS = 64
export const MAX_DISCRETE_VALUES = 1000

const NAME = /^[a-z_][a-z0-9_]{0,63}$/
/** Names that pass the pattern but mean something to JavaScript objects. */
const RESERVED = new Set(['__proto__', 'constructor', 'prototype'])
/** Beyond it, squares and ranges of a value would no longer be finite. */
const MAX_MAGNITUDE = 1e100
/** In standard deviations: further out a normal distribution has nothing that a float64 could hold. */
const NORMAL_REACH = 37

type NumberField = 'low' | 'high' | 'step' | 'mean' | 'standardDeviation' | 'default'
type Field = NumberField | 'values'

/** Which fields a distribution must have, and which it may have besides. Every one may have a default. */
const FIELDS: Record<Distribution, { needs: readonly Field[]; allows: readonly Field[] }> = {
  UNIFORM: { needs: ['low', 'high'], allows: [] },
  LOG_UNIFORM: { needs: ['low', 'high'], allows: [] },
  NORMAL: { needs: ['mean', 'standardDeviation'], allows: ['low', 'high'] },
  INTEGER: { needs: ['low', 'high'], allows: ['step'] },
  DISCRETE: { needs: ['values'], allows: [] },
  BOOLEAN: { needs: [], allows: [] },
}

/** Reports what is wrong with one field of one spec. */
type Refuse = (field: Field | 'name' | 'distribution', message: string) => void

/** Everything that is wrong with a parameter space, at once; empty where nothing is. low = high is a constant, and fine. */
export function checkParameterSpace(specs: readonly ParameterSpec[]): FieldError[] {
  const errors: FieldError[] = []
  if (specs.length > MAX_PARAMETERS) {
    const message = `has ${specs.length} parameters; at most ${MAX_PARAMETERS}. Fix some of them in the expressions.`
    errors.push({ path: ['parameterSpace'], message })
  }
  const firstUse = new Map<string, number>()
  specs.forEach((spec, index) => {
    const refuse: Refuse = (field, message) => errors.push({ path: ['parameterSpace', String(index), field], message })
    checkName(spec.name, firstUse, index, refuse)
    checkSpec(spec, refuse)
  })
  return errors
}

/** What keeps a space, sound in itself, from being tuned: nothing in it varies. */
export function checkVaried(specs: readonly ParameterSpec[]): FieldError[] {
  if (specs.some(isVaried)) return []
  const message =
    specs.length === 0
      ? 'has no parameters, so there is nothing to tune. Give at least one a range.'
      : 'holds only constants, so there is nothing to tune. Give at least one parameter a range.'
  return [{ path: ['parameterSpace'], message }]
}

function checkName(name: string, firstUse: Map<string, number>, index: number, refuse: Refuse): void {
  const shown = JSON.stringify(name.slice(0, 80))
  if (!NAME.test(name)) {
    return refuse('name', `${shown} is not a name: a to z, 0 to 9 and _, no digit first, at most 64 characters.`)
  }
  if (RESERVED.has(name)) return refuse('name', `${shown} is reserved. Choose another name.`)
  const first = firstUse.get(name)
  if (first === undefined) firstUse.set(name, index)
  else refuse('name', `${shown} is already the name of parameter ${first}. Give each parameter a name of its own.`)
}

function checkSpec(spec: ParameterSpec, refuse: Refuse): void {
  if (!DISTRIBUTIONS.includes(spec.distribution)) {
    return refuse('distribution', `${spec.distribution} is not a distribution. Use one of ${DISTRIBUTIONS.join(', ')}.`)
  }
  // later rules compare fields with each other, which says nothing new where one of them is already refused
  let sound = true
  const refuseAndStop: Refuse = (field, message) => {
    sound = false
    refuse(field, message)
  }
  checkFields(spec, refuseAndStop)
  if (sound) checkRelations(spec, refuseAndStop)
  if (!sound || !isGiven(spec.default)) return
  const objection = objectionTo(spec, spec.default)
  if (objection) refuse('default', objection)
}

/** Each field alone: does it belong, is it there, is it a number one can calculate with? */
function checkFields(spec: ParameterSpec, refuse: Refuse): void {
  const { needs, allows } = FIELDS[spec.distribution]
  const all: readonly Field[] = ['low', 'high', 'step', 'mean', 'standardDeviation', 'values']
  for (const field of all) {
    const given = isGiven(spec[field])
    if (given && !needs.includes(field) && !allows.includes(field)) {
      refuse(field, `does not belong to ${spec.distribution}. ${remedyFor(field, needs)}`)
    } else if (!given && needs.includes(field)) {
      refuse(field, `is missing; ${spec.distribution} needs ${needs.join(' and ')}.`)
    } else if (given && field !== 'values') {
      checkNumber(spec, field, refuse)
    }
  }
  if (isGiven(spec.default)) checkNumber(spec, 'default', refuse)
}

function remedyFor(field: Field, needs: readonly Field[]): string {
  if (field === 'step') return 'Leave it out, or use INTEGER for whole steps and DISCRETE for others.'
  return `Leave it out${needs.length > 0 ? ` and give ${needs.join(' and ')}` : ''}.`
}

function checkNumber(spec: ParameterSpec, field: NumberField, refuse: Refuse): void {
  const value = spec[field]!
  if (!Number.isFinite(value)) refuse(field, `must be a finite number, not ${value}.`)
  else if (Math.abs(value) > MAX_MAGNITUDE) refuse(field, `must be at most 1e100 in size, not ${value}.`)
}

/** The fields together. All that are given are finite. */
function checkRelations(spec: ParameterSpec, refuse: Refuse): void {
  const { low, high } = spec
  if (isGiven(low) && isGiven(high) && low > high) refuse('low', `${low} is above high, ${high}. Swap the two.`)
  if (spec.distribution === 'LOG_UNIFORM') checkLogUniform(spec, refuse)
  if (spec.distribution === 'INTEGER') checkInteger(spec, refuse)
  if (spec.distribution === 'NORMAL') checkNormal(spec, refuse)
  if (spec.distribution === 'DISCRETE') checkValues(spec.values!, refuse)
}

function checkLogUniform({ low }: ParameterSpec, refuse: Refuse): void {
  if (low! <= 0) refuse('low', `must be above 0 for LOG_UNIFORM, not ${low}. Raise it, or use UNIFORM.`)
}

function checkInteger(spec: ParameterSpec, refuse: Refuse): void {
  for (const field of ['low', 'high', 'step'] as const) {
    const value = spec[field]
    if (isGiven(value) && !Number.isSafeInteger(value)) {
      refuse(field, `must be a whole number for INTEGER, not ${value}. Round it, or use UNIFORM or DISCRETE.`)
    }
  }
  const { low, high, step } = spec
  if (!isGiven(step)) return
  if (step <= 0) refuse('step', `must be above 0, not ${step}. Leave it out for steps of 1.`)
  else if (low! < high! && step > high! - low!) {
    refuse('step', `${step} is larger than the range ${low} … ${high}, so only ${low} would be drawn. Make it smaller.`)
  }
}

function checkNormal({ mean, standardDeviation, low, high }: ParameterSpec, refuse: Refuse): void {
  if (standardDeviation! <= 0) {
    return refuse('standardDeviation', `must be above 0, not ${standardDeviation}. For a constant use low = high.`)
  }
  const remedy = 'Move the mean or the bounds, or use UNIFORM.'
  const reach = NORMAL_REACH * standardDeviation!
  if (isGiven(low) && low - mean! > reach) {
    refuse('low', `${low} is more than ${NORMAL_REACH} standard deviations above the mean, ${mean}. ${remedy}`)
  }
  if (isGiven(high) && mean! - high > reach) {
    refuse('high', `${high} is more than ${NORMAL_REACH} standard deviations below the mean, ${mean}. ${remedy}`)
  }
}

function checkValues(values: readonly number[], refuse: Refuse): void {
  if (values.length === 0) refuse('values', 'is empty. List at least one value.')
  if (values.length > MAX_DISCRETE_VALUES) {
    const remedy = 'Use INTEGER or UNIFORM for a range this fine.'
    return refuse('values', `has ${values.length} values; at most ${MAX_DISCRETE_VALUES}. ${remedy}`)
  }
  const unusable = values.filter((value) => !Number.isFinite(value) || Math.abs(value) > MAX_MAGNITUDE)
  if (unusable.length > 0) refuse('values', `must be finite numbers of at most 1e100 in size, not ${few(unusable)}.`)
  const twice = [...new Set(values.filter((value, at) => values.indexOf(value) < at))]
  if (twice.length > 0) refuse('values', `has ${few(twice)} more than once. List each value once.`)
}

function few(values: readonly number[]): string {
  return values.slice(0, 5).join(', ') + (values.length > 5 ? ` and ${values.length - 5} more` : '')
}
