import { dominates, type Point } from './pareto.ts'

/**
 * Volume that the points dominate above a reference point: one number for how good a front is and how far it spreads.
 *
 * Each point adds what it dominates and the points after it do not: its own box less the volume of theirs, cut to it.
 * Source: L. While, L. Bradstreet, L. Barone, A Fast Way of Calculating Exact Hypervolumes (2012), algorithm WFG.
 *
 * @param points    one to four objectives, more is better, finite; on scales of equal weight, see `scalePoint`
 * @param reference what a result must beat in every objective in order to count
 */
export function hypervolume(points: readonly Point[], reference: Point): number {
  const counting = points.filter((point) => Array.from(point).every((value, i) => value > reference[i]))
  const boxes = counting.map((point) => Float64Array.from(point, (value, i) => value - reference[i]))
  return volumeOf(boxes)
}

/** @param boxes edges of boxes that share a corner */
function volumeOf(boxes: readonly Float64Array[]): number {
  const front = onlyLargest(boxes).sort((a, b) => b[0] - a[0])
  if (front.length === 0) return 0
  if (front[0].length === 1) return front[0][0]
  if (front[0].length === 2) return areaOf(front)
  return front.reduce((sum, box, at) => sum + productOf(box) - volumeOf(front.slice(at + 1).map(cutTo(box))), 0)
}

/** @param front rectangles, none within another, the widest first, so that each is higher than the last */
function areaOf(front: readonly Float64Array[]): number {
  let height = 0
  let area = 0
  for (const box of front) {
    area += box[0] * (box[1] - height)
    height = box[1]
  }
  return area
}

/** Boxes that lie in no other; of equal ones the first. */
function onlyLargest(boxes: readonly Float64Array[]): Float64Array[] {
  const kept: Float64Array[] = []
  for (const box of boxes) {
    if (kept.some((other) => dominates(other, box) || isEqual(other, box))) continue
    const stay = kept.filter((other) => !dominates(box, other))
    kept.length = 0
    kept.push(...stay, box)
  }
  return kept
}

function isEqual(a: Float64Array, b: Float64Array): boolean {
  return a.every((value, i) => value === b[i])
}

function cutTo(limit: Float64Array): (box: Float64Array) => Float64Array {
  return (box) => box.map((value, i) => Math.min(value, limit[i]))
}

function productOf(box: Float64Array): number {
  return box.reduce((product, edge) => product * edge, 1)
}
