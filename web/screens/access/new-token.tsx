import { useState, type SubmitEvent } from 'react'
import { useMutation } from 'urql'
import { FailureBox } from '../../components/answer.tsx'
import { SelectField, TextField } from '../../components/field.tsx'
import { Section } from '../../components/page.tsx'
import { refusalOf, type Failure } from '../../failure.ts'
import { CreateTokenDocument, type Role } from '../../generated/graphql.ts'
import { roleNames, ROLES } from './roles.ts'

const DAY_MS = 86_400_000
const LIVES: readonly (readonly [days: string, label: string])[] = [
  ['', 'never'],
  ['7', 'in a week'],
  ['30', 'in 30 days'],
  ['90', 'in 90 days'],
  ['365', 'in a year'],
]

/** Make a token; its secret is shown here, once. */
export function NewToken({ onCreated }: { onCreated: () => void }) {
  const [, create] = useMutation(CreateTokenDocument)
  const [name, setName] = useState('')
  const [roles, setRoles] = useState<readonly Role[]>(['VIEWER'])
  const [days, setDays] = useState('90')
  const [playbook, setPlaybook] = useState('')
  const [failure, setFailure] = useState<Failure | null>(null)
  const [secret, setSecret] = useState<string>()
  const errorAt = (field: string) => failure?.fieldErrors.find(({ path }) => path[0] === field)?.message
  const isBot = roles.length === 1 && roles[0] === 'BOT'
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    const expiresAt = days === '' ? null : new Date(Date.now() + Number(days) * DAY_MS).toISOString()
    const playbookId = isBot && playbook.trim() !== '' ? playbook.trim() : null
    const answer = await create({ name, roles: [...roles], expiresAt, playbookId })
    const result = answer.data?.createApiToken
    setFailure(refusalOf(answer, result))
    if (!result || !('secret' in result)) return
    setSecret(result.secret)
    setName('')
    onCreated()
  }
  return (
    <Section title="New token" lead="For one program or one person, with no more rights than it needs.">
      {secret !== undefined && <Secret secret={secret} onDone={() => setSecret(undefined)} />}
      <form onSubmit={(event) => void submit(event)}>
        <div className="fields">
          <TextField
            label="Name"
            value={name}
            placeholder="bot on the VPS"
            onChange={setName}
            error={errorAt('name')}
          />
          <SelectField label="Expires" value={days} onChange={setDays} options={LIVES} error={errorAt('expiresAt')} />
          {isBot && (
            <TextField
              label="Playbook"
              value={playbook}
              placeholder="playbook_…"
              hint="Its id: the bot sees no other. Empty: every one."
              onChange={setPlaybook}
              error={errorAt('playbookId')}
            />
          )}
        </div>
        <RoleBoxes roles={roles} onChange={setRoles} error={errorAt('roles')} />
        <button type="submit" className="primary">
          Create the token
        </button>
      </form>
      {failure && failure.fieldErrors.length === 0 && <FailureBox failure={failure} />}
    </Section>
  )
}

interface RoleProps {
  roles: readonly Role[]
  onChange: (roles: readonly Role[]) => void
  error: string | undefined
}

function RoleBoxes({ roles, onChange, error }: RoleProps) {
  const toggle = (role: Role, on: boolean) => onChange(on ? [...roles, role] : roles.filter((each) => each !== role))
  return (
    <fieldset className="role-boxes">
      <legend>Roles</legend>
      {ROLES.map(([role, meaning]) => (
        <label key={role} className="check">
          <input
            type="checkbox"
            checked={roles.includes(role)}
            onChange={(event) => toggle(role, event.target.checked)}
          />
          <span>
            {roleNames([role])} <span className="muted">{meaning}</span>
          </span>
        </label>
      ))}
      {error && <p className="field-error">{error}</p>}
    </fieldset>
  )
}

function Secret({ secret, onDone }: { secret: string; onDone: () => void }) {
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    await navigator.clipboard.writeText(secret)
    setCopied(true)
  }
  return (
    <div className="message good" role="status">
      <p className="message-title">Copy the token now: it is shown this once.</p>
      <p>
        <code className="secret">{secret}</code>
      </p>
      <p className="actions">
        {/* Browsers lend the clipboard to secure pages only; elsewhere the token can be marked by hand. */}
        {window.isSecureContext && (
          <button type="button" onClick={() => void copy()}>
            {copied ? 'Copied' : 'Copy'}
          </button>
        )}
        <button type="button" onClick={onDone}>
          I have it
        </button>
      </p>
    </div>
  )
}
