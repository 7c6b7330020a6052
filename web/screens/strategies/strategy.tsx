import { useQuery } from 'urql'
import { Answer } from '../../components/answer.tsx'
import { Badge } from '../../components/badge.tsx'
import { Prose } from '../../components/prose.tsx'
import { Page, Section } from '../../components/page.tsx'
import { Rules } from '../../components/rules.tsx'
import { SpaceTable } from '../../components/space-table.tsx'
import { whole } from '../../format.ts'
import { StrategyDocument } from '../../generated/graphql.ts'
import { Link } from '../../router.tsx'
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
      actions={
        <Link to={`/jobs/new?strategy=${id}`} className="button primary">
          Tune it
        </Link>
      }
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
