import { afterAll, beforeAll, expect, test } from 'vitest'
import { newSecret } from '../../src/auth/secret.ts'
import { createLog } from '../../src/log.ts'
import { TEST_TOKEN } from '../helpers.ts'
import { errorsOf, target, type Target } from './server.ts'

const PASSWORD = 'hunter2-of-the-database'
const ADDRESS = `postgres://tunebook:${PASSWORD}@db.internal:5432/tunebook`

let log = ''
let isDown = false
let server: Target
beforeAll(async () => {
  const destination = { write: (line: string) => void (log += line) }
  server = await target({
    log: createLog('trace', [TEST_TOKEN, PASSWORD], destination),
    failure: () => isDown && new Error(ADDRESS),
  })
})
afterAll(() => server.close())

const CREATE = `mutation ($name: String!) { createApiToken(name: $name, roles: [VIEWER]) {
  ... on CreateApiTokenSuccess { secret } ... on Error { message } } }`

test('a server that is attacked, asked and failing writes no secret into its log', async () => {
  const created = await server.ask(CREATE, '{"name":"grafana"}')
  const { secret } = (JSON.parse(created.text) as { data: { createApiToken: { secret: string } } }).data.createApiToken
  const guess = newSecret()
  const secrets = [TEST_TOKEN, secret, guess, PASSWORD]
  for (const one of secrets) {
    const bearer = { authorization: `Bearer ${one}`, 'content-type': 'application/json' }
    await server.send('{"query":"{ viewer { name } }"}', bearer)
    await server.send(`{"query":"{ ${one} `, bearer)
    await server.send('', { ...bearer, cookie: `token=${one}` }, `/${one}?token=${one}`, 'GET')
    await server.ask(`{ tuningJobs(filter: { search: "${one}" }) { totalCount } }`)
    await server.ask(CREATE, JSON.stringify({ name: `\n${one}` }))
    await server.askSocket('{ viewer { name } }', '{}', bearer).catch(() => {})
  }
  isDown = true
  const failed = await server.ask('{ markets { totalCount } }')
  isDown = false
  expect(errorsOf(failed)[0]).toMatchObject({ message: 'Unexpected error.', extensions: { code: 'INTERNAL' } })
  expect(failed.text).not.toContain('db.internal')

  // It has something to say, and says it without them.
  for (const words of ['answered', 'a sign-in failed', 'a request failed', 'db.internal']) expect(log).toContain(words)
  expect(secrets.filter((one) => log.includes(one))).toEqual([])
})
