import { METRIC_NAMES } from '../../backtest/metrics.ts'
import { unpack } from '../packed.ts'
import type { SampleRow, TuningJobRow } from '../table.ts'
import { csvRow } from './csv.ts'

const OWN = ['index', 'split', 'objective', 'predicted']

/** Names of the columns. A parameter that is called as a metric is told apart by its ending. */
export function samplesHeader({ strategy }: Pick<TuningJobRow, 'strategy'>): string {
  const taken = new Set<string>([...OWN, ...METRIC_NAMES])
  const parameters = strategy.parameterSpace.map(({ name }) => (taken.has(name) ? `${name}_parameter` : name))
  return csvRow([...OWN, ...parameters, ...METRIC_NAMES])
}

/** One line a sample, an empty cell where a figure is not defined for it. */
export function samplesRows(rows: readonly SampleRow[]): string {
  return rows
    .map(({ index, split, objective, predicted, packed }) =>
      csvRow([index, split, objective, predicted, ...unpack(packed)]),
    )
    .join('')
}
