import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { announce, EventHub } from '../src/events.ts'
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

describe('a hub', () => {
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
