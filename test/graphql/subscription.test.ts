import { describe, expect, test } from 'vitest'
import { UnavailableError } from '../../src/errors.ts'
import { statesOf } from '../../src/graphql/subscription.ts'

/** Events that are pushed by hand, and whether they were given up. */
function source() {
  const waiting: ((result: IteratorResult<number>) => void)[] = []
  const events = {
    given: 0,
    returned: false,
    next: () => new Promise<IteratorResult<number>>((resolve) => waiting.push(resolve)),
    return: async () => {
      events.returned = true
      for (const resolve of waiting.splice(0)) resolve({ done: true, value: undefined })
      return { done: true as const, value: undefined }
    },
    push: () => waiting.shift()?.({ done: false, value: ++events.given }),
    [Symbol.asyncIterator]: () => events,
  }
  return events
}

/** Events that are there already. */
function these(...waiting: string[]): AsyncIterableIterator<string> {
  const events: AsyncIterableIterator<string> = {
    next: async () => {
      const value = waiting.shift()
      return value === undefined ? { done: true, value } : { done: false, value }
    },
    [Symbol.asyncIterator]: () => events,
  }
  return events
}

describe('states behind events', () => {
  test('are read anew for each event, and end with the final one', async () => {
    const events = source()
    const states = statesOf(events, async (event) => `state ${event}`, { isFinal: (state) => state === 'state 2' })
    const first = states.next()
    events.push()
    expect(await first).toEqual({ done: false, value: 'state 1' })
    const second = states.next()
    events.push()
    expect(await second).toEqual({ done: false, value: 'state 2' })
    expect(await states.next()).toEqual({ done: true, value: undefined })
    expect(events.returned).toBe(true)
  })

  test('are waited for while the database is away; who leaves meanwhile leaves at once', async () => {
    let isAway = true
    const read = async (event: number) => {
      if (isAway) throw new UnavailableError('The database does not answer.')
      return `state ${event}`
    }
    const events = source()
    const states = statesOf(events, read, {})
    const first = states.next()
    events.push()
    await new Promise((resolve) => setTimeout(resolve, 100))
    isAway = false
    expect(await first).toEqual({ done: false, value: 'state 1' })

    isAway = true
    const left = states.next()
    events.push()
    await new Promise((resolve) => setTimeout(resolve, 100))
    await states.return!()
    expect(await left).toEqual({ done: true, value: undefined })
    expect(events.returned).toBe(true)
  })

  test('of one thing end when it is gone; of many, the others go on', async () => {
    const gone = async (event: number) => (event === 1 ? null : `state ${event}`)
    const one = source()
    const next = statesOf(one, gone, { isOne: true }).next()
    one.push()
    expect((await next).done).toBe(true)
    expect(one.returned).toBe(true)

    const many = source()
    const other = statesOf(many, gone, {}).next()
    many.push()
    await new Promise((resolve) => setImmediate(resolve))
    many.push()
    expect(await other).toEqual({ done: false, value: 'state 2' })
  })

  test('that were read just before their event came are not repeated, nor older ones shown after newer', async () => {
    const events = source()
    const versions = [1, 2, 2, 1, 3]
    const states = statesOf(events, async (event: number) => versions[event - 1], {
      isOne: true,
      versionOf: (state) => state,
    })
    const seen: (number | undefined)[] = []
    for (const pushes of [1, 1, 3]) {
      const next = states.next()
      for (let push = 0; push < pushes; push++) {
        events.push()
        await new Promise((resolve) => setImmediate(resolve))
      }
      seen.push((await next).value)
    }
    expect(seen).toEqual([1, 2, 3])
  })

  test('of many things are told apart: each is told again when its own version grows', async () => {
    const events = these('a', 'b', 'a', 'b', 'a')
    const versions = { a: [1, 1, 2], b: [1, 2] }
    const read = async (id: string) => ({ id, version: versions[id as 'a' | 'b'].shift()! })
    const states = await Array.fromAsync(statesOf(events, read, { versionOf: ({ version }) => version }))
    expect(states.map(({ id, version }) => id + version)).toEqual(['a1', 'b1', 'b2', 'a2'])
  })

  test('of more than five hundred things are not all remembered', async () => {
    const events = these('a', 'a', ...Array.from({ length: 500 }, (_, at) => `other ${at}`), 'a')
    const states = await Array.fromAsync(statesOf(events, async (id) => id, { versionOf: () => 1 }))
    expect(states).toHaveLength(502)
    expect([states[0], states[1], states[501]]).toEqual(['a', 'other 0', 'a'])
  })

  test('are given up at once, also while the next event is awaited', async () => {
    const events = source()
    const states = statesOf(events, async () => 'state', {})
    const waiting = states.next()
    await states.return!()
    expect((await waiting).done).toBe(true)
    expect(events.returned).toBe(true)
  })

  test('that cannot be read end the stream and let go of the events', async () => {
    const events = source()
    const states = statesOf(events, () => Promise.reject(new Error('no database')), {})
    const next = states.next()
    events.push()
    await expect(next).rejects.toThrow('no database')
    expect(events.returned).toBe(true)
    expect((await states.next()).done).toBe(true)
  })
})
