/** Called in a compute thread, to see what its death costs. */
export function exit(): void {
  process.exit(1)
}
