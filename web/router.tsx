import { useSyncExternalStore, type AnchorHTMLAttributes, type MouseEvent } from 'react'

/** What `history.pushState` does not announce by itself. */
const MOVED = 'tunebook:moved'

function onMove(callback: () => void): () => void {
  window.addEventListener('popstate', callback)
  window.addEventListener(MOVED, callback)
  return () => {
    window.removeEventListener('popstate', callback)
    window.removeEventListener(MOVED, callback)
  }
}

/** The path of the address bar: /jobs/job_1. */
export function usePath(): string {
  return useSyncExternalStore(onMove, () => window.location.pathname)
}

/** The part after the question mark, as it stands. */
export function useQueryString(): string {
  return useSyncExternalStore(onMove, () => window.location.search)
}

let moved = false

/** Whether the address has changed since the page was loaded. */
export function hasMoved(): boolean {
  return moved
}

for (const event of ['popstate', MOVED]) window.addEventListener(event, () => (moved = true))

/** Go to a place inside the dashboard. @param replace without a step to go back to */
export function navigate(to: string, { replace = false } = {}): void {
  if (replace) window.history.replaceState(null, '', to)
  else window.history.pushState(null, '', to)
  window.dispatchEvent(new Event(MOVED))
}

/** A link inside the dashboard: a plain click stays in the page, any other does what the browser does. */
export function Link({ to, ...rest }: { to: string } & Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'href'>) {
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    navigate(to)
  }
  return <a {...rest} href={to} onClick={follow} />
}
