import { useQuery } from 'urql'
import { failureOf, type Failure } from '../../failure.ts'
import { EstimateJobDocument, type CreateTuningJobInput, type EstimateJobQuery } from '../../generated/graphql.ts'
import { useDebounced } from '../../hooks/use-debounced.ts'

const TYPING_MS = 400
const NOTHING: CreateTuningJobInput = {
  strategyId: '',
  marketId: '',
  trainingPeriod: { from: '', to: '' },
  testPeriod: { from: '', to: '' },
}

interface Estimated {
  estimate: EstimateJobQuery['estimateTuningJob'] | null
  /** What is wrong with the job, as far as can be told before its candles are read. */
  failure: Failure | null
  /** The form has changed since, or the answer is on its way. */
  settling: boolean
}

/** What a job would cost, once nobody has typed for a moment. @param input null while the form cannot be read */
export function useEstimate(input: CreateTuningJobInput | null): Estimated {
  const text = JSON.stringify(input)
  const settled = useDebounced(text, TYPING_MS)
  const asked = JSON.parse(settled) as CreateTuningJobInput | null
  const [{ data, error, fetching }] = useQuery({
    query: EstimateJobDocument,
    variables: { input: asked ?? NOTHING },
    pause: asked === null,
    requestPolicy: 'network-only',
  })
  const settling = fetching || text !== settled
  return {
    estimate: error ? null : (data?.estimateTuningJob ?? null),
    failure: error && !settling && asked ? failureOf(error) : null,
    settling,
  }
}
