/** Marks parameters in the address: one of them may be called "over". */
const PREFIX = 'p.'

/** Over which candles a parameter set is backtested. */
export const STRETCHES = [
  ['test', 'Test period'],
  ['training', 'Training period'],
  ['both', 'Both'],
] as const
export type Stretch = (typeof STRETCHES)[number][0]

/** The address of the backtest of one parameter set of a job. */
export function backtestPath(jobId: string, parameters: Record<string, number>, over: Stretch = 'test'): string {
  const search = new URLSearchParams()
  if (over !== 'test') search.set('over', over)
  for (const [name, value] of Object.entries(parameters)) search.set(PREFIX + name, String(value))
  return `/jobs/${jobId}/backtest?${search.toString()}`
}

/** The other way. What is no number is left out. */
export function readBacktestPlace(search: URLSearchParams): { over: Stretch; values: Record<string, number> } {
  const over = STRETCHES.find(([name]) => name === search.get('over'))?.[0] ?? 'test'
  const values: Record<string, number> = {}
  for (const [name, text] of search) {
    if (name.startsWith(PREFIX) && text !== '' && Number.isFinite(Number(text))) {
      values[name.slice(PREFIX.length)] = Number(text)
    }
  }
  return { over, values }
}
