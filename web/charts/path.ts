/** An open line through points: "M0 1L2 3". One decimal of a pixel is finer than the eye. */
export function linePath(points: Iterable<readonly [x: number, y: number]>): string {
  let path = ''
  for (const [x, y] of points) path += `${path ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`
  return path
}

/** The area between a line and another below it. */
export function bandPath(
  upper: readonly (readonly [number, number])[],
  lower: readonly (readonly [number, number])[],
): string {
  return upper.length === 0 ? '' : `${linePath([...upper, ...lower.toReversed()])}Z`
}
