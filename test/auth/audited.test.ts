import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { desc, eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { auditEntries } from '../../src/auth/table.ts'
import { importCandles } from '../../src/market/service.ts'
import { recordTrades } from '../../src/playbook/record.ts'
import { schema } from '../../src/server/schema.ts'
import { createStrategy, deleteStrategy, updateStrategy } from '../../src/strategy/service.ts'
import { cancelTuningJob, createTuningJob, deleteTuningJobs, retryTuningJobs } from '../../src/tuning/service.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { csv, rows } from '../market/files.ts'
import { newPlaybook, trades } from '../playbook/books.ts'
import { smallJob } from '../tuning/jobs.ts'

let ctx: TestContext
beforeAll(async () => {
  ctx = await testContext()
})
afterAll(() => ctx.close())

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What every mutation leaves in the log. */
const ACTIONS: Record<string, string> = {
  approveRecommendations: 'REVIEW_APPROVED',
  cancelTuningJob: 'JOB_CANCELLED',
  createApiToken: 'TOKEN_CREATED',
  createPlaybook: 'PLAYBOOK_CREATED',
  createStrategy: 'STRATEGY_CREATED',
  createTuningJob: 'JOB_CREATED',
  deleteModel: 'MODEL_DELETED',
  deleteStrategy: 'STRATEGY_DELETED',
  deleteTuningJobs: 'JOB_DELETED',
  downloadCandles: 'CANDLES_ADDED',
  importCandles: 'CANDLES_ADDED',
  recordForecasts: 'FORECASTS_RECORDED',
  recordTrades: 'TRADES_RECORDED',
  rejectRecommendations: 'REVIEW_REJECTED',
  removeModelAlias: 'MODEL_ALIAS_REMOVED',
  retryTuningJobs: 'JOB_RETRIED',
  revokeApiToken: 'TOKEN_REVOKED',
  rollbackPlaybook: 'PLAYBOOK_ROLLED_BACK',
  saveModel: 'MODEL_SAVED',
  setModelActive: 'MODEL_ACTIVATED',
  setModelAlias: 'MODEL_ALIAS_SET',
  startPlaybookReview: 'REVIEW_STARTED',
  updatePlaybook: 'PLAYBOOK_UPDATED',
  updateStrategy: 'STRATEGY_UPDATED',
  updateTuningSettings: 'TUNING_SETTINGS_UPDATED',
}

/** Those that leave none: they calculate, and keep the answer beside the model or the job that it is about. */
const ANSWERS = ['predict', 'replayTuningJob', 'verifyPrediction']

test('every mutation leaves an entry in the audit log, but for those that only answer', () => {
  const mutations = Object.keys(schema.getMutationType()!.getFields())
  expect([...Object.keys(ACTIONS), ...ANSWERS].toSorted()).toEqual(mutations.toSorted())
  const source = globSync('src/*/*.ts', { cwd: root }).map((file) => readFileSync(join(root, file), 'utf8'))
  const unknown = Object.values(ACTIONS).filter((action) => !source.some((text) => text.includes(`'${action}'`)))
  expect(unknown).toEqual([])
})

async function newest(subject: string) {
  const [entry] = await ctx.db
    .select()
    .from(auditEntries)
    .where(eq(auditEntries.subject, subject))
    .orderBy(desc(auditEntries.sequence))
  return entry
}

describe('an entry of the log', () => {
  const definition = {
    name: 'audited',
    enterLong: 'rsi(14) < oversold',
    stopLoss: '0.02',
    constraints: [],
    parameterSpace: [{ name: 'oversold', distribution: 'UNIFORM' as const, low: 10, high: 40 }],
  }

  test('is left by a strategy that is made, changed and deleted', async () => {
    const { id } = await createStrategy(ctx, definition)
    expect(await newest(id)).toMatchObject({ action: 'STRATEGY_CREATED', actor: 'tester', channel: 'API' })
    await updateStrategy(ctx, id, { ...definition, description: 'another' })
    expect(await newest(id)).toMatchObject({ action: 'STRATEGY_UPDATED', detail: { name: 'audited', version: 2 } })
    await deleteStrategy(ctx, id)
    expect(await newest(id)).toMatchObject({ action: 'STRATEGY_DELETED', detail: { name: 'audited', version: 2 } })
  })

  test('is left by candles that are new, and by them only', async () => {
    const input = { exchange: 'audited', symbol: 'BTC/USDT', timeframe: '1h' }
    const content = Buffer.from(csv(...rows(3))).toString('base64')
    const { market } = await importCandles(ctx, { ...input, content })
    const entry = await newest(market.id)
    expect(entry).toMatchObject({ action: 'CANDLES_ADDED', detail: { added: 3, contentHash: market.contentHash } })
    await importCandles(ctx, { ...input, content })
    expect((await newest(market.id)).sequence).toBe(entry.sequence)
  })

  test('is left by a job that is made, cancelled, retried and deleted, and by none that was refused', async () => {
    const { id } = await createTuningJob(ctx, await smallJob(ctx, { name: 'audited' }))
    expect(await newest(id)).toMatchObject({ action: 'JOB_CREATED', detail: { name: 'audited', sampleCount: 40 } })
    await expect(deleteTuningJobs(ctx, [id])).rejects.toThrow('Cancel it first')
    expect((await newest(id)).action).toBe('JOB_CREATED')
    await cancelTuningJob(ctx, id)
    expect((await newest(id)).action).toBe('JOB_CANCELLED')
    await retryTuningJobs(ctx, [id])
    expect((await newest(id)).action).toBe('JOB_RETRIED')
    await cancelTuningJob(ctx, id)
    await deleteTuningJobs(ctx, [id])
    expect(await newest(id)).toMatchObject({ action: 'JOB_DELETED', detail: { name: 'audited' } })
  })

  test('is left by trades that are new, one for a call', async () => {
    const { id } = await newPlaybook(ctx)
    const batch = trades({ count: 20 })
    await recordTrades(ctx, { playbookId: id, trades: batch })
    const entry = await newest(id)
    expect(entry).toMatchObject({ action: 'TRADES_RECORDED', detail: { recorded: 20, duplicates: 0 } })
    await recordTrades(ctx, { playbookId: id, trades: batch })
    expect((await newest(id)).sequence).toBe(entry.sequence)
  })
})
