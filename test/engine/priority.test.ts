import { getPriority } from 'node:os'
import { expect, test } from 'vitest'
import { Engine } from '../../src/engine/pool.ts'

test.skipIf(process.platform !== 'linux')(
  'a compute thread comes after the thread that answers, whose priority stays',
  async () => {
    const before = getPriority()
    const engine = new Engine(1, () => {})
    const module = new URL('./priority.ts', import.meta.url).href
    expect(await engine.call({ module, name: 'priority', data: null })).toBe(Math.min(19, before + 10))
    expect(getPriority()).toBe(before)
    await engine.close()
  },
)
