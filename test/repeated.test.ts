import postgres from 'postgres'
import { afterAll, describe, expect, test } from 'vitest'
import { withDeadline } from '../src/deadline.ts'
import { Repeated } from '../src/repeated.ts'

describe('a statement that comes again and again', () => {
  test('is worth preparing from the third time on', () => {
    const repeated = new Repeated()
    expect([1, 2, 3, 4].map(() => repeated.has('select $1'))).toEqual([false, false, true, true])
  })

  test('is one of a few: the others are not prepared, nor are those that are built for their values', () => {
    const repeated = new Repeated()
    const use = (text: string): boolean => [1, 2, 3].map(() => repeated.has(text))[2]
    const texts = Array.from({ length: 1000 }, (_, index) => `select ${index}, $1`)
    expect(texts.filter(use)).toHaveLength(150)
    expect(use(`select * from jobs where id in (${'$1, '.repeat(3000)}$2)`)).toBe(false)
  })

  test('is forgotten where thousands came but once in between', () => {
    const repeated = new Repeated()
    const use = (): boolean => repeated.has('select $1')
    expect([use(), use()]).toEqual([false, false])
    for (let index = 0; index < 2000; index++) repeated.has(`select ${index}`)
    expect([use(), use(), use()]).toEqual([false, false, true])
  })
})

const url = process.env.TEST_DATABASE_URL

describe.skipIf(!url)('at the server', () => {
  const plain = url ? postgres(url, { max: 1, onnotice: () => {} }) : undefined
  afterAll(() => plain?.end({ timeout: 1 }))

  test('it is there from the third time on, in transactions and outside, whatever its values', async () => {
    const client = withDeadline(plain!, 5000)
    const text = 'select $1::integer as number'
    const there = async () =>
      (await plain!`select count(*)::integer as times from pg_prepared_statements where statement = ${text}`)[0].times
    const times: number[] = []
    for (const number of [1, 2, 3, 4]) {
      const [row] = await client.begin((tx) => tx.unsafe(text, [number]))
      expect(row.number).toBe(number)
      times.push(await there())
    }
    expect(times).toEqual([0, 0, 1, 1])
  })
})
