import type { SampleColumnsQuery, SampleSplit } from '../../generated/graphql.ts'
import { unpack } from '../../packed.ts'

/** Figures of a sample that the table shows. */
export const SHOWN = ['roi', 'sharpeRatio', 'maxDrawdown', 'winRate', 'tradeCount'] as const
export type Shown = (typeof SHOWN)[number]

/** Samples of a job as columns; a place in them is the index of a sample. NaN = not defined. */
export interface SampleTable {
  count: number
  split: readonly SampleSplit[]
  objective: Float64Array
  predicted: Float64Array
  metrics: Record<Shown, Float64Array>
  /** By name, in the order of the strategy. */
  parameters: ReadonlyMap<string, Float64Array>
}

/** Answers one after the other as one table. @param answers at least one, of the same job */
export function tableOf(answers: readonly SampleColumnsQuery['sampleColumns'][]): SampleTable {
  const joined = (pick: (answer: (typeof answers)[number]) => string) => concatenated(answers.map(pick).map(unpack))
  const [{ parameterNames }] = answers
  const rows = joined(({ parameters }) => parameters)
  const count = answers.reduce((sum, answer) => sum + answer.count, 0)
  const column = (at: number) =>
    Float64Array.from({ length: count }, (_, index) => rows[index * parameterNames.length + at])
  return {
    count,
    split: answers.flatMap(({ split }) => split),
    objective: joined(({ objective }) => objective),
    predicted: joined(({ predicted }) => predicted),
    metrics: Object.fromEntries(SHOWN.map((name) => [name, joined((answer) => answer[name])])) as Record<
      Shown,
      Float64Array
    >,
    parameters: new Map(parameterNames.map((name, at) => [name, column(at)])),
  }
}

function concatenated(parts: readonly Float64Array[]): Float64Array {
  const whole = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0))
  let end = 0
  for (const part of parts) {
    whole.set(part, end)
    end += part.length
  }
  return whole
}

/** What of a table is shown. */
export interface SampleFilter {
  split: SampleSplit | null
  minTrades: number
  minObjective: number
}

/** The samples that keep the filter, in the order in which they were drawn. O(n). */
export function filtered(table: SampleTable, { split, minTrades, minObjective }: SampleFilter): Uint32Array {
  const kept = new Uint32Array(table.count)
  let count = 0
  for (let index = 0; index < table.count; index++) {
    if (split !== null && table.split[index] !== split) continue
    if (table.metrics.tradeCount[index] < minTrades) continue
    if (minObjective > -Infinity && !(table.objective[index] >= minObjective)) continue
    kept[count++] = index
  }
  return kept.subarray(0, count)
}

/** Samples by a column; what is not defined stands last, and equals stay as they were drawn. O(n log n). */
export function sorted(indices: Uint32Array, column: ArrayLike<number>, descending: boolean): Uint32Array {
  const sign = descending ? -1 : 1
  return indices.toSorted((a, b) => {
    const [left, right] = [column[a], column[b]]
    if (Number.isNaN(left) || Number.isNaN(right))
      return Number(Number.isNaN(left)) - Number(Number.isNaN(right)) || a - b
    return sign * (left - right) || a - b
  })
}

/** The parameters of one sample. */
export function parametersOf({ parameters }: SampleTable, index: number): Record<string, number> {
  return Object.fromEntries(Array.from(parameters, ([name, values]) => [name, values[index]]))
}
