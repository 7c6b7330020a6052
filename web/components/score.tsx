import type { Tone } from './badge.tsx'

/** What the score must reach before anything else is looked at; definitions of the verdict. */
export const ENOUGH = 80
const HALF = 50

/** A high score alone is no good news: a gate may be closed. */
export function scoreTone(score: number, ready: boolean): Tone {
  return ready ? 'good' : score >= HALF ? 'warn' : 'bad'
}

/** The score of a job in a list: a number with a bar under it. */
export function Score({ score, ready }: { score: number; ready: boolean }) {
  return (
    <span
      className={`score ${scoreTone(score, ready)}`}
      title={ready ? 'Ready for production' : 'Not ready for production'}
    >
      <span>
        {Math.round(score)}
        {ready && <span aria-label="ready"> ✓</span>}
      </span>
      <span className="score-bar" aria-hidden="true">
        <span style={{ width: `${score}%` }} />
      </span>
    </span>
  )
}
