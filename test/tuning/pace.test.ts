import { expect, test, vi } from 'vitest'
import type { Engine } from '../../src/engine/pool.ts'
import { inOperation, operationSignal } from '../../src/operation.ts'
import { measurePace, paceOf } from '../../src/tuning/pace.ts'

test('the pace of a machine is measured where the clock of a thread goes by 16 ms at a time, too', () => {
  const fine = process.threadCpuUsage.bind(process)
  const clock = vi.spyOn(process, 'threadCpuUsage').mockImplementation(() => {
    const { user, system } = fine()
    return { user: 16_000 * Math.floor((user + system) / 16_000), system: 0 }
  })
  const pace = measurePace()
  clock.mockRestore()
  expect(pace).toBeGreaterThan(0)
})

test('the pace is measured for all who ask, also where the first of them gives up', async () => {
  const measured = Promise.withResolvers<number>()
  const call = (): Promise<number> => {
    operationSignal()?.addEventListener('abort', () => measured.reject(new Error('given up')))
    return measured.promise
  }
  const engine = { call } as unknown as Engine
  const first = new AbortController()
  const paces = [inOperation(first.signal, () => paceOf(engine)), paceOf(engine)]
  first.abort()
  measured.resolve(1.5)
  expect(await Promise.all(paces)).toEqual([1.5, 1.5])
})
