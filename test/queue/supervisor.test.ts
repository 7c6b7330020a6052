import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Supervisor } from '../../src/queue/supervisor.ts'

let isAway = false
let looks = 0
let supervisor: Supervisor
beforeEach(() => {
  vi.useFakeTimers()
  isAway = false
  looks = 0
  const ask = async (): Promise<void> => {
    if (isAway) throw new Error('nobody there')
  }
  supervisor = new Supervisor(ask, async () => void looks++)
})
afterEach(async () => {
  await supervisor.stop()
  vi.useRealTimers()
})

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

test('takes back every second what is not heard of', async () => {
  await pass(5000)
  expect(looks).toBe(5)
})

test('takes nothing back while the database is away, nor before everybody can be heard of again', async () => {
  isAway = true
  await pass(30_000)
  isAway = false
  await pass(2000)
  expect(looks).toBe(0)
  await pass(3000)
  expect(looks).toBeGreaterThan(1)
})

test('takes nothing back where it has slept itself, before everybody can be heard of again', async () => {
  await pass(2000)
  vi.setSystemTime(Date.now() + 3_600_000)
  await pass(2000)
  expect(looks).toBe(2)
  await pass(3000)
  expect(looks).toBeGreaterThan(3)
})

test('looks on after a look that failed', async () => {
  await supervisor.stop()
  let failures = 0
  supervisor = new Supervisor(
    async () => {},
    async () => {
      if (failures++ === 0) throw new Error('deadlock')
      looks++
    },
  )
  await pass(10_000)
  expect(looks).toBeGreaterThan(4)
})
