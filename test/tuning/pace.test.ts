import { expect, test, vi } from 'vitest'
import { measurePace } from '../../src/tuning/pace.ts'

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
