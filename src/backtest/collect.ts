import { ValidationError, type FieldError } from '../errors.ts'

/** Run a check that throws; its field errors join the others, so that all are told at once. */
export function collect<T>(problems: FieldError[], check: () => T): T | undefined {
  try {
    return check()
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error
    problems.push(...error.fieldErrors)
    return undefined
  }
}
