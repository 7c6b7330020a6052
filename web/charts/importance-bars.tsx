import { percent } from '../format.ts'

interface Feature {
  feature: string
  /** Share, 0..1. */
  importance: number
  standardDeviation: number | null
}

/** Importances as bars, the spread over the repeats as a whisker around each end. */
export function ImportanceBars({ features }: { features: readonly Feature[] }) {
  const most = Math.max(
    1e-9,
    ...features.map(({ importance, standardDeviation }) => importance + (standardDeviation ?? 0)),
  )
  const width = (value: number) => `${(100 * Math.max(0, value)) / most}%`
  return (
    <ol className="bars">
      {features.map(({ feature, importance, standardDeviation }) => (
        <li key={feature}>
          <span className="bar-name">{feature}</span>
          <span className="bar-track" aria-hidden="true">
            <span className="bar-fill" style={{ width: width(importance) }} />
            {standardDeviation !== null && standardDeviation > 0 && (
              <span
                className="bar-whisker"
                style={{
                  left: width(importance - standardDeviation),
                  width: width(importance + standardDeviation - Math.max(0, importance - standardDeviation)),
                }}
              />
            )}
          </span>
          <span className="bar-value">
            {percent(importance, 0)}
            {standardDeviation !== null && <span className="muted"> ± {percent(standardDeviation, 0)}</span>}
          </span>
        </li>
      ))}
    </ol>
  )
}
