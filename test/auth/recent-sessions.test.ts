import { expect, test } from 'vitest'
import type { Session } from '../../src/auth/door.ts'
import { RecentSessions } from '../../src/auth/recent-sessions.ts'

let now = 0
let looks = 0
const recent = () => new RecentSessions(() => now)
const session = (expiresAt: number | null = null): Session => ({
  viewer: { name: 'somebody', roles: ['VIEWER'], channel: 'API', tokenId: 'token_1' },
  expiresAt,
  revocable: true,
})
const look = (found: Session | null) => async () => {
  looks++
  return found
}
/** How often something was looked for while `work` was done. */
async function counting(work: () => Promise<unknown>): Promise<number> {
  looks = 0
  await work()
  return looks
}

test('a session is looked for once, however many ask for it at once or right after', async () => {
  const sessions = recent()
  const found = session()
  const count = await counting(async () => {
    const all = await Promise.all(Array.from({ length: 1000 }, () => sessions.find('a', look(found))))
    expect(new Set(all)).toEqual(new Set([found]))
    await sessions.find('a', look(found))
  })
  expect(count).toBe(1)
})

test('two seconds later it is looked for again', async () => {
  const sessions = recent()
  await sessions.find('a', look(session()))
  now += 1999
  expect(await counting(() => sessions.find('a', look(null)))).toBe(0)
  now += 1
  expect(await sessions.find('a', look(null))).toBeNull()
})

test('a revocation has all forgotten, even what is being looked for', async () => {
  const sessions = recent()
  const { promise, resolve } = Promise.withResolvers<Session>()
  const early = sessions.find('a', () => promise)
  sessions.forget()
  resolve(session())
  await early
  expect(await sessions.find('a', look(null))).toBeNull()
})

test('what has expired meanwhile is looked for again', async () => {
  const sessions = recent()
  await sessions.find('a', look(session(Date.now() - 1)))
  expect(await sessions.find('a', look(null))).toBeNull()
})

test('that there is none, and that it could not be told, is not kept', async () => {
  const sessions = recent()
  expect(await sessions.find('a', look(null))).toBeNull()
  await expect(sessions.find('a', () => Promise.reject(new Error('down')))).rejects.toThrow('down')
  expect(await sessions.find('a', look(session()))).not.toBeNull()
})

test('no more than a thousand are kept, the newest', async () => {
  const sessions = recent()
  for (let at = 0; at <= 1000; at++) await sessions.find(String(at), look(session()))
  expect(await counting(() => sessions.find('1000', look(session())))).toBe(0)
  expect(await counting(() => sessions.find('0', look(session())))).toBe(1)
})
