/**
 * Seeded random numbers: xoshiro128**, seeded through SplitMix32 from (seed, stream).
 *
 * A stream depends on nothing but its two numbers, so what item i draws is the same for any number of threads.
 * Source: D. Blackman, S. Vigna, Scrambled Linear Pseudorandom Number Generators (2018). Not for secrets.
 */
export class Random {
  #a: number
  #b: number
  #c: number
  #d: number

  /** @param seed, stream any integers; only their low 32 bits count */
  constructor(seed: number, stream = 0) {
    let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(stream + 0x7f4a7c15, 0x85ebca6b)) | 0
    const next = (): number => {
      state = (state + 0x9e3779b9) | 0
      let z = state
      z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
      return (z ^ (z >>> 16)) | 0
    }
    this.#a = next()
    this.#b = next()
    this.#c = next()
    this.#d = next() | 1 // never all zero
  }

  /** @returns uniform integer, 0 … 2³² − 1 */
  uint32(): number {
    const b = this.#b
    const scrambled = Math.imul(b, 5)
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0
    this.#c ^= this.#a
    this.#d ^= b
    this.#b ^= this.#c
    this.#a ^= this.#d
    this.#c ^= b << 9
    this.#d = (this.#d << 11) | (this.#d >>> 21)
    return result
  }

  /** @returns uniform in [0, 1) with 53 random bits */
  float(): number {
    return ((this.uint32() >>> 5) * 67_108_864 + (this.uint32() >>> 6)) / 9_007_199_254_740_992
  }

  /** @returns uniform integer, 0 … n − 1, without modulo bias */
  int(n: number): number {
    let draw = this.uint32()
    if (draw < 4_294_967_296 - n) return draw % n // far from the limit below, which takes a division of its own
    const limit = 4_294_967_296 - (((4_294_967_296 - n) >>> 0) % n) // 2³² % n, in numbers that a processor divides fast
    while (draw >= limit) draw = this.uint32()
    return draw % n
  }

  /** @returns 0 … n − 1 in random order (Fisher-Yates) */
  permutation(n: number): Int32Array {
    const order = new Int32Array(n)
    for (let i = 1; i < n; i++) order[i] = i
    for (let i = n - 1; i > 0; i--) {
      const j = this.int(i + 1)
      const swap = order[i]
      order[i] = order[j]!
      order[j] = swap
    }
    return order
  }
}
