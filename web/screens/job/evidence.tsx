import { useQuery } from 'urql'
import { Answer } from '../../components/answer.tsx'
import { Section } from '../../components/page.tsx'
import { Table } from '../../components/table.tsx'
import { percent, whole } from '../../format.ts'
import { JobEvidenceDocument, type JobEvidenceQuery } from '../../generated/graphql.ts'
import { Link } from '../../router.tsx'
import { NotFound } from '../not-found.tsx'
import { MonteCarlo } from './monte-carlo.tsx'
import { RobustnessFigures } from './robustness.tsx'
import { WalkForward } from './walk-forward.tsx'

export type Evidence = NonNullable<JobEvidenceQuery['tuningJob']>

/** Could it be luck? What stands behind the gates. */
export function JobEvidence({ id }: { id: string }) {
  const [state, retry] = useQuery({ query: JobEvidenceDocument, variables: { id } })
  return (
    <Answer state={state} retry={() => retry()}>
      {({ tuningJob: job }) =>
        job ? (
          <>
            <RobustnessFigures robustness={job.robustness} />
            <WalkForward job={job} />
            <MonteCarlo methods={job.monteCarloMethods} />
            <Stress job={job} />
          </>
        ) : (
          <NotFound what="job" back={<Link to="/">Go to the jobs</Link>} />
        )
      }
    </Answer>
  )
}

const PERIODS = { IN_SAMPLE: 'In sample', OUT_OF_SAMPLE: 'Out of sample' } as const

/** The same trades under worse conditions. */
function Stress({ job: { stress } }: { job: Evidence }) {
  if (stress.length === 0) return null
  return (
    <Section
      title="Under worse conditions"
      lead="ROI at double costs; and where a bar touched stop and target, with the one or the other filled first. An edge that lives on the order within a bar is none."
    >
      <Table
        caption="Stress tests"
        rows={stress}
        rowKey={({ period }) => period}
        columns={[
          { title: 'Period', cell: ({ period }) => PERIODS[period] },
          { title: 'At double costs', figure: true, cell: ({ doubleCosts }) => percent(doubleCosts.roi) },
          { title: 'Bars with both', figure: true, cell: ({ ambiguous }) => whole(ambiguous) },
          { title: 'Stop first', figure: true, cell: ({ roiStopFirst }) => percent(roiStopFirst) },
          { title: 'Target first', figure: true, cell: ({ roiTargetFirst }) => percent(roiTargetFirst) },
        ]}
      />
    </Section>
  )
}
