import { Plot } from './plot.tsx'
import { around } from './scale.ts'

interface Forecast {
  id: string
  predictedValue: number
  actualValue: number
  interval: { low: number; high: number }
}

/** Predictions one after the other, each with its interval and with what came of it. */
export function ForecastChart({
  forecasts,
  format,
}: {
  forecasts: readonly Forecast[]
  format: (value: number) => string
}) {
  const y = around(
    forecasts.flatMap(({ predictedValue, actualValue, interval }) => [
      predictedValue,
      actualValue,
      interval.low,
      interval.high,
    ]),
  )
  return (
    <Plot
      label={`Predicted against backtested, ${forecasts.length} predictions in order of time`}
      height={260}
      x={[0.5, forecasts.length + 0.5]}
      y={y}
      formatX={(at) => (Number.isInteger(at) ? String(at) : '')}
      formatY={format}
      titleX="Prediction, oldest first"
    >
      {(frame) =>
        forecasts.map(({ id, predictedValue, actualValue, interval }, at) => (
          <g key={id} transform={`translate(${frame.x(at + 1).toFixed(1)} 0)`}>
            <title>{`Predicted ${format(predictedValue)}, backtested ${format(actualValue)}`}</title>
            <line className="interval" y1={frame.y(interval.low)} y2={frame.y(interval.high)} />
            <circle className="dot TRAIN" cy={frame.y(predictedValue)} r={4} />
            <rect className="dot VALIDATION" x={-4} y={frame.y(actualValue) - 4} width={8} height={8} />
          </g>
        ))
      }
    </Plot>
  )
}
