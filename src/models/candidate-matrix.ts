import { ValidationError } from '../errors.ts'

/** Rows by columns, columns named; rows or packed, one of the two. */
export interface CandidateMatrix {
  names: string[]
  rows?: number[][] | null | undefined
  /** row-major */
  packed?: Float64Array | null | undefined
}

export const MAX_CANDIDATES = 100_000

/**
 * The candidates with their columns in the order of the parameters.
 *
 * @returns f64[count × parameters]
 * @throws ValidationError what is wrong with the names, else with the rows
 */
export function arrangeCandidates(candidates: CandidateMatrix, parameterNames: readonly string[]): Float64Array {
  const { names } = candidates
  checkNames(names, parameterNames)
  const width = names.length
  const values = valuesOf(candidates)
  const order = parameterNames.map((name) => names.indexOf(name))
  if (order.every((from, at) => from === at)) return values
  const arranged = new Float64Array(values.length)
  for (let row = 0; row < values.length; row += width) {
    for (let at = 0; at < width; at++) arranged[row + at] = values[row + order[at]]
  }
  return arranged
}

function checkNames(names: readonly string[], parameterNames: readonly string[]): void {
  const each = parameterNames.every((name) => names.includes(name))
  if (each && names.length === parameterNames.length) return
  const shown = JSON.stringify(names.slice(0, 20))
  throw refusal('names', `${shown} must be the model's parameters, each once: ${parameterNames.join(', ')}.`)
}

function valuesOf({ names, rows, packed }: CandidateMatrix): Float64Array {
  if (Boolean(rows) === Boolean(packed)) {
    throw refusal('rows', 'Give the candidates either as rows or as packed, one of the two.')
  }
  const field = rows ? 'rows' : 'packed'
  const width = names.length
  const uneven = rows?.findIndex((row) => row.length !== width) ?? -1
  if (uneven >= 0) {
    throw refusal('rows', `Row ${uneven} has ${rows![uneven].length} values; give one for each of the ${width} names.`)
  }
  const count = rows ? rows.length : packed!.length / width
  if (!Number.isInteger(count)) {
    throw refusal('packed', `${packed!.length} values are not whole rows of ${width}. Send every row whole.`)
  }
  if (count === 0) throw refusal(field, 'There is no row to score. Send at least one.')
  if (count > MAX_CANDIDATES)
    throw refusal(field, `${count} rows are too many for one request; send up to ${MAX_CANDIDATES}.`)

  const values = packed ?? flat(rows!, width)
  const bad = firstNotFinite(values)
  if (bad >= 0) {
    const place = `Row ${Math.floor(bad / width)} holds ${values[bad]} for ${names[bad % width]}`
    throw refusal(field, `${place}; every value must be a finite number.`)
  }
  return values
}

function flat(rows: readonly number[][], width: number): Float64Array {
  const values = new Float64Array(rows.length * width)
  rows.forEach((row, at) => values.set(row, at * width))
  return values
}

/** @returns −1 where all are; a sum that is finite says so at once */
function firstNotFinite(values: Float64Array): number {
  let sum = 0
  for (let cell = 0; cell < values.length; cell++) sum += values[cell]
  return Number.isFinite(sum) ? -1 : values.findIndex((value) => !Number.isFinite(value))
}

function refusal(field: string, message: string): ValidationError {
  return ValidationError.at(['candidates', field], message)
}
