import { useSyncExternalStore } from 'react'

const KEY = 'tunebook.token'
const IN_LINK = /^#token=(.+)$/

/** `in` a token is at hand, `out` none is, `ended` the server does not take the one that was used until now. */
export type SignedIn = 'in' | 'out' | 'ended'

let ended = false
const listeners = new Set<() => void>()

/** The secret that requests show; null where nobody is signed in. */
export function token(): string | null {
  return sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY)
}

/** @param remember after the browser was closed, too */
export function keepToken(secret: string, remember: boolean): void {
  forgetToken()
  const store = remember ? localStorage : sessionStorage
  store.setItem(KEY, secret)
}

function forgetToken(): void {
  sessionStorage.removeItem(KEY)
  localStorage.removeItem(KEY)
}

/**
 * Take the token out of a sign-in link, which the server printed, and out of the address bar and its history.
 *
 * @returns whether there was one
 */
export function adoptLink(): boolean {
  const secret = IN_LINK.exec(window.location.hash)?.[1]
  if (secret === undefined) return false
  keepToken(decodeURIComponent(secret), true)
  window.history.replaceState(null, '', window.location.pathname + window.location.search)
  return true
}

/** Leave, and start afresh: nothing that was read stays in memory. */
export function signOut(): void {
  forgetToken()
  window.location.assign('/')
}

/** The server refused the token: it was revoked, has expired, or never was one. */
export function endSession(): void {
  if (ended || token() === null) return
  ended = true
  forgetToken()
  for (const listener of listeners) listener()
}

export function useSignedIn(): SignedIn {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => (ended ? 'ended' : token() === null ? 'out' : 'in'),
  )
}

/** What the Authorization header says. */
export function authorization(): Record<string, string> {
  const secret = token()
  return secret === null ? {} : { authorization: `Bearer ${secret}` }
}

/** Ask the server whether it takes this token. @returns why not; null where it does */
export async function refusalOfToken(secret: string): Promise<string | null> {
  try {
    const answer = await fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
      body: JSON.stringify({ query: '{ viewer { name } }' }),
    })
    if (answer.ok) return null
    if (answer.status === 401) return 'The server does not take this token: it is mistyped, has expired or was revoked.'
    const { errors } = (await answer.json()) as { errors: { message: string }[] }
    return errors.map(({ message }) => message).join(' ')
  } catch {
    return 'The server does not answer. See that it runs ("npm start"), then try again.'
  }
}
