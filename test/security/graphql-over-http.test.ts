import { serverAudits } from 'graphql-http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SIGNED_IN } from '../helpers.ts'
import { target, type Target } from './server.ts'

let server: Target
beforeAll(async () => {
  server = await target()
})
afterAll(() => server.close())

describe('the audit of GraphQL over HTTP', () => {
  const audits = serverAudits({
    url: () => `${server.server.url}/graphql`,
    fetchFn: (url: string, init: RequestInit = {}) =>
      fetch(url, { ...init, headers: { ...(init.headers as Record<string, string>), ...SIGNED_IN } }),
  })

  test.each(audits.map((audit) => [`${audit.id} ${audit.name}`, audit] as const))('%s', async (_, audit) => {
    const result = await audit.fn()
    const reason = 'reason' in result ? result.reason : ''
    expect(`${result.status} ${reason}`).toBe('ok ')
  })
})
