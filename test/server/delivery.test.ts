import { expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import { delivered } from '../../src/server/delivery.ts'

test('a socket that fails while it is written to ends what was followed', async () => {
  const socket = {
    readyState: 1,
    OPEN: 1,
    send: (_: string, done: (error: Error) => void) => done(new Error('it is gone')),
  } as unknown as WebSocket
  let ended = 0
  const results: AsyncIterableIterator<number> = {
    next: async () => ({ done: false, value: 1 }),
    return: async () => ({ done: true, value: ended++ }),
    [Symbol.asyncIterator]: () => results,
  }
  await expect(delivered(socket, '1', results, String).next()).rejects.toThrow('it is gone')
  expect(ended).toBe(1)
})
