import { Random } from '../engine/random.ts'

/** What the evidence draws at random. The place in the list is part of every seed: only append. */
const USES = [
  'configurations',
  'superior predictive ability',
  'shuffle',
  'bootstrap',
  'skip',
  'stationary block',
  'neighbourhood',
  'jitter',
  'permutation',
] as const
export type Use = (typeof USES)[number]

/** Beyond the streams that samples and searches take from the same seed. */
const FIRST_STREAM = -1000

/** Random numbers for one item of one use: the same for any number of threads, unrelated to every other use and item. */
export function stream(seed: number, use: Use, item = 0): Random {
  const own = new Random(seed, FIRST_STREAM - USES.indexOf(use)).uint32()
  return new Random(own, item)
}
