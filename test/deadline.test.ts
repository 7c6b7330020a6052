import postgres from 'postgres'
import { afterAll, describe, expect, test } from 'vitest'
import { withDeadline } from '../src/deadline.ts'
import { UnavailableError } from '../src/errors.ts'
import { Gate } from './gate.ts'

const url = process.env.TEST_DATABASE_URL

describe.skipIf(!url)('a statement that is not answered in time', () => {
  const plain = url ? postgres(url, { max: 2, onnotice: () => {} }) : undefined
  const client = url ? withDeadline(plain!, 300) : undefined
  afterAll(() => plain?.end({ timeout: 1 }))

  test('is given up, and the next one is answered', async () => {
    const started = performance.now()
    await expect(client!.unsafe('select pg_sleep(20)')).rejects.toThrow(UnavailableError)
    expect(performance.now() - started).toBeLessThan(5000)
    expect(await client!.unsafe('select 1 as one').values()).toEqual([[1]])
  })

  test('is given up inside a transaction, which then changes nothing', async () => {
    const waiting = client!.begin(async (tx) => {
      await tx.unsafe('create table never_there (id integer)')
      await tx.unsafe('select pg_sleep(20)')
    })
    await expect(waiting).rejects.toThrow(UnavailableError)
    expect(await client!.unsafe("select to_regclass('never_there') as there")).toMatchObject([{ there: null }])
  })

  test('is cancelled at the server', async () => {
    await expect(client!.unsafe('select pg_sleep(20) as given_up')).rejects.toThrow(UnavailableError)
    const running = () =>
      plain!`select count(*)::int as n from pg_stat_activity where state = 'active' and query like '%as given_up' and pid <> pg_backend_pid()`
    await expect.poll(async () => (await running())[0].n, { timeout: 5000 }).toBe(0)
  })
})

describe.skipIf(!url)('a transaction over a connection that has fallen silent', () => {
  test.each([
    ['as it begins', 'begin'],
    ['within, so that its rollback is not heard either', 'statement'],
    ['as it commits', 'commit'],
  ])(
    'is given up %s',
    async (_, at) => {
      const gate = await Gate.to(url!)
      const plain = postgres(gate.url, { max: 1, onnotice: () => {} })
      const client = withDeadline(plain, 300)
      try {
        await client.unsafe('select 1')
        gate.isSilent = at === 'begin'
        const waiting = client.begin(async (tx) => {
          gate.isSilent = at === 'statement'
          await tx.unsafe('select 1')
          gate.isSilent = true
        })
        await expect(waiting).rejects.toThrow(UnavailableError)
      } finally {
        gate.close()
        await plain.end({ timeout: 1 })
      }
    },
    10_000,
  )

  test('does nothing once it was given up, though its beginning is answered after all', async () => {
    const plain = postgres(url!, { max: 1, onnotice: () => {} })
    const client = withDeadline(plain, 300)
    const { promise: blocked, resolve: free } = Promise.withResolvers<void>()
    const before = plain.begin(() => blocked) // the only connection
    let hasRun = false
    await expect(client.begin(async () => (hasRun = true))).rejects.toThrow(UnavailableError)
    free()
    await before
    await plain`select 1`
    expect(hasRun).toBe(false)
    await plain.end({ timeout: 1 })
  })
})
