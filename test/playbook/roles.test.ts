import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApiToken } from '../../src/auth/service.ts'
import type { AppContext } from '../../src/context.ts'
import { ForbiddenError, NotFoundError, ValidationError } from '../../src/errors.ts'
import { approveRecommendations, rejectRecommendations } from '../../src/playbook/decide.ts'
import { recordForecasts, recordTrades } from '../../src/playbook/record.ts'
import { rollbackPlaybook, updatePlaybook, updateTuningSettings } from '../../src/playbook/service.ts'
import { startPlaybookReview } from '../../src/playbook/start-review.ts'
import { ROLES, type Role } from '../../src/viewer.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { newPlaybook } from './books.ts'

let ctx: TestContext
beforeAll(async () => {
  ctx = await testContext()
})
afterAll(() => ctx.close())

/** Acts on what is not there: whoever may do them hears of that, everybody else that they may not. */
const NONE = 'playbook_0'
const ACTS: [name: string, may: Role[], act: (own: AppContext) => Promise<unknown>][] = [
  ['approve', ['APPROVER'], (own) => approveRecommendations(own, { reviewId: 'review_0', mode: 'ALL' })],
  ['reject', ['APPROVER'], (own) => rejectRecommendations(own, { reviewId: 'review_0' })],
  ['edit', ['APPROVER'], (own) => updatePlaybook(own, { id: NONE, expectedVersion: 1, regimes: [] })],
  ['roll back', ['APPROVER'], (own) => rollbackPlaybook(own, { id: NONE, toVersion: 1, expectedVersion: 2 })],
  ['set up', ['APPROVER', 'ADMIN'], (own) => updateTuningSettings(own, { playbookId: NONE, settings: {} })],
  ['review', ['TUNER', 'APPROVER', 'ADMIN'], (own) => startPlaybookReview(own, NONE)],
  ['report trades', ['BOT', 'ADMIN'], (own) => recordTrades(own, { playbookId: NONE, trades: [] })],
  ['report forecasts', ['BOT', 'ADMIN'], (own) => recordForecasts(own, { playbookId: NONE, forecasts: [] })],
]

describe('whichever door somebody comes by, only some roles', () => {
  test.each(ACTS)('%s', async (_, may, act) => {
    for (const role of ROLES) {
      const own = { ...ctx, viewer: { name: role, roles: [role], channel: 'TELEGRAM' as const } }
      const refusal = may.includes(role) ? NotFoundError : ForbiddenError
      await expect(act(own), role).rejects.toThrow(refusal)
    }
  })
})

test('a token is not bound to a playbook that there is not', async () => {
  const token = (playbookId: string) => createApiToken(ctx, { name: 'bot', roles: ['BOT'], playbookId })
  await expect(token(NONE)).rejects.toThrow(ValidationError)
  await expect(token(NONE)).rejects.toThrow(`playbookId: ${NONE} is no playbook`)
  const { id } = await newPlaybook(ctx)
  expect((await token(id)).token.playbookId).toBe(id)
})
