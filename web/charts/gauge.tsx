import type { Tone } from '../components/badge.tsx'

const RADIUS = 80
const CENTRE = 100
const WIDTH = 14

interface Props {
  /** 0..100 */
  value: number
  /** What it must reach: a mark on the arc. */
  needed: number
  tone: Tone
  label: string
}

/** A half circle that fills with the score. */
export function Gauge({ value, needed, tone, label }: Props) {
  const arc = (share: number) => {
    const angle = Math.PI * (1 - share)
    return [CENTRE + RADIUS * Math.cos(angle), CENTRE - RADIUS * Math.sin(angle)] as const
  }
  const path = (share: number) => {
    const [x, y] = arc(share)
    return `M${CENTRE - RADIUS} ${CENTRE}A${RADIUS} ${RADIUS} 0 0 1 ${x.toFixed(2)} ${y.toFixed(2)}`
  }
  const angle = 180 * (needed / 100) - 180
  return (
    <svg className={`gauge ${tone}`} viewBox="0 0 200 118" role="img" aria-label={label}>
      <path className="gauge-track" d={path(1)} strokeWidth={WIDTH} />
      {value > 0 && <path className="gauge-value" d={path(Math.min(1, value / 100))} strokeWidth={WIDTH} />}
      <g transform={`rotate(${angle} ${CENTRE} ${CENTRE})`}>
        <line className="gauge-mark" x1={CENTRE + RADIUS - 11} x2={CENTRE + RADIUS + 11} y1={CENTRE} y2={CENTRE} />
      </g>
      <text className="gauge-number" x={CENTRE} y={CENTRE - 8} textAnchor="middle">
        {Math.round(value)}
      </text>
      <text className="gauge-unit" x={CENTRE} y={CENTRE + 13} textAnchor="middle">
        of 100, {needed} needed
      </text>
    </svg>
  )
}
