import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import type { AppContext } from '../../src/context.ts'
import { Engine } from '../../src/engine/pool.ts'
import { QueueFullError } from '../../src/errors.ts'
import type { CreateTuningJobInput } from '../../src/tuning/input.ts'
import { createTuningJob, getTuningJob } from '../../src/tuning/service.ts'
import { tuningJobs } from '../../src/tuning/table.ts'
import { startWorker } from '../../src/tuning/worker.ts'
import { asker } from '../graphql/ask.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { smallJob, untilFinal } from './jobs.ts'

let ctx: TestContext
let input: CreateTuningJobInput
beforeEach(async () => {
  await ctx?.close()
  ctx = await testContext()
  input = await smallJob(ctx, { sampleCount: 30 })
})
afterAll(() => ctx.close())

const as = (name: string): AppContext => ({ ...ctx, viewer: { ...ctx.viewer, name } })

test('one user waits at most for one job of another who has queued many', async () => {
  const many: string[] = []
  for (let job = 0; job < 5; job++) many.push((await createTuningJob(as('eager'), input)).id)
  const { id: first } = await createTuningJob(as('modest'), input)
  const { id: second } = await createTuningJob(as('modest'), input)
  await startWorker(ctx)
  await Promise.all([...many, first, second].map((id) => untilFinal(ctx, id)))
  const order = new Map<string, Date>()
  for (const id of [...many, first, second]) order.set(id, (await getTuningJob(ctx, id)).startedAt!)
  const place = (id: string): number => [...order.values()].filter((at) => at < order.get(id)!).length
  expect([place(first), place(second)]).toEqual([1, 3])
  expect(many.map(place)).toEqual([0, 2, 4, 5, 6])
})

test('a job that cannot fit into memory is refused with what it would take', async () => {
  const engine = new Engine(1, () => {}, { memoryBytes: 100_000 })
  const refused = createTuningJob({ ...ctx, engine }, input)
  await expect(refused).rejects.toMatchObject({
    code: 'TOO_LARGE',
    fieldErrors: [{ path: ['trainingPeriod'], message: expect.stringMatching(/5\d{3} bars take at least 1 MiB/) }],
  })
  await engine.close()
})

describe('a queue that is full', () => {
  const full = (): AppContext => ({ ...ctx, config: { ...ctx.config, maxQueued: 2 } })

  test('takes no more, says when it may, and keeps those it has', async () => {
    for (let job = 0; job < 2; job++) await createTuningJob(full(), input)
    const error = await createTuningJob(full(), input).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(QueueFullError)
    expect(error).toMatchObject({ code: 'QUEUE_FULL', retryAfterMs: 5000 })
    expect(await ctx.db.$count(tuningJobs)).toBe(2)
  })

  test('is a top-level error of the API with its code and the time to wait', async () => {
    for (let job = 0; job < 2; job++) await createTuningJob(full(), input)
    const mutation = `mutation ($input: CreateTuningJobInput!) { createTuningJob(input: $input) { __typename } }`
    const { errors } = await asker(full())(mutation, { input })
    expect(errors![0].extensions).toMatchObject({ code: 'QUEUE_FULL', retryAfterMs: 5000 })
  })
})
