import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { describe } from 'vitest'
import type { Candles } from '../src/engine/candles.ts'

/** The folder with golden values and real candles that stands beside some checkouts. */
export const shared = fileURLToPath(new URL('../../shared/', import.meta.url))

/** A suite that needs the shared folder; reported as skipped where the folder is absent. */
export const withShared = describe.skipIf(!existsSync(shared))

/** A golden file, parsed. Its numbers are compared by `expectClose`. */
// oxlint-disable-next-line typescript/no-explicit-any -- the files have a shape each
export function golden(name: string): any {
  return JSON.parse(readFileSync(`${shared}golden/${name}`, 'utf8'))
}

/** A candle file of `data/`, read the plain way. */
export function readCandles(name: string, bars = Infinity): Candles {
  const lines = gunzipSync(readFileSync(`${shared}data/${name}`))
    .toString()
    .trimEnd()
    .split('\n')
    .slice(1, 1 + bars)
  const column = (at: number): Float64Array => Float64Array.from(lines, (line) => Number(line.split(',')[at]))
  return { openTime: column(0), open: column(1), high: column(2), low: column(3), close: column(4), volume: column(5) }
}

/** As `golden`, for suites that are declared before it is known whether the folder is there. */
// oxlint-disable-next-line typescript/no-explicit-any -- the files have a shape each
export function goldenIfThere(name: string, absent: object): any {
  return existsSync(shared) ? golden(name) : absent
}

/** The rule of the golden files: |a − b| ≤ 1e-9 + 1e-9 |b|; null equals only null (NaN stands for null in columns). */
export function isClose(actual: number | null | undefined, expected: number | null, relative = 1e-9): boolean {
  const missing = actual === null || actual === undefined || Number.isNaN(actual)
  if (expected === null || missing) return expected === null && missing
  return Math.abs(actual - expected) <= 1e-9 + relative * Math.abs(expected)
}
