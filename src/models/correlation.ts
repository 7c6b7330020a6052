import { averageRanks, pearson, spearman } from '../engine/statistics.ts'

export interface CorrelationMatrix {
  names: string[]
  /** −1…1; null where a side is constant or fewer than 3 rows have both values */
  pearson: (number | null)[][]
  spearman: (number | null)[][]
}

/** With fewer rows a line always fits. */
const MIN_ROWS = 3

/**
 * Pearson and Spearman correlation of every two columns.
 *
 * @param columns f64[n] by name; NaN marks a missing value, and a pair is compared on the rows that have both
 */
export function correlationMatrix(columns: Readonly<Record<string, Float64Array>>): CorrelationMatrix {
  const names = Object.keys(columns)
  const pearsons: (number | null)[][] = names.map(() => [])
  const spearmans: (number | null)[][] = names.map(() => [])
  const ranks = names.map((name) => (columns[name].some(Number.isNaN) ? null : averageRanks(columns[name])))
  names.forEach((a, i) => {
    names.slice(0, i + 1).forEach((b, j) => {
      const [p, q] = [ranks[i], ranks[j]] // sorting is what takes long, and where nothing is missing it is done
      const [x, y] = p && q ? [columns[a], columns[b]] : bothPresent(columns[a], columns[b])
      const enough = x.length >= MIN_ROWS
      pearsons[i][j] = pearsons[j][i] = enough ? pearson(x, y) : null
      spearmans[i][j] = spearmans[j][i] = enough ? (p && q ? pearson(p, q) : spearman(x, y)) : null
    })
  })
  return { names, pearson: pearsons, spearman: spearmans }
}

function bothPresent(x: Float64Array, y: Float64Array): [Float64Array, Float64Array] {
  const isPresent = (_: number, row: number): boolean => !Number.isNaN(x[row]) && !Number.isNaN(y[row])
  return [x.filter(isPresent), y.filter(isPresent)]
}
