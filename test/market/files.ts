import { ValidationError } from '../../src/errors.ts'
import { readCandles } from '../../src/market/formats.ts'
import type { ImportProblem } from '../../src/market/problems.ts'
import type { TidyCandles } from '../../src/market/tidy.ts'
import type { Timeframe } from '../../src/market/timeframe.ts'

/** 2024-01-01 00:00 UTC, a Monday. */
export const START = 1_704_067_200_000
export const HOUR = 3_600_000
export const HEADER = 'open_time,open,high,low,close,volume'

/** A file in pieces, as a stream brings it. */
export async function* pieces(file: string | Uint8Array, size = Infinity): AsyncGenerator<Uint8Array> {
  const bytes = typeof file === 'string' ? Buffer.from(file) : file
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

export interface ReadFile {
  timeframe?: Timeframe
  now?: number
  /** bytes of a piece */
  size?: number
}

export async function read(file: string | Uint8Array, options: ReadFile = {}): Promise<TidyCandles> {
  const { timeframe = '1h', now = START + 1e12, size = Infinity } = options
  return readCandles(pieces(file, size), { timeframe, now })
}

/** Why a file is refused: the code of the whole, and each problem. */
export async function refusal(
  file: string | Uint8Array,
  options: ReadFile = {},
): Promise<{ code: string; problems: ImportProblem[] }> {
  try {
    await read(file, options)
  } catch (error) {
    if (error instanceof ValidationError) return { code: error.code, problems: error.fieldErrors as ImportProblem[] }
    throw error
  }
  throw new Error('the file was accepted')
}

/** n good hourly rows of CSV, without a header. */
export function rows(n: number, from = START, step = HOUR): string[] {
  return Array.from({ length: n }, (_, bar) => `${from + bar * step},100,${102 + bar},99,101,${bar + 1}`)
}

export function csv(...lines: string[]): string {
  return `${[HEADER, ...lines].join('\n')}\n`
}
