import { useQuery } from 'urql'
import { Answer, Empty, Loading } from '../../components/answer.tsx'
import { Page } from '../../components/page.tsx'
import { JobChoicesDocument, JobSettingsDocument } from '../../generated/graphql.ts'
import { useSearch } from '../../hooks/use-search.ts'
import { Link } from '../../router.tsx'
import { copiedDraft, newDraft, type Choices, type JobSettings } from './draft.ts'
import { JobForm } from './job-form.tsx'

/** The form that starts a job: empty, on a strategy or a market, or with the settings of another job. */
export function NewJob() {
  const [search] = useSearch()
  const copied = search.get('copy') ?? ''
  const [choices, askChoices] = useQuery({ query: JobChoicesDocument })
  const [settings] = useQuery({ query: JobSettingsDocument, variables: { id: copied }, pause: copied === '' })
  const waits = copied !== '' && settings.fetching
  return (
    <Page title="New job">
      {copied !== '' && settings.data && !settings.data.tuningJob && (
        <p className="message warn">The job to copy is gone; the form begins with the usual settings.</p>
      )}
      <Answer state={choices} retry={() => askChoices()}>
        {(data) =>
          waits ? (
            <Loading />
          ) : (
            <Form
              choices={data}
              job={settings.data?.tuningJob ?? null}
              wishes={{ strategyId: search.get('strategy'), marketId: search.get('market') }}
            />
          )
        }
      </Answer>
    </Page>
  )
}

interface Props {
  choices: Choices
  job: JobSettings | null
  wishes: { strategyId: string | null; marketId: string | null }
}

function Form({ choices, job, wishes }: Props) {
  if (choices.markets.nodes.length === 0) {
    return (
      <Empty title="There are no candles to tune on yet.">
        <p>
          <Link to="/markets">Import a file of candles</Link>, or stop the server and run <code>npm run demo</code>,
          which makes two synthetic markets.
        </p>
      </Empty>
    )
  }
  return (
    <JobForm choices={choices} initial={job ? copiedDraft(job) : newDraft(choices, wishes)} isCopy={job !== null} />
  )
}
