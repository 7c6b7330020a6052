import { useQuery } from 'urql'
import { Answer } from '../../components/answer.tsx'
import { Page } from '../../components/page.tsx'
import { StrategyDocument } from '../../generated/graphql.ts'
import { useMay } from '../../hooks/use-may.ts'
import { useSearch } from '../../hooks/use-search.ts'
import { Link } from '../../router.tsx'
import { NotFound } from '../not-found.tsx'
import { draftOf, newStrategy } from './strategy-draft.ts'
import { StrategyForm } from './strategy-form.tsx'

/** A new strategy: from a small example, or from one that there is. */
export function NewStrategy() {
  const [search] = useSearch()
  const from = search.get('from')
  return (
    <Page title="New strategy" above={<Link to="/strategies">Strategies</Link>}>
      <ForTuners />
      {from === null ? <StrategyForm id={null} initial={newStrategy()} /> : <Loaded id={from} isCopy />}
    </Page>
  )
}

/** The next version of a strategy. Jobs that ran on an earlier one keep theirs. */
export function EditStrategy({ id }: { id: string }) {
  return (
    <Page title="Edit the strategy" above={<Link to={`/strategies/${id}`}>The strategy as it is</Link>}>
      <ForTuners />
      <Loaded id={id} isCopy={false} />
    </Page>
  )
}

function ForTuners() {
  if (useMay('TUNER')) return null
  return <p className="message warn">You can try rules out here; to save them takes the role of a tuner.</p>
}

function Loaded({ id, isCopy }: { id: string; isCopy: boolean }) {
  const [state, retry] = useQuery({ query: StrategyDocument, variables: { id } })
  return (
    <Answer state={state} retry={() => retry()}>
      {({ strategy }) => {
        if (!strategy) return <NotFound what="strategy" back={<Link to="/strategies">Go to the strategies</Link>} />
        const draft = draftOf(strategy)
        const name = isCopy ? `${draft.name} copy` : draft.name
        return <StrategyForm id={isCopy ? null : id} initial={{ ...draft, name }} />
      }}
    </Answer>
  )
}
