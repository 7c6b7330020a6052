import { useState } from 'react'
import { useMutation, useQuery } from 'urql'
import { Answer, Empty } from '../../components/answer.tsx'
import { Badge } from '../../components/badge.tsx'
import { ConfirmButton } from '../../components/confirm-button.tsx'
import { useNotify } from '../../components/notice.tsx'
import { Page, Section } from '../../components/page.tsx'
import { refusalOf } from '../../failure.ts'
import { time } from '../../format.ts'
import { RevokeTokenDocument, TokensDocument, type TokenRowFragment } from '../../generated/graphql.ts'
import { NewToken } from './new-token.tsx'
import { roleNames } from './roles.ts'

/** Who else can get in: programs and people, each with a token of its own. */
export function Tokens() {
  const [state, read] = useQuery({ query: TokensDocument })
  const refresh = () => read({ requestPolicy: 'network-only' })
  return (
    <Page title="Tokens">
      <NewToken onCreated={refresh} />
      <Section title="All tokens">
        <Answer state={state} retry={refresh}>
          {({ apiTokens }) =>
            apiTokens.length > 0 ? (
              <TokenTable tokens={apiTokens} />
            ) : (
              <Empty title="Only the administrator can sign in.">
                <p>
                  Give each program and each person a token of their own: it can be ended without disturbing others.
                </p>
              </Empty>
            )
          }
        </Answer>
      </Section>
    </Page>
  )
}

function TokenTable({ tokens }: { tokens: readonly TokenRowFragment[] }) {
  const [now] = useState(Date.now)
  return (
    <table className="cards">
      <caption className="unseen">Tokens</caption>
      <thead>
        <tr>
          <th scope="col">Token</th>
          <th scope="col">Roles</th>
          <th scope="col">Last used (UTC)</th>
          <th scope="col">Expires (UTC)</th>
          <th scope="col">State</th>
          <th scope="col">
            <span className="unseen">Action</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {tokens.map((token) => (
          <tr key={token.id}>
            <td className="main-cell">
              {token.name}
              <span className="sub">
                <code>{token.prefix}…</code> by {token.createdBy}, {time(token.createdAt)}
              </span>
            </td>
            <td data-label="Roles">
              {roleNames(token.roles)}
              {token.playbookId && <span className="sub">only {token.playbookId}</span>}
            </td>
            <td data-label="Last used (UTC)" className="nowrap">
              {token.lastUsedAt ? time(token.lastUsedAt) : 'never'}
            </td>
            <td data-label="Expires (UTC)" className="nowrap">
              {token.expiresAt ? time(token.expiresAt) : 'never'}
            </td>
            <td data-label="State">
              <State token={token} now={now} />
            </td>
            <td>{!token.revokedAt && <Revoke token={token} />}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function State({ token: { revokedAt, expiresAt }, now }: { token: TokenRowFragment; now: number }) {
  if (revokedAt) return <Badge tone="bad">revoked</Badge>
  if (expiresAt && Date.parse(expiresAt) <= now) return <Badge tone="warn">expired</Badge>
  return <Badge tone="good">valid</Badge>
}

function Revoke({ token: { id, name } }: { token: TokenRowFragment }) {
  const [, revoke] = useMutation(RevokeTokenDocument)
  const notify = useNotify()
  const confirm = async () => {
    const answer = await revoke({ id })
    const failure = refusalOf(answer, answer.data?.revokeApiToken)
    if (failure) notify('bad', failure.message)
    else notify('good', `${name}: revoked.`)
  }
  return (
    <ConfirmButton
      question={`Revoke ${name}?`}
      consequence="Whoever uses this token is out within seconds. This cannot be undone."
      act="Revoke"
      danger
      onConfirm={confirm}
    >
      Revoke
    </ConfirmButton>
  )
}
