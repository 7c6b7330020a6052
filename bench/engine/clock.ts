/** How things are timed: CPU time of the process, contestants in turns, the median of nine rounds. */

export const ROUNDS = 9

export function median(values: readonly number[]): number {
  return quantileOf(values, 0.5)
}

/** The value that a share of all do not exceed. */
export function quantileOf(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
}

/** CPU ms of one call, all threads of the process included. */
export function cpuMs(run: () => unknown): number {
  const begin = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(begin)
  return (user + system) / 1000
}

/** As `cpuMs` for something that waits. */
export async function cpuMsOf(run: () => Promise<unknown>): Promise<number> {
  const begin = process.cpuUsage()
  await run()
  const { user, system } = process.cpuUsage(begin)
  return (user + system) / 1000
}

/** A contestant either runs here, or says itself how many CPU ms it took in a process of its own. */
export type Contestant = { run: () => unknown } | { measure: () => number }

/**
 * All contestants in turns, one call a round; the first round only warms up.
 *
 * @returns the CPU ms of each, round by round
 */
export function race<Name extends string>(
  contestants: Record<Name, Contestant>,
  rounds = ROUNDS,
): Record<Name, number[]> {
  const names = Object.keys(contestants) as Name[]
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as unknown as Record<Name, number[]>
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const one = contestants[name]
      const ms = 'run' in one ? cpuMs(one.run) : one.measure()
      if (round > 0) times[name].push(ms)
    }
  }
  return times
}

/** Wall ms, round by round; the first round only warms up. */
export async function wallMs(run: () => Promise<unknown>, rounds = ROUNDS): Promise<number[]> {
  const times: number[] = []
  for (let round = 0; round <= rounds; round++) {
    const begin = performance.now()
    await run()
    if (round > 0) times.push(performance.now() - begin)
  }
  return times
}
