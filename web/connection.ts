import { useSyncExternalStore } from 'react'

/** `idle` nobody listens, `open` news come in, `lost` the server went away and the client keeps trying. */
export type Connection = 'idle' | 'open' | 'lost'

let state: Connection = 'idle'
/** Counts the times that the connection came back after a loss: what was shown may have changed meanwhile. */
let returns = 0
const listeners = new Set<() => void>()

function onChange(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function reportConnection(next: Connection): void {
  if (state === 'lost' && next === 'open') returns++
  state = next
  for (const listener of listeners) listener()
}

export function useConnection(): Connection {
  return useSyncExternalStore(onChange, () => state)
}

/** Changes each time the connection came back: a reason to read again. */
export function useReturns(): number {
  return useSyncExternalStore(onChange, () => returns)
}
