import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { announce, EventHub } from '../src/events.ts'
import { Subscriber } from '../src/events/subscriber.ts'
import { testContext, type TestContext } from './helpers.ts'

let ctx: TestContext
beforeAll(async () => {
  ctx = await testContext()
})
afterAll(() => ctx.close())

/** Long enough for an announcement to arrive. */
const arrive = () => new Promise((resolve) => setTimeout(resolve, 100))

async function take(subscription: AsyncIterableIterator<string>, count: number): Promise<string[]> {
  const ids: string[] = []
  while (ids.length < count) {
    const { done, value } = await subscription.next()
    if (done) break
    ids.push(value)
  }
  return ids
}

describe('a subscription', () => {
  test('to one id begins with it, then has it at every change', async () => {
    const subscription = ctx.events.subscribe('job', 'a')
    expect(await take(subscription, 1)).toEqual(['a'])
    await announce(ctx.db, 'job', 'b')
    await announce(ctx.db, 'other', 'a')
    await announce(ctx.db, 'job', 'a')
    expect(await take(subscription, 1)).toEqual(['a'])
    await subscription.return!()
  })

  test('to a topic has every id that changes, and none at first', async () => {
    const subscription = ctx.events.subscribe('job')
    const both = take(subscription, 2)
    await announce(ctx.db, 'job', 'x')
    await announce(ctx.db, 'job', 'y')
    expect(await both).toEqual(['x', 'y'])
    await subscription.return!()
  })

  test('that sleeps finds a thousand changes of one thing as one', async () => {
    const subscription = ctx.events.subscribe('job')
    for (let i = 0; i < 1000; i++) void announce(ctx.db, 'job', i % 2 ? 'odd' : 'even')
    await announce(ctx.db, 'job', 'last')
    await arrive()
    expect((await take(subscription, 3)).toSorted()).toEqual(['even', 'last', 'odd'])
    const next = subscription.next()
    await announce(ctx.db, 'job', 'new')
    expect((await next).value).toBe('new')
    await subscription.return!()
  })

  test('keeps no more than five thousand ids for a reader that sleeps', async () => {
    const subscriber = new Subscriber('job', undefined, () => {})
    for (let i = 0; i < 6000; i++) subscriber.offer({ sequence: i, topic: 'job', id: String(i) })
    expect((await take(subscriber, 1))[0]).toBe('1000')
  })

  test('ends at once when it is given up, also while it waits, and leaves nothing behind', async () => {
    const subscription = ctx.events.subscribe('job')
    const waiting = subscription.next()
    expect(ctx.events.size).toBe(1)
    await subscription.return!()
    expect(await waiting).toEqual({ done: true, value: undefined })
    expect(await subscription.next()).toEqual({ done: true, value: undefined })
    expect(ctx.events.size).toBe(0)
  })

  test('hears only of what is committed', async () => {
    const subscription = ctx.events.subscribe('job')
    await ctx.db
      .transaction(async (tx) => {
        await announce(tx, 'job', 'rolled-back')
        throw new Error('no')
      })
      .catch(() => {})
    await announce(ctx.db, 'job', 'committed')
    expect(await take(subscription, 1)).toEqual(['committed'])
    await subscription.return!()
  })
})

describe('what is read behind an event', () => {
  test('is read once for a thousand who ask at once, and again after the next event', async () => {
    let reads = 0
    const ask = () => ctx.events.read('job', 'r', async ([id]) => [{ id, version: ++reads }])
    const states = await Promise.all(Array.from({ length: 1000 }, ask))
    expect(states[0]).toEqual({ id: 'r', version: 1 })
    expect(new Set(states).size).toBe(1) // the very same object: what is made of it is shared too
    const subscription = ctx.events.subscribe('job', 'r')
    await take(subscription, 1)
    await announce(ctx.db, 'job', 'r')
    await take(subscription, 1)
    expect(await ask()).toEqual({ id: 'r', version: 2 })
    await subscription.return!()
  })

  test('is read together for things that change together, a hundred with a statement', async () => {
    const statements: string[][] = []
    const readAll = async (ids: string[]) => {
      statements.push(ids)
      return ids.filter((id) => id !== 'gone').map((id) => ({ id }))
    }
    const ids = ['gone', ...Array.from({ length: 149 }, (_, at) => `s${at}`)]
    const states = await Promise.all([...ids, ...ids].map((id) => ctx.events.read('some', id, readAll)))
    expect(statements.map(({ length }) => length)).toEqual([100, 50])
    expect(states.slice(0, 3)).toEqual([null, { id: 's0' }, { id: 's1' }])
  })

  test('is asked for again where it could not be read', async () => {
    await expect(ctx.events.read('job', 'f', () => Promise.reject(new Error('down')))).rejects.toThrow('down')
    expect(await ctx.events.read('job', 'f', async ([id]) => [{ id }])).toEqual({ id: 'f' })
  })
})

describe('a hub', () => {
  test('numbers events in the order of their announcement', async () => {
    const before = ctx.events.newest
    const subscription = ctx.events.subscribe('numbered')
    for (const id of ['1', '2', '3']) await announce(ctx.db, 'numbered', id)
    await take(subscription, 3)
    expect(ctx.events.newest).toBe(before + 3)
    await subscription.return!()
  })

  test('reads from the table what a lost connection has swallowed, once', async () => {
    let hear = (_: string): void => {}
    const deaf = new EventHub()
    await deaf.start({
      ...ctx.storage,
      listen: async (_, callback) => {
        hear = callback
        return async () => {}
      },
    })
    const subscription = deaf.subscribe('missed')
    await announce(ctx.db, 'missed', 'a')
    await announce(ctx.db, 'missed', 'b')
    hear('')
    expect(await take(subscription, 2)).toEqual(['a', 'b'])
    hear('')
    hear(`${deaf.newest}:missed:b`) // late, after the table has told it
    await announce(ctx.db, 'missed', 'c')
    hear(`${deaf.newest + 1}:missed:c`)
    expect(await take(subscription, 1)).toEqual(['c'])
    await deaf.stop()
  })

  test('passes on what a slow transaction announced with a smaller number than others', async () => {
    const subscription = ctx.events.subscribe('slow')
    const newest = ctx.events.newest
    let hear = (_: string): void => {}
    const hub = new EventHub()
    await hub.start({
      ...ctx.storage,
      listen: async (_, callback) => {
        hear = callback
        return async () => {}
      },
    })
    const other = hub.subscribe('slow')
    hear(`${newest + 50}:slow:late`)
    hear(`${newest + 49}:slow:early`)
    expect(await take(other, 2)).toEqual(['late', 'early'])
    await hub.stop()
    await subscription.return!()
  })

  test('ends all subscriptions when it stops', async () => {
    const hub = new EventHub()
    await hub.start(ctx.storage)
    const waiting = hub.subscribe('job').next()
    await hub.stop()
    expect((await waiting).done).toBe(true)
    expect(hub.size).toBe(0)
  })

  test('has everybody look again after a lost connection, since anything may have been missed', async () => {
    let reconnect = (_: string): void => {}
    const hub = new EventHub()
    await hub.start({
      ...ctx.storage,
      listen: async (_, callback) => {
        reconnect = callback
        return async () => {}
      },
    })
    const one = hub.subscribe('job', 'a')
    expect(await take(one, 1)).toEqual(['a'])
    const again = take(one, 1)
    reconnect('')
    expect(await again).toEqual(['a'])
    await hub.stop()
  })
})
