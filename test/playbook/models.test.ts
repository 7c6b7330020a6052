import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { crossValidate } from '../../src/models/cross-validation.ts'
import { gradientBoosting } from '../../src/models/gradient-boosting.ts'
import { rowOf } from '../../src/models/matrix.ts'
import { fromXgboostJson } from '../../src/models/xgboost-json.ts'
import { knownStrategies, tradeFeatures } from '../../src/playbook/features.ts'
import { recommendationsOf } from '../../src/playbook/list.ts'
import { modelAsXgboost, newestModels } from '../../src/playbook/model-store.ts'
import { HYPERPARAMETERS, trainModels, voicesOf } from '../../src/playbook/models.ts'
import { blockOf, optimizerModelFrom } from '../../src/playbook/optimizer-model.ts'
import { OPTIMIZERS } from '../../src/playbook/play.ts'
import { recordTrades } from '../../src/playbook/record.ts'
import { playbookRound } from '../../src/playbook/schedule.ts'
import { startPlaybookReview } from '../../src/playbook/start-review.ts'
import { playbookModels, playbooks, type PlaybookRow } from '../../src/playbook/table.ts'
import { tradeLog, type TradeLog } from '../../src/playbook/trade-log.ts'
import { getPlaybook } from '../../src/playbook/version.ts'
import { runHere } from '../models/run-here.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { loggedTrades, newPlaybook, trades, type LogOptions } from './books.ts'

const logOf = (options: LogOptions): TradeLog => tradeLog(loggedTrades(options))

/** Wins in one regime and losses in another: something that a model can know. */
const TELLING: LogOptions = { winRate: { RANGING: 0.95, TRENDING_DOWN: 0.05 }, strategies: ['trend', 'swing'] }

describe('what an optimizer has learned', () => {
  const log = logOf({ ...TELLING, count: 300 })

  test('is asked about each trade by a part that has not seen its time, as in cross-validation', async () => {
    const trained = await trainModels(log, 14, runHere)
    expect(trained.map(({ optimizer }) => optimizer)).toEqual(OPTIMIZERS)
    const { model, crossValidationR2 } = trained[2]
    const features = tradeFeatures(log, knownStrategies(log))
    const blocks = Int32Array.from(log.exitTime, (time) => blockOf(model.bounds, time))
    const settings = { folds: 5, repeats: 1 }
    const { outOfFold } = await crossValidate(
      gradientBoosting,
      features,
      log.profitRatio,
      blocks,
      HYPERPARAMETERS,
      14,
      runHere,
      settings,
    )
    expect(model.predict(features, log.exitTime)).toEqual(outOfFold)
    expect(crossValidationR2).toBeGreaterThan(0.3)

    const later = log.exitTime.map((time) => time + 1e9)
    expect(model.predict(features, later).at(-1)).toBe(model.whole.predict(features).at(-1))
  })

  test('says the same bits once it was stored, also of a log that knows other strategies', async () => {
    const [first] = await trainModels(log, 14, runHere)
    const artifact = first.model.toBytes()
    const features = tradeFeatures(log, first.model.strategies)
    expect(optimizerModelFrom(artifact).predict(features, log.exitTime)).toEqual(
      first.model.predict(features, log.exitTime),
    )
    const other = logOf({ ...TELLING, count: 80, strategies: ['another', 'swing'] })
    const voices = voicesOf(other, [{ optimizer: 'LEVERAGE', crossValidationR2: 0.1, artifact }])
    expect(voices.LEVERAGE!.every(Number.isFinite)).toBe(true)
    expect(voicesOf(other, [{ optimizer: 'LEVERAGE', crossValidationR2: 0, artifact }])).toEqual({})
  })

  test('does not come from how a trade itself went on', () => {
    const featuresOfLast = (exitPrice: number, profitRatio: number) => {
      const rows = loggedTrades({ ...TELLING, count: 60 })
      Object.assign(rows.at(-1)!, { exitPrice, profitRatio, exitTime: rows.at(-1)!.exitTime + exitPrice })
      const changed = tradeLog(rows)
      return rowOf(tradeFeatures(changed, knownStrategies(changed)), changed.count - 1)
    }
    expect(featuresOfLast(50, -1)).toEqual(featuresOfLast(200, 1))
  })

  test('is nothing where all trades ended at one moment, or are too few', async () => {
    expect(await trainModels(logOf({ count: 49 }), 14, runHere)).toEqual([])
    expect(await trainModels({ ...log, exitTime: log.exitTime.fill(1) }, 14, runHere)).toEqual([])
  })
})

