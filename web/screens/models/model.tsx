import { useQuery } from 'urql'
import { Answer } from '../../components/answer.tsx'
import { Badge, SyntheticBadge } from '../../components/badge.tsx'
import { Facts, type Fact } from '../../components/facts.tsx'
import { Page, Section } from '../../components/page.tsx'
import { bytes, figure, time } from '../../format.ts'
import { ModelDocument, type ModelQuery } from '../../generated/graphql.ts'
import { objectiveLabel } from '../../metrics.ts'
import { Link } from '../../router.tsx'
import { algorithmName, sentence } from '../../words.ts'
import { ScoresTable } from '../job/model-fit.tsx'
import { NotFound } from '../not-found.tsx'
import { ModelDuty } from './model-duty.tsx'
import { Predict } from './predict.tsx'

export type ModelData = NonNullable<ModelQuery['model']>

/** One model: what it predicts, how well, and a form to ask it. */
export function Model({ id }: { id: string }) {
  const [state, retry] = useQuery({ query: ModelDocument, variables: { id } })
  const model = state.data?.model
  if (state.data && !model) return <NotFound what="model" back={<Link to="/models">Go to the models</Link>} />
  return (
    <Page title={model ? `${model.name} v${model.version}` : 'Model'} above={model && <Where model={model} />}>
      <Answer state={state} retry={() => retry()}>
        {() =>
          model && (
            <>
              <Predict model={model} onChecked={() => retry({ requestPolicy: 'network-only' })} />
              <ModelDuty model={model} />
              <Section
                title="How well it fits"
                lead="Training: the samples it learned from. Validation and test: samples it has not seen."
                aside={model.job && <Link to={`/jobs/${model.job.id}/fit`}>Point by point</Link>}
              >
                <ScoresTable
                  objective={model.objective}
                  training={model.training}
                  validation={model.validation}
                  test={model.test}
                />
              </Section>
              <Section title="Record">
                <Facts facts={factsOf(model)} />
              </Section>
            </>
          )
        }
      </Answer>
    </Page>
  )
}

function Where({ model }: { model: ModelData }) {
  return (
    <>
      {model.active && <Badge tone="good">active</Badge>}{' '}
      {model.aliases.map((alias) => (
        <Badge key={alias} tone="info">
          {alias}
        </Badge>
      ))}{' '}
      <Link to={`/strategies/${model.strategy.id}`}>{model.strategy.name}</Link> on{' '}
      <Link to={`/markets/${model.market.id}`}>{model.market.symbol}</Link>{' '}
      {model.market.synthetic && <SyntheticBadge />}
    </>
  )
}

function factsOf(model: ModelData): Fact[] {
  const hyperparameters = Object.entries((model.hyperparameters ?? {}) as Record<string, number>)
  return [
    [
      'Job',
      model.job ? (
        <Link key="job" to={`/jobs/${model.job.id}`}>
          {model.job.name}
        </Link>
      ) : (
        'deleted'
      ),
    ],
    ['Predicts', objectiveLabel(model.objective)],
    ['Algorithm', algorithmName(model.algorithm)],
    ...hyperparameters.map(([name, value]) => [sentence(name), figure(value, 4)] as const),
    ['Features', model.featureNames.join(', ')],
    ['Trained (UTC)', time(model.createdAt)],
    ['Size', bytes(model.sizeBytes)],
    ['Id', <code key="id">{model.id}</code>],
    ['Checksum', <code key="checksum">{model.checksum}</code>],
  ]
}
