import { useState } from 'react'
import { useMutation } from 'urql'
import { Allowed } from '../../components/allowed.tsx'
import { FailureBox, ListEnds } from '../../components/answer.tsx'
import { useNotify } from '../../components/notice.tsx'
import { Section } from '../../components/page.tsx'
import { ParameterList } from '../../components/parameter-list.tsx'
import { Table } from '../../components/table.tsx'
import { refusalOf, type Failure } from '../../failure.ts'
import { NONE, percent, time, whole } from '../../format.ts'
import {
  ModelPredictionsDocument,
  type ModelPredictionsQuery,
  PredictDocument,
  VerifyPredictionDocument,
  type PredictionRowFragment,
} from '../../generated/graphql.ts'
import { usePages } from '../../hooks/use-pages.ts'
import { formatObjective, objectiveLabel } from '../../metrics.ts'
import { ParameterForm } from '../job/parameter-form.tsx'
import type { ModelData } from './model.tsx'
import { TrackRecord } from './track-record.tsx'
import { PredictionResult } from './prediction-result.tsx'

const PAGE_SIZE = 10
const ASKERS = ['TUNER', 'BOT'] as const

/** Ask the model about a parameter set; it keeps what it said. */
export function Predict({ model, onChecked }: { model: ModelData; onChecked: () => void }) {
  const notify = useNotify()
  const [, check] = useMutation(VerifyPredictionDocument)
  const [, ask] = useMutation(PredictDocument)
  const [prediction, setPrediction] = useState<PredictionRowFragment | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)
  const [busy, setBusy] = useState(false)
  const history = usePages(ModelPredictionsDocument, { id: model.id, first: PAGE_SIZE }, predictionsOf)
  const space = model.job?.parameterSpace ?? model.strategy.parameterSpace
  const label = objectiveLabel(model.objective)
  const show = (value: number | null) => formatObjective(model.objective, value)

  const predict = async (parameters: Record<string, number>) => {
    setBusy(true)
    const answer = await ask({ modelId: model.id, parameters })
    const result = answer.data?.predict
    setBusy(false)
    setFailure(refusalOf(answer, result))
    setPrediction(result && 'prediction' in result ? result.prediction : null)
    history.refresh()
  }
  const verify = async (id: string) => {
    const answer = await check({ id })
    const refusal = refusalOf(answer, answer.data?.verifyPrediction)
    if (refusal) return notify('bad', refusal.message)
    history.refresh()
    onChecked()
  }
  const errors = Object.fromEntries(
    (failure?.fieldErrors ?? []).map(({ path, message }) => [path.at(-1) ?? '', message]),
  )
  return (
    <>
      <Section
        title={`Predict ${label}`}
        lead="What would this parameter set earn? An answer in milliseconds, without a backtest."
      >
        <Allowed role={ASKERS} instead={<p className="hint">To ask a model takes the role of a tuner or of a bot.</p>}>
          <ParameterForm
            space={space}
            values={startOf(model)}
            act="Predict"
            busy={busy}
            errors={errors}
            onSubmit={(parameters) => void predict(parameters)}
          />
        </Allowed>
        {failure && failure.fieldErrors.length === 0 && <FailureBox failure={failure} />}
        {prediction && <PredictionResult prediction={prediction} label={label} show={show} />}
      </Section>
      {history.nodes.length > 0 && (
        <Section title="What it was asked before">
          <Table
            caption="Predictions, newest first"
            rows={history.nodes}
            rowKey={({ id }) => id}
            columns={[
              { title: 'Asked (UTC)', cell: ({ createdAt }) => <span className="nowrap">{time(createdAt)}</span> },
              {
                title: 'Parameters',
                cell: ({ parameters }) => <ParameterList parameters={parameters} space={space} />,
              },
              { title: label, figure: true, cell: ({ predictedValue }) => <b>{show(predictedValue)}</b> },
              {
                title: 'Interval',
                figure: true,
                cell: ({ interval: { low, high, level } }) => (
                  <span className="nowrap" title={percent(level, 0)}>
                    {show(low)} to {show(high)}
                  </span>
                ),
              },
              { title: 'Confidence', figure: true, cell: ({ confidence }) => whole(confidence) },
              {
                title: 'Backtested',
                figure: true,
                cell: ({ id, actualValue }) =>
                  actualValue === null ? (
                    <Allowed role={ASKERS} instead={NONE}>
                      <button type="button" className="small" onClick={() => void verify(id)}>
                        Check it
                      </button>
                    </Allowed>
                  ) : (
                    show(actualValue)
                  ),
              },
            ]}
          />
          <ListEnds pages={history} />
        </Section>
      )}
      <TrackRecord model={model} predictions={history.nodes} show={show} />
    </>
  )
}

/** The form begins with the best set of the job, or with the defaults. */
function startOf({ job, strategy }: ModelData): Record<string, number | null> {
  const space = job?.parameterSpace ?? strategy.parameterSpace
  return Object.fromEntries(
    space.map(({ name, default: usual, low }) => [name, job?.bestParameters?.[name] ?? usual ?? low]),
  )
}

function predictionsOf(data: ModelPredictionsQuery) {
  return data.predictions
}
