import { useMutation, useQuery } from 'urql'
import { Answer } from '../../components/answer.tsx'
import { Badge } from '../../components/badge.tsx'
import { ConfirmButton } from '../../components/confirm-button.tsx'
import { useNotify } from '../../components/notice.tsx'
import { Prose } from '../../components/prose.tsx'
import { Page, Section } from '../../components/page.tsx'
import { Rules } from '../../components/rules.tsx'
import { SpaceTable } from '../../components/space-table.tsx'
import { refusalOf } from '../../failure.ts'
import { whole } from '../../format.ts'
import { DeleteStrategyDocument, StrategyDocument } from '../../generated/graphql.ts'
import { useMay } from '../../hooks/use-may.ts'
import { Link, navigate } from '../../router.tsx'
import { NotFound } from '../not-found.tsx'

/** One strategy: its rules and what varies in them. */
export function Strategy({ id }: { id: string }) {
  const [state, retry] = useQuery({ query: StrategyDocument, variables: { id } })
  const strategy = state.data?.strategy
  if (state.data && !strategy)
    return <NotFound what="strategy" back={<Link to="/strategies">Go to the strategies</Link>} />
  return (
    <Page
      title={strategy?.name ?? 'Strategy'}
      above={
        strategy &&
        (strategy.builtIn ? (
          <Badge tone="plain">built in</Badge>
        ) : (
          <Badge tone="info">version {strategy.version}</Badge>
        ))
      }
      actions={strategy && <Actions id={id} name={strategy.name} builtIn={strategy.builtIn} />}
    >
      <Answer state={state} retry={() => retry()}>
        {() =>
          strategy && (
            <>
              {strategy.description && (
                <p className="lead">
                  <Prose text={strategy.description} />
                </p>
              )}
              <Section
                title="Rules"
                lead={`Parameters are in colour. The first signal can come after ${whole(strategy.warmupBars)} bars; orders fill at the next open.`}
                aside={<Link to="/strategies/indicators">What the indicators mean</Link>}
              >
                <Rules rules={strategy} parameters={strategy.parameterSpace.map(({ name }) => name)} />
              </Section>
              <Section title="Parameter space" lead="What varies. A job may use other ranges.">
                <SpaceTable space={strategy.parameterSpace} />
              </Section>
            </>
          )
        }
      </Answer>
    </Page>
  )
}

/** What can be done with it; a built-in one stays as it is, but can be copied. */
function Actions({ id, name, builtIn }: { id: string; name: string; builtIn: boolean }) {
  const isTuner = useMay('TUNER')
  const notify = useNotify()
  const [, remove] = useMutation(DeleteStrategyDocument)
  const confirm = async () => {
    const answer = await remove({ id }, { additionalTypenames: ['Strategy'] })
    const refusal = refusalOf(answer, answer.data?.deleteStrategy)
    if (refusal) return notify('bad', refusal.message)
    notify('good', `${name}: deleted.`)
    navigate('/strategies', { replace: true })
  }
  return (
    <>
      {isTuner && !builtIn && (
        <ConfirmButton
          danger
          question={`Delete ${name}?`}
          consequence="A strategy that jobs have run on stays. This cannot be undone."
          act="Delete"
          onConfirm={confirm}
        >
          Delete
        </ConfirmButton>
      )}
      <Link to={`/strategies/new?from=${id}`} className="button">
        Copy
      </Link>
      {!builtIn && (
        <Link to={`/strategies/${id}/edit`} className="button">
          Edit
        </Link>
      )}
      {isTuner && (
        <Link to={`/jobs/new?strategy=${id}`} className="button primary">
          Tune it
        </Link>
      )}
    </>
  )
}
