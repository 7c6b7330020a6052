import { getNamedType, isEnumType, isInputObjectType, isLeafType, isRequiredArgument } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { RATES } from '../../src/server/rates.ts'
import { schema } from '../../src/server/schema.ts'
import { createTuningJob } from '../../src/tuning/service.ts'
import { newPlaybook } from '../playbook/books.ts'
import { smallJob } from '../tuning/jobs.ts'
import { target, type Target } from './server.ts'

const NAMES = ['100% sure', 'a_b', 'back\\slash', "o'clock", 'plain']
let server: Target
let playbookId: string
beforeAll(async () => {
  server = await target()
  for (const name of NAMES) await createTuningJob(server.ctx, await smallJob(server.ctx, { name }))
  playbookId = (await newPlaybook(server.ctx)).id
})
afterAll(() => server.close())

const PAYLOADS = [
  "'",
  "''",
  "' or '1'='1",
  "' or 1=1 --",
  "'; drop table tuning_jobs; --",
  "'; delete from tuning_jobs; --",
  "'); drop table tuning_jobs; --",
  "' union select secret_hash from api_tokens --",
  "' union select null, null --",
  "'; select pg_sleep(30); --",
  "' || pg_sleep(30) || '",
  "'; copy tuning_jobs to program 'id'; --",
  "' and (select count(*) from pg_user) > 0 --",
  "1; update tuning_jobs set status = 'FAILED'",
  '1 or 1=1',
  '0) or (1=1',
  '"',
  '"; drop table tuning_jobs; --',
  '$1',
  '$$; drop table tuning_jobs; $$',
  '${1}',
  ':name',
  '?',
  '\\',
  "\\'; drop table tuning_jobs; --",
  '/* */',
  '--',
  '{"$gt": ""}',
  '__proto__',
  '\u02bc or 1=1',
  '%00',
  'nul\0byte',
  'half \ud800 a character',
  '%'.repeat(200),
]

/** Arguments that take free text, and where their answers are counted. */
const ASKED: Record<string, string> = {
  'tuningJobs.filter.search':
    'query ($text: String!) { tuningJobs(filter: { search: $text }) { totalCount nodes { id } } }',
  'tuningJobs.filter.marketId': 'query ($text: ID!) { tuningJobs(filter: { marketId: $text }) { totalCount } }',
  'tuningJobs.filter.strategyId': 'query ($text: ID!) { tuningJobs(filter: { strategyId: $text }) { totalCount } }',
  'models.filter.alias': 'query ($text: String!) { models(filter: { alias: $text }) { totalCount } }',
  'auditLog.action': 'query ($text: String!) { auditLog(action: $text) { totalCount } }',
  'playbook.name': 'query ($text: String!) { playbook(name: $text) { id } }',
  'Playbook.trades.filter.strategy':
    'query ($text: String!, $id: ID!) { playbook(id: $id) { trades(filter: { strategy: [$text] }) { totalCount } } }',
  'tuningJobs.after': 'query ($text: String!) { tuningJobs(after: $text) { totalCount } }',
  'node.id': 'query ($text: ID!) { node(id: $text) { id } }',
  'tuningJob.id': 'query ($text: ID!) { tuningJob(id: $text) { id } }',
}

/** And each argument of a query that takes text and needs no other, where one may ask so often. */
for (const { name: field, args, type } of Object.values(schema.getQueryType()!.getFields())) {
  for (const argument of args) {
    const kind = getNamedType(argument.type).name
    const isEnough = !args.some((other) => other !== argument && isRequiredArgument(other))
    if (!['String', 'ID'].includes(kind) || !isEnough || field in RATES) continue
    const named = getNamedType(type)
    const wanted = isLeafType(named) ? '' : named.name.endsWith('Connection') ? '{ totalCount }' : '{ __typename }'
    ASKED[`${field}.${argument.name}`] ??= `query ($text: ${kind}!) { ${field}(${argument.name}: $text) ${wanted} }`
  }
}

/** What one question finds: nothing, or an error that is the sender's own. */
async function found(query: string, text: string): Promise<unknown> {
  const variables: Record<string, string> = query.includes('$id') ? { text, id: playbookId } : { text }
  const answer = await server.ask(query, JSON.stringify(variables))
  const { data, errors } = JSON.parse(answer.text) as {
    data?: Record<string, unknown>
    errors?: { extensions: { code: string } }[]
  }
  return errors?.[0].extensions.code ?? JSON.stringify(data)
}

const NOTHING =
  /^(BAD_USER_INPUT|NOT_FOUND|\{"\w+":(null|\{"totalCount":0(,"nodes":\[\])?\}|\{"trades":\{"totalCount":0\}\})\})$/

describe('words that mean something to a database', () => {
  test.each(Object.keys(ASKED))('are words and nothing else in %s', async (argument) => {
    for (const payload of PAYLOADS) {
      const answer = await found(ASKED[argument], payload)
      // Whatever is searched for may be part of a name.
      const isPart = argument.endsWith('search') && NAMES.some((name) => name.includes(payload))
      if (isPart) expect([payload, answer]).toEqual([payload, expect.stringMatching(/"totalCount":[1-5]/)])
      else expect([payload, answer]).toEqual([payload, expect.stringMatching(NOTHING)])
    }
    const whole = await server.ask('{ tuningJobs { totalCount } }')
    expect(whole.text).toContain(`"totalCount":${NAMES.length}`)
  })

  test.each([
    ['%', '100% sure'],
    ['_', 'a_b'],
    ['\\', 'back\\slash'],
    ["'", "o'clock"],
  ])('as %j are searched for as they are', async (text, name) => {
    const answer = await server.ask(
      'query ($text: String!) { tuningJobs(filter: { search: $text }) { nodes { name id } } }',
      JSON.stringify({ text }),
    )
    // An id may hold an underscore, as every id of ours does.
    const { nodes } = (JSON.parse(answer.text) as { data: { tuningJobs: { nodes: { name: string; id: string }[] } } })
      .data.tuningJobs
    expect(nodes.map((node) => node.name)).toContain(name)
    expect(nodes.every((node) => `${node.name} ${node.id}`.includes(text))).toBe(true)
  })

  test('are tried wherever a query takes them', () => {
    expect(Object.keys(ASKED)).toEqual(
      expect.arrayContaining(['market.id', 'strategies.after', 'playbooks.before', 'auditLog.after', 'replay.id']),
    )
  })

  test('order nothing: every order is an enum', () => {
    const orders = Object.values(schema.getTypeMap()).filter(
      (type) => isInputObjectType(type) && type.name.endsWith('Order'),
    )
    expect(orders.length).toBeGreaterThan(1)
    for (const order of orders) {
      if (!isInputObjectType(order)) continue
      for (const field of Object.values(order.getFields())) expect(isEnumType(getNamedType(field.type))).toBe(true)
    }
  })
})
