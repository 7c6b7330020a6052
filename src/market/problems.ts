import { type FieldError, ValidationError } from '../errors.ts'

export type ImportCode =
  | 'INVALID_NUMBER'
  | 'INVALID_TIMESTAMP'
  | 'INVALID_CANDLE'
  | 'DUPLICATE_TIMESTAMP'
  | 'INVALID_ENCODING'
  | 'INVALID_FORMAT'
  | 'UNSUPPORTED_FORMAT'
  | 'ARCHIVE_REJECTED'
  | 'NOT_ENOUGH_DATA'
  | 'TOO_LARGE'

/** What is wrong at one place of an imported file: path [source, 'row 17', 'high']. */
export interface ImportProblem extends FieldError {
  code: ImportCode
}

/** Enough to see a pattern; a file with the wrong separator would fill the memory with the rest. */
const LIMIT = 20

/**
 * Collects what is wrong with a file, so that one import shows all of it: an import is all or nothing.
 * The error carries the code of the first problem; each problem carries its own.
 */
export class Problems {
  readonly source: string
  readonly #list: ImportProblem[] = []

  /** @param source the input field that the data came in: content or file */
  constructor(source = 'content') {
    this.source = source
  }

  /**
   * @param row    line of the file, from 1 (in a JSON array: element, from 1); null where the whole file is meant
   * @param column null where the whole row is meant
   * @throws ValidationError at the twentieth problem
   */
  add(code: ImportCode, row: number | null, column: string | null, message: string): void {
    const path = [this.source]
    if (row !== null) path.push(`row ${row}`)
    if (column !== null) path.push(column)
    this.#list.push({ code, path, message })
    if (this.#list.length < LIMIT) return
    this.#list.at(-1)!.message += ` Only the first ${LIMIT} problems are shown.`
    this.throwIfAny()
  }

  throwIfAny(): void {
    if (this.#list.length > 0) throw new ValidationError(this.#list, this.#list[0].code)
  }

  /** One problem that ends the reading at once. */
  fail(code: ImportCode, row: number | null, column: string | null, message: string): never {
    this.add(code, row, column, message)
    this.throwIfAny()
    throw new Error('unreachable')
  }
}

/** A value as an error message shows it: quoted, control characters escaped, not longer than it is useful. */
export function shown(value: string): string {
  return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)
}
