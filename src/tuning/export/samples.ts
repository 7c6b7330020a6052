import { METRIC_NAMES } from '../../backtest/metrics.ts'
import type { SampleRow } from '../sample-store.ts'
import type { TuningJobRow } from '../table.ts'
import type { Column, Rows } from './columns.ts'

const OWN: Column[] = [
  { name: 'index', kind: 'WHOLE' },
  { name: 'split', kind: 'TEXT' },
  { name: 'objective', kind: 'NUMBER' },
  { name: 'predicted', kind: 'NUMBER' },
]

/** One row a sample: parameters, then metrics. A parameter that is called as a metric is told apart by its ending. */
export function samplesTable({ strategy }: Pick<TuningJobRow, 'strategy'>, samples: readonly SampleRow[]): Rows {
  const taken = new Set<string>([...OWN.map(({ name }) => name), ...METRIC_NAMES])
  const parameters = strategy.parameterSpace.map(({ name }) => (taken.has(name) ? `${name}_parameter` : name))
  const figures = [...parameters, ...METRIC_NAMES].map((name) => ({ name, kind: 'NUMBER' as const }))
  return {
    columns: [...OWN, ...figures],
    rows: samples.map(({ index, split, objective, predicted, values }) => [
      index,
      split,
      objective,
      predicted,
      ...values,
    ]),
  }
}
