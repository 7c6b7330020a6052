import { percent } from '../format.ts'
import { linePath } from './path.ts'
import { paretoFront, type Outcome } from './pareto.ts'
import { Plot } from './plot.tsx'
import { around } from './scale.ts'

interface Candidate extends Outcome {
  rank: number
}

/** What each candidate earns against how deep it fell; those on the line are beaten by no other in both. */
export function ParetoChart({ outcomes, period }: { outcomes: readonly Candidate[]; period: string }) {
  const front = paretoFront(outcomes)
  const onFront = new Set(front.map(({ rank }) => rank))
  return (
    <Plot
      label={`ROI against maximal drawdown of ${outcomes.length} candidates, ${period}`}
      height={320}
      x={around(outcomes.map(({ risk }) => risk))}
      y={around(outcomes.map(({ gain }) => gain))}
      formatX={percent}
      formatY={percent}
      titleX={`Max. drawdown, ${period}`}
      titleY={`ROI, ${period}`}
    >
      {(frame) => (
        <>
          <path className="front" d={linePath(front.map(({ risk, gain }) => [frame.x(risk), frame.y(gain)]))} />
          {outcomes.map(({ rank, risk, gain }) => (
            <g key={rank} transform={`translate(${frame.x(risk).toFixed(1)} ${frame.y(gain).toFixed(1)})`}>
              <circle className={onFront.has(rank) ? 'dot VALIDATION' : 'dot TRAIN'} r={onFront.has(rank) ? 5 : 4}>
                <title>{`Candidate ${rank}: ROI ${percent(gain)}, drawdown ${percent(risk)}`}</title>
              </circle>
              <text x={7} y={-5} aria-hidden="true">
                {rank}
              </text>
            </g>
          ))}
        </>
      )}
    </Plot>
  )
}
