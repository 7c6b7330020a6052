/** A name is near when at most a third of its letters, and never more than this many, have to change. */
const MAX_CHANGES = 3
/** Shorter beginnings fit too many names. */
const MIN_BEGINNING = 3

/**
 * The known name that a misspelt or unfinished one most likely means, as in "Did you mean …?"; null where none is
 * near. Case does not count; of equally near names the first wins.
 */
export function nearestName(name: string, known: readonly string[]): string | null {
  let nearest: string | null = null
  let fewest = Infinity
  for (const candidate of known) {
    const limit = Math.min(MAX_CHANGES, Math.floor(Math.max(name.length, candidate.length) / 3))
    if (Math.abs(name.length - candidate.length) > limit) continue
    const changes = editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (changes <= limit && changes < fewest) {
      nearest = candidate
      fewest = changes
    }
  }
  return nearest ?? beginningWith(name, known)
}

function beginningWith(name: string, known: readonly string[]): string | null {
  if (name.length < MIN_BEGINNING) return null
  for (const candidate of known) {
    if (candidate.toLowerCase().startsWith(name.toLowerCase())) return candidate
  }
  return null
}

/**
 * Letters to insert, delete, replace or swap with a neighbour until `a` is `b`: the optimal string alignment
 * distance. O(a × b) time, three rows of memory.
 */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const differs = a[i - 1] === b[j - 1] ? 0 : 1
      let changes = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + differs)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) changes = Math.min(changes, beforeLast[j - 2] + 1)
      row.push(changes)
    }
    beforeLast = last
    last = row
  }
  return last[b.length]
}
