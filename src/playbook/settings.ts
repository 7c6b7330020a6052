import type { FieldError } from '../errors.ts'
import type { PlaybookParameter, ParameterBounds, RegimePlay, RiskLevel } from './play.ts'

/** How a playbook may tune itself. */
export interface TuningSettings {
  minTradesForTuning: number
  lookbackDays: number
  /** 0…1; recommendations below it are withheld */
  confidenceThreshold: number
  /** share by which a number may move in one review */
  maxParameterChange: number
  /** the same over 30 days, all reviews together */
  maxMonthlyChange: number
  retrainingFrequencyDays: number
  humanReviewRequired: boolean
  /** what is applied without a person where none is required: this risk and below */
  autoApplyRisk: RiskLevel
  reviewExpiryHours: number
  bounds: ParameterBounds[]
}

export type TuningSettingsInput = {
  [Name in keyof TuningSettings]?: TuningSettings[Name] | null | undefined
}

/** What the database itself refuses to go beyond, whatever a playbook's own bounds are. */
export const ABSOLUTE_BOUNDS: Record<PlaybookParameter, { min: number; max: number }> = {
  LEVERAGE: { min: 1, max: 125 },
  RISK_REWARD_RATIO: { min: 0.1, max: 100 },
  CONFIDENCE_THRESHOLD: { min: 0, max: 100 },
  STOP_LOSS: { min: 0.0001, max: 1 },
  TAKE_PROFIT: { min: 0.0001, max: 100 },
  STRATEGY_WEIGHT: { min: 0, max: 1 },
}

export const DEFAULT_SETTINGS: TuningSettings = {
  minTradesForTuning: 50,
  lookbackDays: 90,
  confidenceThreshold: 0.6,
  maxParameterChange: 0.3,
  maxMonthlyChange: 0.5,
  retrainingFrequencyDays: 7,
  humanReviewRequired: true,
  autoApplyRisk: 'LOW',
  reviewExpiryHours: 72,
  bounds: [
    { parameter: 'LEVERAGE', min: 1, max: 10 },
    { parameter: 'RISK_REWARD_RATIO', min: 0.5, max: 10 },
    { parameter: 'CONFIDENCE_THRESHOLD', min: 0, max: 95 },
    { parameter: 'STOP_LOSS', min: 0.001, max: 0.5 },
    { parameter: 'TAKE_PROFIT', min: 0.001, max: 5 },
    { parameter: 'STRATEGY_WEIGHT', min: 0, max: 1 },
  ],
}

/** Ranges of the plain numbers, both ends inclusive. */
const RANGES = {
  minTradesForTuning: { min: 50, max: 100_000, integer: true },
  lookbackDays: { min: 1, max: 3650, integer: true },
  confidenceThreshold: { min: 0, max: 1, integer: false },
  maxParameterChange: { min: 0.01, max: 0.3, integer: false },
  maxMonthlyChange: { min: 0.01, max: 1, integer: false },
  retrainingFrequencyDays: { min: 1, max: 365, integer: true },
  reviewExpiryHours: { min: 1, max: 8760, integer: true },
} as const

/** Settings with some of them replaced; bounds that are not named stay. Problems are added to `problems`. */
export function mergeSettings(
  current: TuningSettings,
  input: TuningSettingsInput,
  problems: FieldError[],
): TuningSettings {
  const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null && value !== undefined))
  for (const [name, { min, max, integer }] of Object.entries(RANGES)) {
    const value = given[name] as number | undefined
    if (value === undefined || (value >= min && value <= max && (!integer || Number.isInteger(value)))) continue
    const kind = integer ? 'a whole number' : 'a number'
    problems.push({ path: ['settings', name], message: `must be ${kind} from ${min} to ${max}, not ${value}.` })
  }
  if (input.autoApplyRisk === 'HIGH') {
    const message = 'is HIGH; what is of high risk is never applied without a person. Choose LOW or MEDIUM.'
    problems.push({ path: ['settings', 'autoApplyRisk'], message })
  }
  const bounds = mergeBounds(current.bounds, input.bounds ?? [], problems)
  return { ...current, ...given, bounds }
}

