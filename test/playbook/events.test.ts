import type { ExecutionResult } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { approveRecommendations, rejectRecommendations } from '../../src/playbook/decide.ts'
import { recordTrades } from '../../src/playbook/record.ts'
import { updatePlaybook } from '../../src/playbook/service.ts'
import { startPlaybookReview } from '../../src/playbook/start-review.ts'
import type { PlaybookRow } from '../../src/playbook/table.ts'
import { answered, asker } from '../graphql/ask.ts'
import { follow } from '../graphql/follow.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { newPlaybook, play, trades } from './books.ts'

let ctx: TestContext
beforeAll(async () => {
  ctx = await testContext()
})
afterAll(() => ctx.close())

async function losingBook(): Promise<PlaybookRow> {
  const book = await newPlaybook(ctx)
  await recordTrades(ctx, {
    playbookId: book.id,
    trades: trades({ count: 200, winRate: { RANGING: 0.2 }, regimes: ['RANGING'] }),
  })
  return book
}

/** The states of a subscription as they come. */
async function open(query: string): Promise<AsyncIterableIterator<ExecutionResult>> {
  const stream = await follow(ctx, query)
  if ('errors' in stream) throw new Error(JSON.stringify(stream.errors))
  return stream as AsyncIterableIterator<ExecutionResult>
}

/** Read on until a state is like that. */
async function until(stream: AsyncIterableIterator<ExecutionResult>, wanted: object): Promise<unknown> {
  for await (const { data } of stream) {
    const state = Object.values(data!)[0] as object
    if (Object.entries(wanted).every(([name, value]) => state[name as keyof object] === value)) return state
  }
  throw new Error(`The stream ended without ${JSON.stringify(wanted)}.`)
}

describe('whoever follows', () => {
  test('a review hears that it waits and how it was decided, and of no other playbook', async () => {
    const [book, other] = [await losingBook(), await losingBook()]
    const stream = await open(
      `subscription { playbookReviewChanged(playbookId: "${book.id}") { id status revision decidedBy playbook { id } } }`,
    )
    const heard = until(stream, { status: 'PENDING' })
    await startPlaybookReview(ctx, other.id)
    const review = await startPlaybookReview(ctx, book.id)
    expect(await heard).toEqual({
      id: review.id,
      status: 'PENDING',
      revision: 1,
      decidedBy: null,
      playbook: { id: book.id },
    })

    const again = await open(
      `subscription { playbookReviewChanged(playbookId: "${book.id}") { id status revision decidedBy playbook { id } } }`,
    )
    const rejected = until(again, { status: 'REJECTED' })
    await rejectRecommendations(ctx, { reviewId: review.id })
    expect(await rejected).toMatchObject({ id: review.id, decidedBy: 'tester', playbook: { id: book.id } })
  })

  test('a playbook has it as it is, and each version after', async () => {
    const book = await losingBook()
    const stream = await open(`subscription { playbookChanged(id: "${book.id}") { id version } }`)
    expect((await stream.next()).value.data).toEqual({ playbookChanged: { id: book.id, version: 1 } })
    const edited = until(stream, { version: 2 })
    await updatePlaybook(ctx, { id: book.id, expectedVersion: 1, regimes: [play({ leverage: 2.5 })] })
    expect(await edited).toEqual({ id: book.id, version: 2 })
    const review = await startPlaybookReview(ctx, book.id)
    const decided = until(await open(`subscription { playbookChanged(id: "${book.id}") { id version } }`), {
      version: 3,
    })
    await approveRecommendations(ctx, { reviewId: review.id, mode: 'ALL' })
    expect(await decided).toEqual({ id: book.id, version: 3 })
  })

  test('what there is not is told at once', async () => {
    const answer = (await follow(ctx, 'subscription { playbookChanged(id: "playbook_0") { id } }')) as ExecutionResult
    expect(answer.errors![0].message).toContain('No playbook with id playbook_0')
  })
})

test('the API shows the models of a playbook, and those that a review heard', async () => {
  const book = await losingBook()
  await startPlaybookReview(ctx, book.id)
  const MODEL = 'id optimizer version algorithm featureNames trainedOn checksum sizeBytes firstTradeAt lastTradeAt'
  const { playbook } = await answered(
    asker(ctx)(`{ playbook(id: "${book.id}") {
      nextTrainingAt
      models { ${MODEL} xgboostJson }
      pendingReview { models { optimizer trainedOn model { ${MODEL} } } }
    } }`),
  )
  const leverage = playbook.models.find(({ optimizer }: { optimizer: string }) => optimizer === 'LEVERAGE')
  const { xgboostJson, ...info } = leverage
  expect(info).toMatchObject({ version: 1, algorithm: 'XGBOOST', trainedOn: 200 })
  expect(info.checksum).toMatch(/^[0-9a-f]{64}$/)
  expect(JSON.parse(xgboostJson).learner.feature_names).toEqual(info.featureNames)
  const heard = playbook.pendingReview.models
  expect(heard[0]).toEqual({ optimizer: 'LEVERAGE', trainedOn: 200, model: info })
  // 200 trades with 40 wins are too few wins for a model of them
  expect(heard[1]).toMatchObject({ optimizer: 'RISK_RATIO', model: null })
  const { node } = await answered(asker(ctx)(`{ node(id: "${info.id}") { __typename id } }`))
  expect(node).toEqual({ __typename: 'PlaybookModel', id: info.id })
})
