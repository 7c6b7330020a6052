import { getPriority } from 'node:os'

/** Called in a compute thread: its own priority, on Linux. */
export function priority(): number {
  return getPriority()
}