function mergeBounds(
  current: readonly ParameterBounds[],
  given: readonly ParameterBounds[],
  problems: FieldError[],
): ParameterBounds[] {
  given.forEach(({ parameter, min, max }, at) => {
    const least = ABSOLUTE_BOUNDS[parameter]
    if (!(min <= max)) {
      problems.push({ path: ['settings', 'bounds', String(at), 'max'], message: `${max} is below min, ${min}.` })
    } else if (min < least.min || max > least.max) {
      const message = `${min} to ${max} reaches beyond ${least.min} to ${least.max}, the widest that ${parameter} may have.`
      problems.push({ path: ['settings', 'bounds', String(at), min < least.min ? 'min' : 'max'], message })
    }
  })
  return current.map((old) => given.find(({ parameter }) => parameter === old.parameter) ?? old)
}

export function boundsOf({ bounds }: Pick<TuningSettings, 'bounds'>, parameter: PlaybookParameter): ParameterBounds {
  return bounds.find((one) => one.parameter === parameter) ?? { parameter, ...ABSOLUTE_BOUNDS[parameter] }
}

/** What is wrong with plays: numbers beyond their bounds, a regime twice, weights that do not add up to 1. */
export function playProblems(plays: readonly RegimePlay[], settings: Pick<TuningSettings, 'bounds'>): FieldError[] {
  const problems: FieldError[] = []
  const at = (index: number, ...path: string[]): string[] => ['regimes', String(index), ...path]
  if (plays.length === 0)
    problems.push({ path: ['regimes'], message: 'is empty. Give the play of at least one regime.' })
  plays.forEach((play, index) => {
    if (plays.findIndex(({ regime }) => regime === play.regime) < index) {
      problems.push({ path: at(index, 'regime'), message: `${play.regime} is there twice. Keep one of them.` })
    }
    for (const [parameter, name] of NUMBERS) {
      const { min, max } = boundsOf(settings, parameter)
      const value = play[name]
      if (value === null || (value >= min && value <= max)) continue
      problems.push({
        path: at(index, name),
        message: `${value} is not within ${min} to ${max}, the bounds of ${parameter}.`,
      })
    }
    problems.push(...weightProblems(play, settings).map(({ path, message }) => ({ path: at(index, ...path), message })))
  })
  return problems
}

const NUMBERS = [
  ['LEVERAGE', 'leverage'],
  ['RISK_REWARD_RATIO', 'riskRewardRatio'],
  ['CONFIDENCE_THRESHOLD', 'confidenceThreshold'],
  ['STOP_LOSS', 'stopLoss'],
  ['TAKE_PROFIT', 'takeProfit'],
] as const

const ROUNDING = 1e-6

function weightProblems({ strategyWeights }: RegimePlay, settings: Pick<TuningSettings, 'bounds'>): FieldError[] {
  if (strategyWeights.length === 0) return []
  const { min, max } = boundsOf(settings, 'STRATEGY_WEIGHT')
  const path = (index: number, name: string): string[] => ['strategyWeights', String(index), name]
  const problems = strategyWeights.flatMap(({ strategy, weight }, index): FieldError[] => {
    if (strategy === '' || strategyWeights.findIndex((one) => one.strategy === strategy) < index) {
      return [{ path: path(index, 'strategy'), message: `"${strategy}" is empty or there twice.` }]
    }
    if (weight >= min && weight <= max) return []
    return [{ path: path(index, 'weight'), message: `${weight} is not within ${min} to ${max}.` }]
  })
  const total = strategyWeights.reduce((sum, { weight }) => sum + weight, 0)
  if (Math.abs(total - 1) <= ROUNDING) return problems
  return [...problems, { path: ['strategyWeights'], message: `add up to ${total}, not to 1.` }]
}
