/** Called in a compute thread: takes memory until there is none. */
export function hog(): number {
  const kept: number[][] = []
  for (;;) kept.push(Array.from({ length: 100_000 }, (_, at) => at + kept.length))
}
