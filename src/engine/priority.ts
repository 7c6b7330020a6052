import { getPriority, setPriority } from 'node:os'

/** How much later a compute thread comes than who answers; 19 is the last. */
const LATER = 10
const LAST = 19

/**
 * Let this thread compute with what others leave: the threads that answer requests, and the database beside them, come
 * first. On Linux a priority is a thread's own; elsewhere it would be the whole process's, which answers too.
 */
export function computeLast(): void {
  if (process.platform !== 'linux') return
  try {
    setPriority(Math.min(LAST, getPriority() + LATER))
  } catch {
    // not everywhere allowed, nowhere needed
  }
}
