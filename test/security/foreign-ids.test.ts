import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isUnionType,
  type GraphQLField,
  type GraphQLInputType,
} from 'graphql'
import { count } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApiToken } from '../../src/auth/service.ts'
import { auditEntries } from '../../src/auth/table.ts'
import { startPlaybookReview } from '../../src/playbook/start-review.ts'
import { schema } from '../../src/server/schema.ts'
import { findStrategyByName } from '../../src/strategy/service.ts'
import { createTuningJob } from '../../src/tuning/service.ts'
import { newPlaybook } from '../playbook/books.ts'
import { smallJob } from '../tuning/jobs.ts'
import { GRAPHQL_RESPONSE, target, type Target } from './server.ts'

let server: Target
let bound: string
let own: string
/** What exists and is not the bot's. */
const foreign: string[] = []

beforeAll(async () => {
  server = await target()
  const { ctx } = server
  own = (await newPlaybook(ctx)).id
  const other = await newPlaybook(ctx)
  const job = await createTuningJob(ctx, await smallJob(ctx))
  const { token } = await createApiToken(ctx, { name: 'other', roles: ['VIEWER'] })
  const review = await startPlaybookReview(ctx, other.id)
  foreign.push(
    other.id,
    review.id,
    job.id,
    job.marketId,
    (await findStrategyByName(ctx, 'rsi-adx-volume'))!.id,
    token.id,
  )
  const { secret } = await createApiToken(ctx, { name: 'bound', roles: ['BOT'], playbookId: own })
  bound = `Bearer ${secret}`
})
afterAll(() => server.close())

/** A good value of a type, with `id` wherever an id stands. */
function sample(type: GraphQLInputType, id: string): unknown {
  if (isNonNullType(type)) return sample(type.ofType, id)
  if (isListType(type)) return [sample(type.ofType, id)]
  if (isEnumType(type)) return type.getValues()[0].name
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).filter((field) => isNonNullType(field.type) || takesId(field.type))
    return Object.fromEntries(fields.map((field) => [field.name, sample(field.type, id)]))
  }
  const scalars: Record<string, unknown> = {
    ID: id,
    String: 'x',
    Int: 1,
    Float: 1,
    Boolean: true,
    DateTime: '2025-01-01T00:00:00Z',
    Parameters: { x: 1 },
    Float64Base64: 'AAAAAAAA8D8=',
    JSON: {},
  }
  return scalars[type.name]
}

function takesId(type: GraphQLInputType): boolean {
  const named = getNamedType(type)
  if (named.name === 'ID') return true
  return isInputObjectType(named) && Object.values(named.getFields()).some((field) => takesId(field.type))
}

type RootField = GraphQLField<unknown, unknown>

/** Every root field that takes an id anywhere. */
const fields = (['query', 'mutation', 'subscription'] as const).flatMap((operation) =>
  Object.values(schema.getRootType(operation as never)!.getFields())
    .filter(({ args }: RootField) => args.some(({ type }) => takesId(type)))
    .map((field: RootField) => [field.name, operation, field] as const),
)

/** What a bound bot is told, with the id and the number of the request taken out. */
async function told(operation: string, field: RootField, id: string, authorization = bound): Promise<string> {
  const args = field.args.filter(({ type }) => isNonNullType(type) || takesId(type))
  const declared = args.map(({ name, type }) => `$${name}: ${String(type)}`).join(', ')
  const passed = args.map(({ name }) => `${name}: $${name}`).join(', ')
  const result = getNamedType(field.type)
  const message = isUnionType(result) ? ' ... on Error { message }' : ''
  const selection = isLeafType(result) ? '' : `{ __typename${message} }`
  const query = `${operation} (${declared}) { ${field.name}(${passed}) ${selection} }`
  const variables = JSON.stringify(Object.fromEntries(args.map(({ name, type }) => [name, sample(type, id)])))
  const text =
    operation === 'subscription'
      ? JSON.stringify(await server.askSocket(query, variables, { authorization }))
      : (
          await server.send(`{"query":${JSON.stringify(query)},"variables":${variables}}`, {
            'content-type': 'application/json',
            accept: GRAPHQL_RESPONSE,
            authorization,
          })
        ).text
  return text.replaceAll(id, 'ID').replaceAll(/"requestId":"[\w-]+"/g, '"requestId":""')
}

/** An id like this one that nobody has. */
const missing = (id: string): string => id.replace(/[^_]+$/, (rest) => '0'.repeat(rest.length))

const entries = async (): Promise<number> => (await server.ctx.db.select({ n: count() }).from(auditEntries))[0].n

describe('a bot that is bound to one playbook', () => {
  test('sees its own', async () => {
    const query = schema.getQueryType()!.getFields().playbook
    expect(await told('query', query, own)).toContain('"Playbook"')
  })

  test.each(fields)(
    'is told by %s (%s) the same of what it may not see as of what is not there',
    async (_, operation, field) => {
      const before = await entries()
      for (const id of foreign) expect(await told(operation, field, id)).toBe(await told(operation, field, missing(id)))
      expect(await entries()).toBe(before)
    },
  )
})

test('the questions are good ones: somebody with every role is told of what is there', async () => {
  const admin = 'Bearer the-admin-token-of-every-test-server'
  const differs: string[] = []
  for (const [name, operation, field] of fields.filter(([, kind]) => kind === 'query')) {
    for (const id of foreign) {
      if ((await told(operation, field, id, admin)) !== (await told(operation, field, missing(id), admin))) {
        differs.push(name)
      }
    }
  }
  expect(differs).toEqual(
    expect.arrayContaining(['market', 'node', 'playbook', 'playbookReview', 'strategy', 'tuningJob']),
  )
})
