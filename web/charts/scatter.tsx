import type { SampleSplit } from '../generated/graphql.ts'
import { Plot } from './plot.tsx'
import { around, type Domain } from './scale.ts'

export interface ScatterPoint {
  index: number
  split: SampleSplit
  predicted: number
  actual: number
}

interface Props {
  points: readonly ScatterPoint[]
  format: (value: number) => string
  objective: string
}

/** Each part has a colour and a shape of its own: not everybody tells the colours apart. */
const SHAPE: Partial<Record<SampleSplit, string>> = {
  TRAIN: 'M-2.5 0a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0',
  VALIDATION: 'M-3.2-3.2h6.4v6.4h-6.4z',
  TEST: 'M0-4.2L4 3.2H-4z',
}

/** The marker of a part, for legends. */
export function SplitMark({ split }: { split: SampleSplit }) {
  return (
    <svg className="legend-mark" viewBox="-6 -6 12 12" aria-hidden="true">
      <path className={`dot ${split}`} d={SHAPE[split] ?? ''} />
    </svg>
  )
}

/** What the model said against what the backtest answered; a perfect model puts all points on the diagonal. */
export function Scatter({ points, format, objective }: Props) {
  const x = around(points.map(({ predicted }) => predicted))
  const y = around(points.map(({ actual }) => actual))
  const both: Domain = [Math.max(x[0], y[0]), Math.min(x[1], y[1])]
  return (
    <Plot
      label={`Predicted against actual ${objective} of ${points.length} samples`}
      height={380}
      x={x}
      y={y}
      formatX={format}
      formatY={format}
      titleX={`Predicted ${objective}`}
      titleY={`Backtested ${objective}`}
    >
      {(frame) => (
        <>
          {both[0] < both[1] && (
            <line
              className="diagonal"
              x1={frame.x(both[0])}
              y1={frame.y(both[0])}
              x2={frame.x(both[1])}
              y2={frame.y(both[1])}
            />
          )}
          {points.map(({ index, split, predicted, actual }) => (
            <path
              key={index}
              className={`dot ${split}`}
              d={SHAPE[split] ?? ''}
              transform={`translate(${frame.x(predicted).toFixed(1)} ${frame.y(actual).toFixed(1)})`}
            >
              <title>{`Sample ${index}: predicted ${format(predicted)}, backtested ${format(actual)}`}</title>
            </path>
          ))}
        </>
      )}
    </Plot>
  )
}
