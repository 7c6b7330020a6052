/** How things are timed: CPU time of the process, contestants in turns, the median of nine rounds. */

export const ROUNDS = 9

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[sorted.length >> 1]
}

/** CPU ms of one call, all threads of the process included. */
export function cpuMs(run: () => unknown): number {
  const begin = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(begin)
  return (user + system) / 1000
}

/** @returns the median CPU ms of each contestant */
export function race<Name extends string>(
  contestants: Record<Name, () => unknown>,
  rounds = ROUNDS,
): Record<Name, number> {
  const names = Object.keys(contestants) as Name[]
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as unknown as Record<Name, number[]>
  for (let round = 0; round < rounds; round++) for (const name of names) times[name].push(cpuMs(contestants[name]))
  return Object.fromEntries(names.map((name) => [name, median(times[name])])) as Record<Name, number>
}

/** Wall ms, median. */
export async function wallMs(run: () => Promise<unknown>, rounds = ROUNDS): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const begin = performance.now()
    await run()
    times.push(performance.now() - begin)
  }
  return median(times)
}
