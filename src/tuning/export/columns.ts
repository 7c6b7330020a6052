/** A value of an exported row; null where a figure is not defined. */
export type Cell = string | number | null

/** TIME is in ms since the epoch. */
export interface Column {
  name: string
  kind: 'TEXT' | 'NUMBER' | 'WHOLE' | 'TIME'
}

/** Rows that leave as CSV or as Parquet: a cell for each column. */
export interface Rows {
  columns: readonly Column[]
  rows: readonly (readonly Cell[])[]
}
