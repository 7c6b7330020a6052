import { useState, type FormEvent } from 'react'
import { useMutation } from 'urql'
import { FailureBox } from '../../components/answer.tsx'
import { refusalOf, type Failure } from '../../failure.ts'
import { CreateJobDocument } from '../../generated/graphql.ts'
import { useMay } from '../../hooks/use-may.ts'
import { navigate } from '../../router.tsx'
import { CostFields, LimitFields } from './cost-fields.tsx'
import type { Choices, Draft, MarketChoice, StrategyChoice } from './draft.ts'
import { Estimate } from './estimate.tsx'
import { errorsOf, inputOf, type Errors } from './input-of.ts'
import { LearningFields } from './learning-fields.tsx'
import { PeriodFields } from './period-fields.tsx'
import { SpaceFields } from './space-fields.tsx'
import { SubjectFields } from './subject-fields.tsx'
import { useEstimate } from './use-estimate.ts'

/** What the parts of the form share. */
export interface PartProps {
  draft: Draft
  choices: Choices
  strategy: StrategyChoice
  market: MarketChoice
  errors: Errors
  onChange: (draft: Draft) => void
}

/** All settings of a job, what they would cost, and the button that starts it. */
export function JobForm({ choices, initial, isCopy }: { choices: Choices; initial: Draft; isCopy: boolean }) {
  const [draft, setDraft] = useState(initial)
  const [refusal, setRefusal] = useState<Failure | null>(null)
  const [busy, setBusy] = useState(false)
  const [, create] = useMutation(CreateJobDocument)
  const isTuner = useMay('TUNER')

  const strategy = choices.strategies.nodes.find(({ id }) => id === draft.strategyId) ?? choices.strategies.nodes[0]
  const market = choices.markets.nodes.find(({ id }) => id === draft.marketId) ?? choices.markets.nodes[0]
  const space = strategy.parameterSpace
  const reading = inputOf(draft, space)
  const estimate = useEstimate(reading.input)
  const found = refusal ?? estimate.failure
  const errors: Errors = { ...errorsOf(found?.fieldErrors ?? [], draft, space), ...reading.errors }

  const change = (next: Draft) => {
    setDraft(next)
    setRefusal(null)
  }
  const start = async (event: FormEvent) => {
    event.preventDefault()
    if (!reading.input) return focusFirstError()
    setBusy(true)
    const answer = await create({ input: reading.input }, { additionalTypenames: ['TuningJob'] })
    const result = answer.data?.createTuningJob
    setBusy(false)
    if (result && 'job' in result) return navigate(`/jobs/${result.job.id}`)
    setRefusal(refusalOf(answer, result))
    requestAnimationFrame(focusFirstError)
  }
  const part: PartProps = { draft, choices, strategy, market, errors, onChange: change }
  return (
    <form className="job-form" onSubmit={(event) => void start(event)} noValidate>
      <div className="job-form-parts">
        <SubjectFields {...part} />
        <PeriodFields {...part} />
        <LearningFields {...part} />
        <SpaceFields {...part} open={isCopy} />
        <CostFields {...part} />
        <LimitFields {...part} />
      </div>
      <aside className="job-form-aside" aria-label="Estimate">
        <Estimate estimate={estimate.estimate} settling={estimate.settling} problems={Object.keys(errors).length} />
        {found && found.fieldErrors.length === 0 && <FailureBox failure={found} />}
        <button type="submit" className="primary large" disabled={busy || !isTuner}>
          {busy ? 'Starting …' : 'Start the job'}
        </button>
        {!isTuner && <p className="hint">To start a job takes the role of a tuner; the estimate is for everybody.</p>}
      </aside>
    </form>
  )
}

/** Where something is wrong, in the order of the form; a part that is folded in is opened for it. */
function focusFirstError(): void {
  const control = document.querySelector<HTMLElement>('.job-form [aria-invalid="true"]')
  control?.closest('details')?.setAttribute('open', '')
  control?.focus()
}
