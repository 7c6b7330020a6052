import { expect, test } from 'vitest'
import { Batch } from '../../src/events/batch.ts'
import { inOperation, operationSignal } from '../../src/operation.ts'

const lengths = async (keys: string[]) => new Map(keys.filter(Boolean).map((key) => [key, key.length]))

test('what is asked for in one turn is read with one call, each key once', async () => {
  const calls: string[][] = []
  const batch = new Batch<number>()
  const ask = (key: string) => batch.read(key, (keys) => (calls.push(keys), lengths(keys)))
  expect(await Promise.all(['a', 'bb', 'a', ''].map(ask))).toEqual([1, 2, 1, null])
  expect(await ask('bb')).toBe(2) // nothing is kept
  expect(calls).toEqual([['a', 'bb', ''], ['bb']])
})

test('a call holds no more keys than it may', async () => {
  const sizes: number[] = []
  const batch = new Batch<number>(2)
  const ask = (key: string) => batch.read(key, (keys) => (sizes.push(keys.length), lengths(keys)))
  await Promise.all(['a', 'b', 'c', 'd', 'e'].map(ask))
  expect(sizes).toEqual([2, 2, 1])
})

test('a call that fails fails all that waited for it, and none that come later', async () => {
  const batch = new Batch<number>()
  const failing = ['a', 'b'].map((key) => batch.read(key, () => Promise.reject(new Error('down'))))
  for (const one of await Promise.allSettled(failing)) expect(one.status).toBe('rejected')
  expect(await batch.read('a', lengths)).toBe(1)
})

test('is no part of the operation of the first who asks: that one may be given up', async () => {
  const batch = new Batch<boolean>()
  const givenUp = AbortSignal.abort()
  const read = async () => new Map([['a', operationSignal() === undefined]])
  expect(await inOperation(givenUp, () => batch.read('a', read))).toBe(true)
})
