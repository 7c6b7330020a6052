import { useQuery } from 'urql'
import { EquityChart } from '../../charts/equity-chart.tsx'
import { Answer } from '../../components/answer.tsx'
import { EquityCurveDocument, type ExecutionFragment, type JobHeadFragment } from '../../generated/graphql.ts'
import { backtestInput, EQUITY_POINTS } from './backtest-input.ts'

interface Props {
  job: JobHeadFragment
  execution: ExecutionFragment
  parameters: Record<string, number>
}

/** The equity of the best set over the test period: the backtest is run again, in milliseconds. */
export function OutOfSampleEquity({ job, execution, parameters }: Props) {
  const [state, retry] = useQuery({
    query: EquityCurveDocument,
    variables: { input: backtestInput(job, execution, parameters, job.testPeriod), maxPoints: EQUITY_POINTS },
    requestPolicy: 'cache-first',
  })
  return (
    <Answer state={state} retry={() => retry({ requestPolicy: 'network-only' })}>
      {({ backtest }) => <EquityChart points={backtest.equity} initialCapital={execution.initialCapital} />}
    </Answer>
  )
}
