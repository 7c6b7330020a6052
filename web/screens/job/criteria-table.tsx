import { criterionInfo, neededBy, questionOf } from './criteria.ts'
import type { Criterion } from './types.ts'

/** Lines of the verdict: what is asked, what came out, what is needed, and whether that is enough. */
export function CriteriaTable({
  caption,
  lines,
  points,
}: {
  caption: string
  lines: readonly Criterion[]
  points: boolean
}) {
  return (
    <table className="criteria">
      <caption className="unseen">{caption}</caption>
      <thead>
        <tr>
          <th scope="col">
            <span className="unseen">Result</span>
          </th>
          <th scope="col">{caption}</th>
          <th scope="col" className="figure">
            Value
          </th>
          <th scope="col" className="figure">
            Needed
          </th>
          {points && (
            <th scope="col" className="figure">
              Points
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {lines.map((line) => (
          <CriterionRow key={line.name} line={line} points={points} />
        ))}
      </tbody>
    </table>
  )
}

function CriterionRow({ line, points }: { line: Criterion; points: boolean }) {
  const { label, format } = criterionInfo(line)
  const { question, missing } = questionOf(line)
  const { value, passed } = line
  const state = passed ? 'passed' : value === null ? 'open' : 'failed'
  return (
    <tr className={state}>
      <td>
        <span className="mark" role="img" aria-label={state === 'open' ? missing : state}>
          {{ passed: '✓', failed: '✗', open: '?' }[state]}
        </span>
      </td>
      <th scope="row">
        {label}
        <span className="sub">{question}</span>
      </th>
      <td className="figure nowrap">{value === null ? <span className="muted">{missing}</span> : format(value)}</td>
      <td className="figure nowrap">{neededBy(line)}</td>
      {points && (
        <td className="figure nowrap">
          {line.points} <span className="muted">of {line.maxPoints}</span>
        </td>
      )}
    </tr>
  )
}
