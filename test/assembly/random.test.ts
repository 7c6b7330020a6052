import { describe, expect, test } from 'vitest'
import { Random } from '../../src/engine/random.ts'
import { localKernel } from '../../src/engine/wasm.ts'

const { kernel } = localKernel()

describe('the random numbers of the kernel', () => {
  test.each([
    [0, 0],
    [1, 0],
    [-7, 3],
    [2 ** 31, 2 ** 32 - 1],
    [123_456_789, 0x76616c69],
  ])('are those of Random, seed %i and stream %i', (seed, stream) => {
    const random = new Random(seed, stream)
    kernel.seedRandom(seed, stream)
    for (let draw = 0; draw < 100; draw++) {
      expect(kernel.randomBits() >>> 0).toBe(random.uint32())
      expect(kernel.randomFloat()).toBe(random.float())
      for (const n of [1, 2, 10, 1000, 2 ** 30 + 1]) expect(kernel.randomBelow(n)).toBe(random.int(n))
    }
  })
})
