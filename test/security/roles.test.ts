import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { audit } from '../../src/auth/audit.ts'
import { createApi } from '../../src/server/api.ts'
import { allows, type Role, type Viewer } from '../../src/viewer.ts'
import { asker, type Ask } from '../graphql/ask.ts'
import { testContext, type TestContext } from '../helpers.ts'

let ctx: TestContext
beforeAll(async () => {
  ctx = await testContext()
  await ctx.db.transaction((tx) => audit(tx, ctx.viewer, 'TESTED', null))
})
afterAll(() => ctx.close())

const as = (...roles: Role[]): Ask => asker({ ...ctx, viewer: { name: 'somebody', roles, channel: 'API' } })
const DELETE = 'mutation { deleteTuningJobs(ids: ["job_1"]) { __typename } }'

async function codeOf(ask: Ask, query: string): Promise<string | undefined> {
  return (await ask(query)).errors?.[0].extensions.code
}

describe('a role', () => {
  const viewer = (...roles: Role[]): Viewer => ({ name: 'x', roles, channel: 'API' })

  test.each<[Role, Role[]]>([
    ['VIEWER', ['VIEWER']],
    ['BOT', ['BOT']],
    ['TUNER', ['VIEWER', 'TUNER']],
    ['APPROVER', ['VIEWER', 'TUNER', 'APPROVER']],
    ['ADMIN', ['VIEWER', 'TUNER', 'ADMIN']],
  ])('%s may do what asks for %j', (role, expected) => {
    const all: Role[] = ['VIEWER', 'BOT', 'TUNER', 'APPROVER', 'ADMIN']
    expect(all.filter((needed) => allows(viewer(role), needed))).toEqual(expected)
  })
})

describe('a field', () => {
  test('says which role is missing, and nothing happens', async () => {
    const { data, errors } = await as('VIEWER')(DELETE)
    expect(data).toBeNull()
    expect(errors).toMatchObject([
      {
        message: 'Mutation.deleteTuningJobs needs another role than those of somebody (VIEWER).',
        extensions: { code: 'FORBIDDEN' },
      },
    ])
    expect(await codeOf(as('TUNER'), DELETE)).toBeUndefined()
  })

  test.each([
    ['an alias', 'mutation { harmless: deleteTuningJobs(ids: ["job_1"]) { __typename } }'],
    ['a fragment', 'mutation { ...f } fragment f on Mutation { deleteTuningJobs(ids: ["job_1"]) { __typename } }'],
    ['an inline fragment', 'mutation { ... { ... on Mutation { deleteTuningJobs(ids: ["job_1"]) { __typename } } } }'],
  ])('is not opened by %s', async (_, query) => {
    expect(await codeOf(as('VIEWER'), query)).toBe('FORBIDDEN')
  })

  test('is refused before its arguments are looked at by anybody', async () => {
    expect(await codeOf(as('BOT'), '{ markets(first: 100, after: "nonsense") { totalCount } }')).toBe('FORBIDDEN')
  })

  test('of a guarded type is refused on every way to it', async () => {
    expect(await codeOf(as('VIEWER'), '{ auditLog(first: 1) { nodes { hash } } }')).toBe('FORBIDDEN')
    expect(await codeOf(as('VIEWER'), '{ node(id: "audit_1") { id ... on AuditEntry { hash } } }')).toBe('FORBIDDEN')
    expect(await codeOf(as('APPROVER'), '{ node(id: "audit_1") { id ... on AuditEntry { hash } } }')).toBeUndefined()
  })

  test('of a subscription is refused before anything is subscribed to', async () => {
    const api = createApi({ ...ctx, viewer: { name: 'bot', roles: ['BOT'], channel: 'API' } })
    const response = await api.fetch('http://localhost/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: 'subscription { tuningJobChanged { id } }' }),
    })
    expect(await response.text()).toContain('FORBIDDEN')
    expect(ctx.events.size).toBe(0)
  })

  test('answers somebody without any role with UNAUTHENTICATED', async () => {
    expect(await codeOf(as(), '{ markets { totalCount } }')).toBe('UNAUTHENTICATED')
    expect(await codeOf(as(), '{ viewer { name } }')).toBe('UNAUTHENTICATED')
  })
})

test('everybody may ask who they are', async () => {
  expect(await as('ADMIN')('{ viewer { may } }')).toEqual({ data: { viewer: { may: ['VIEWER', 'TUNER', 'ADMIN'] } } })
  expect(await as('BOT')('{ viewer { name roles } }')).toEqual({
    data: { viewer: { name: 'somebody', roles: ['BOT'] } },
  })
})
