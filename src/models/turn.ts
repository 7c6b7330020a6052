import { setImmediate as immediate } from 'node:timers/promises'

/** Fewer are predicted in some milliseconds. */
const MANY_ROWS = 10_000

let last: Promise<unknown> = Promise.resolve()

/**
 * Before something is computed for so many rows: let others have a turn of the event loop, and take one of one's own.
 * Folds that are judged at once would otherwise all take the same one. For few rows it is done at once: a call that
 * asks the database several times would wait for a piece of it each time.
 */
export async function turn(rows: number): Promise<void> {
  if (rows < MANY_ROWS) return
  const mine = last.then(() => immediate())
  last = mine
  await mine
}
