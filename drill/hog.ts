/** Called in a compute thread: takes memory until there is none. */
export function hog(): number {
  const kept: number[][] = []
  for (;;) kept.push(Array.from({ length: 100_000 }, (_, at) => at + kept.length))
}

/** The same beside the JavaScript objects, where no thread has a limit: every page is written, so that it counts. */
export function hogBytes(): number {
  const kept: Uint8Array[] = []
  for (;;) kept.push(new Uint8Array(1 << 20).fill(1 + kept.length))
}
