import { useQuery } from 'urql'
import { Answer, Empty, ListEnds } from '../../components/answer.tsx'
import { Badge } from '../../components/badge.tsx'
import { Page } from '../../components/page.tsx'
import { count, time } from '../../format.ts'
import { AuditDocument, AuditStateDocument, type AuditQuery, type AuditStateQuery } from '../../generated/graphql.ts'
import { usePages } from '../../hooks/use-pages.ts'
import { CHANNEL } from '../../words.ts'

const PAGE_SIZE = 50

/** Who changed what, and whether this log is as it was written. */
export function Audit() {
  const pages = usePages(AuditDocument, { first: PAGE_SIZE }, entriesOf)
  const [state, read] = useQuery({ query: AuditStateDocument, requestPolicy: 'network-only' })
  return (
    <Page title="Audit">
      <Answer state={state} retry={() => read({ requestPolicy: 'network-only' })}>
        {({ auditVerification }) => <Verification found={auditVerification} />}
      </Answer>
      {pages.totalCount === 0 && (
        <Empty title="Nothing is written down yet.">
          <p>Each change of tokens and playbooks appears here, with who made it.</p>
        </Empty>
      )}
      {pages.nodes.length > 0 && <Entries entries={pages.nodes} />}
      <ListEnds pages={pages} />
    </Page>
  )
}

function Verification({ found }: { found: AuditStateQuery['auditVerification'] }) {
  if (found.intact) {
    return (
      <p>
        <Badge tone="good">intact</Badge> {count(found.entries, 'entry', 'entries')}, each with the hash of the one
        before. Last hash <code className="hash">{found.head}</code>
      </p>
    )
  }
  return (
    <p className="message bad" role="alert">
      Somebody has changed this log at {found.brokenId}: {found.problem} {count(found.entries, 'entry', 'entries')}{' '}
      before it are as they were written.
    </p>
  )
}

function Entries({ entries }: { entries: readonly AuditQuery['auditLog']['nodes'][number][] }) {
  return (
    <table className="cards">
      <caption className="unseen">Audit log</caption>
      <thead>
        <tr>
          <th scope="col">Action</th>
          <th scope="col">Who</th>
          <th scope="col">Time (UTC)</th>
          <th scope="col">Detail</th>
        </tr>
      </thead>
      <tbody>
        {entries.map((entry) => (
          <tr key={entry.id}>
            <td className="main-cell">
              {entry.action}
              <span className="sub">{entry.subject}</span>
            </td>
            <td data-label="Who">
              {entry.actor} <span className="muted">by {CHANNEL[entry.channel]}</span>
            </td>
            <td data-label="Time (UTC)" className="nowrap">
              {time(entry.time)}
            </td>
            <td data-label="Detail">
              <code className="detail">{JSON.stringify(entry.detail)}</code>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function entriesOf(data: AuditQuery) {
  return data.auditLog
}
