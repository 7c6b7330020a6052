import { useState, type SubmitEvent } from 'react'
import { TextField } from '../../components/field.tsx'
import { keepToken, refusalOfToken, type SignedIn } from '../../session.ts'

/** What stands in place of everything else until somebody is signed in. */
export function SignIn({ state }: { state: Exclude<SignedIn, 'in'> }) {
  const [secret, setSecret] = useState('')
  const [remember, setRemember] = useState(true)
  const [refusal, setRefusal] = useState<string>()
  const [busy, setBusy] = useState(false)
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    setBusy(true)
    const why = await refusalOfToken(secret.trim())
    setBusy(false)
    if (why !== null) return setRefusal(why)
    keepToken(secret.trim(), remember)
    window.location.reload()
  }
  return (
    <main id="content" className="sign-in">
      <h1>Sign in to Tunebook</h1>
      {state === 'ended' && (
        <p className="message warn" role="alert">
          Your token has expired or was revoked. Sign in with another one.
        </p>
      )}
      <form onSubmit={(event) => void submit(event)}>
        <TextField
          label="Token"
          type="password"
          value={secret}
          onChange={(value) => {
            setSecret(value)
            setRefusal(undefined)
          }}
          error={refusal}
        />
        <label className="check">
          <input type="checkbox" checked={remember} onChange={(event) => setRemember(event.target.checked)} />
          Stay signed in on this browser
        </label>
        <button type="submit" className="primary" disabled={busy || secret.trim() === ''}>
          {busy ? 'Signing in …' : 'Sign in'}
        </button>
      </form>
      <p className="hint">
        On the machine of the server, <code>npx tunebook sign-in</code> prints a link that signs you in. Elsewhere, ask
        its administrator for a token of your own.
      </p>
    </main>
  )
}