describe('the models of a playbook', () => {
  let ctx: TestContext
  beforeAll(async () => {
    ctx = await testContext()
  })
  afterAll(() => ctx.close())

  async function bookWith(options: LogOptions): Promise<PlaybookRow> {
    const book = await newPlaybook(ctx)
    await recordTrades(ctx, { playbookId: book.id, trades: trades(options) })
    return book
  }
  const versionsOf = async ({ id }: PlaybookRow) => (await newestModels(ctx, id)).map(({ version }) => version)
  const setTrainingDue = ({ id }: PlaybookRow) =>
    ctx.db
      .update(playbooks)
      .set({ nextTrainingAt: sql`clock_timestamp()` })
      .where(eq(playbooks.id, id))

  test('are trained and stored by the first review, which names them; the next one hears the same', async () => {
    const book = await bookWith({ ...TELLING, count: 120 })
    const { models } = await startPlaybookReview(ctx, book.id)
    const stored = await newestModels(ctx, book.id)
    expect(new Set(stored.map(({ optimizer }) => optimizer))).toEqual(new Set(OPTIMIZERS))
    for (const { optimizer, modelId, crossValidationR2, trainedOn } of models) {
      expect(stored.find(({ id }) => id === modelId)).toMatchObject({
        optimizer,
        crossValidationR2,
        trainedOn,
        version: 1,
        algorithm: 'XGBOOST',
      })
    }
    const file = fromXgboostJson(await modelAsXgboost(ctx, stored[0]))
    expect(file.featureNames).toEqual(stored[0].featureNames)
    expect(file.featureNames).toContain('strategy swing')
  })

  test('are trained anew by schedule, once, however many processes look; the same trades make no version', async () => {
    const book = await bookWith({ ...TELLING, count: 120 })
    await setTrainingDue(book)
    await Promise.all([playbookRound(ctx), playbookRound(ctx), playbookRound(ctx)])
    expect(await versionsOf(book)).toEqual([1, 1, 1, 1])
    const { nextTrainingAt } = await getPlaybook(ctx, book.id)
    expect(nextTrainingAt.getTime() - Date.now()).toBeGreaterThan(6 * 86_400_000)

    await setTrainingDue(book)
    await playbookRound(ctx)
    expect(await versionsOf(book)).toEqual([1, 1, 1, 1])
    await recordTrades(ctx, { playbookId: book.id, trades: trades({ ...TELLING, count: 30, prefix: 'new', days: 5 }) })
    await playbookRound(ctx)
    expect(await versionsOf(book)).toEqual([1, 1, 1, 1])
    await setTrainingDue(book)
    await Promise.all([playbookRound(ctx), playbookRound(ctx)])
    expect(await versionsOf(book)).toEqual([2, 2, 2, 2])
  })

  test('that know fewer than half of the trades are trained anew by a review', async () => {
    const book = await bookWith({ ...TELLING, count: 60 })
    await startPlaybookReview(ctx, book.id)
    const batch = trades({ ...TELLING, count: 90, prefix: 'more', days: 5 })
    await recordTrades(ctx, { playbookId: book.id, trades: batch })
    await ctx.db.execute(sql`update playbook_reviews set status = 'EXPIRED' where playbook_id = ${book.id}`)
    const { models } = await startPlaybookReview(ctx, book.id)
    expect(models[0].trainedOn).toBe(150)
  })

  test('whose bytes were changed are trained anew', async () => {
    const book = await bookWith({ ...TELLING, count: 100 })
    await startPlaybookReview(ctx, book.id)
    await ctx.db.execute(sql`update playbook_reviews set status = 'EXPIRED' where playbook_id = ${book.id}`)
    await ctx.db
      .update(playbookModels)
      .set({ artifact: new Uint8Array([1, 2, 3]) })
      .where(eq(playbookModels.playbookId, book.id))
    await expect(modelAsXgboost(ctx, (await newestModels(ctx, book.id))[0])).rejects.toThrow('checksum does not match')
    expect((await startPlaybookReview(ctx, book.id)).models[0].trainedOn).toBe(100)
    expect(new Set(await versionsOf(book))).toEqual(new Set([2]))
  })

  /** Few wins, but large ones, in RANGING; small losses elsewhere. The rule looks at the win rate, the model at profit. */
  const RARE: LogOptions[] = [
    { count: 200, regimes: ['RANGING'], winRate: { RANGING: 0.36 }, payoff: 8, prefix: 'rare' },
    { count: 90, regimes: ['TRENDING_DOWN'], winRate: { TRENDING_DOWN: 0.05 }, prefix: 'loss', seed: 2 },
  ]

  test('with skill that contradict a rule keep it from being recommended, and the review says so', async () => {
    const book = await bookWith(RARE[0])
    await recordTrades(ctx, { playbookId: book.id, trades: trades(RARE[1]) })
    const review = await startPlaybookReview(ctx, book.id)
    expect(review.models[0].crossValidationR2).toBeGreaterThan(0)
    expect(review.explanation).toContain('Rule and model disagree about LEVERAGE in RANGING')
    const leverages = (await recommendationsOf(ctx, review.id)).filter(({ parameter }) => parameter === 'LEVERAGE')
    expect(leverages.map(({ regime, recommended }) => [regime, recommended < 3])).toEqual([['TRENDING_DOWN', true]])
  })

  test('without skill have no say: the rule alone decides', async () => {
    const book = await bookWith({ count: 200, winRate: { RANGING: 0.3 }, regimes: ['RANGING'] })
    const review = await startPlaybookReview(ctx, book.id)
    expect(review.models[0].crossValidationR2).toBeLessThanOrEqual(0)
    expect(review.explanation).not.toContain('disagree')
    const [change] = await recommendationsOf(ctx, review.id)
    expect(change).toMatchObject({ parameter: 'LEVERAGE', current: 3, recommended: 2.4 })
  })
})
