import { useMemo, useState } from 'react'
import { useQuery } from 'urql'
import { SurfaceMap, type Side } from '../../charts/surface-map.tsx'
import { Answer } from '../../components/answer.tsx'
import { SelectField } from '../../components/field.tsx'
import { Section } from '../../components/page.tsx'
import { JobSurfaceDocument, type JobDriversQuery } from '../../generated/graphql.ts'
import { formatObjective, objectiveLabel } from '../../metrics.ts'
import { pack, unpack } from '../../packed.ts'

type Job = NonNullable<JobDriversQuery['tuningJob']>

/** How two parameters work together, as the model has it; the others stand at the best set. */
export function Surface({ job }: { job: Job }) {
  const { model, objective, sensitivity, bestParameters } = job
  const ranked = sensitivity.toSorted((a, b) => (b.total ?? 0) - (a.total ?? 0))
  const [chosen, setChosen] = useState({ x: ranked[0]?.parameter ?? '', y: ranked[1]?.parameter ?? '' })
  if (!model || !bestParameters || sensitivity.length < 2) return null
  const label = objectiveLabel(objective)
  const names = sensitivity.map(({ parameter }) => [parameter, parameter] as const)
  /** A parameter that stands on the other side already changes places with it. */
  const choose = (side: 'x' | 'y', name: string) => {
    const other = side === 'x' ? 'y' : 'x'
    setChosen({ ...chosen, ...(name === chosen[other] && { [other]: chosen[side] }), [side]: name })
  }
  return (
    <Section
      title="Two parameters together"
      lead={`Predicted ${label} over two parameters, the others as in the best set. A wide good area is worth more than a high peak.`}
      aside={
        <div className="aside-fields">
          <SelectField label="Across" value={chosen.x} options={names} onChange={(name) => choose('x', name)} />
          <SelectField label="Up" value={chosen.y} options={names} onChange={(name) => choose('y', name)} />
        </div>
      }
    >
      <Scored
        modelId={model.id}
        best={bestParameters}
        x={sideOf(job, chosen.x)}
        y={sideOf(job, chosen.y)}
        label={label}
        format={(value) => formatObjective(objective, value)}
      />
    </Section>
  )
}

/** The grid on which the sensitivity of the parameter was computed. */
function sideOf({ sensitivity, bestParameters }: Job, parameter: string): Side {
  const points = sensitivity.find((one) => one.parameter === parameter)?.points ?? []
  return { parameter, values: points.map(({ value }) => value), best: bestParameters?.[parameter] }
}

interface ScoredProps {
  modelId: string
  best: Record<string, number>
  x: Side
  y: Side
  label: string
  format: (value: number) => string
}

function Scored({ modelId, best, x, y, label, format }: ScoredProps) {
  const candidates = useMemo(() => gridOf(best, x, y), [best, x, y])
  const [state, retry] = useQuery({
    query: JobSurfaceDocument,
    variables: { modelId, candidates },
    requestPolicy: 'cache-first',
  })
  return (
    <Answer state={state} retry={() => retry({ requestPolicy: 'network-only' })}>
      {({ scoreCandidates }) => {
        const cells = unpack(scoreCandidates.predictedPacked)
        // while the next map is on its way, the last one has other sides
        if (cells.length !== x.values.length * y.values.length) return null
        return <SurfaceMap x={x} y={y} cells={cells} label={label} format={format} />
      }}
    </Answer>
  )
}

/** Every pair of values, row by row of y, in the columns of the API. */
function gridOf(best: Record<string, number>, x: Side, y: Side): { names: string[]; packed: string } {
  const names = Object.keys(best)
  const rows = y.values.flatMap((up) =>
    x.values.map((across) => ({ ...best, [x.parameter]: across, [y.parameter]: up })),
  )
  return { names, packed: pack(Float64Array.from(rows.flatMap((row) => names.map((name) => row[name])))) }
}
