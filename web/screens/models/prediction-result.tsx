import { percent, whole } from '../../format.ts'
import type { PredictionRowFragment } from '../../generated/graphql.ts'

interface Props {
  prediction: PredictionRowFragment
  label: string
  show: (value: number | null) => string
}

/** One answer of a model, large, with how far it may be trusted. */
export function PredictionResult({ prediction, label, show }: Props) {
  const { predictedValue, interval, confidence, outOfDomain } = prediction
  return (
    <div className="prediction" role="status">
      <p className="prediction-value">
        {show(predictedValue)} <span className="muted">{label}</span>
      </p>
      <p>
        {percent(interval.level, 0)} of typical sets like this come out between <b>{show(interval.low)}</b> and{' '}
        <b>{show(interval.high)}</b>. Confidence <b>{whole(confidence)}</b> of 100: the probability that a real backtest
        reaches the reference of the job.
      </p>
      {outOfDomain && (
        <p className="message warn">
          Outside of what the model has seen: it has to extrapolate. Backtest before you believe it.
        </p>
      )}
    </div>
  )
}
