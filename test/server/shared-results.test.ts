import type { ExecutionResult } from 'graphql'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { updatePlaybook } from '../../src/playbook/service.ts'
import { createApi, type Api } from '../../src/server/api.ts'
import type { SharedResult } from '../../src/server/shared-results.ts'
import type { Role, Viewer } from '../../src/viewer.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { newPlaybook, play } from '../playbook/books.ts'

let ctx: TestContext
let api: Api
beforeAll(async () => {
  ctx = await testContext()
  api = createApi(ctx)
})
afterAll(() => ctx.close())

type Stream = AsyncIterableIterator<ExecutionResult>
const open: Stream[] = []
afterEach(async () => {
  for (const stream of open.splice(0)) await stream.return!()
})

const viewer = (name: string, roles: Role[], playbookId?: string): Viewer => ({
  name,
  roles,
  channel: 'API',
  tokenId: `token_${name}`,
  ...(playbookId !== undefined && { playbookId }),
})

async function follow(who: Viewer, query: string, variableValues: Record<string, unknown> = {}): Promise<Stream> {
  const { schema, parse, contextFactory, subscribe } = api.getEnveloped({
    params: { query, variables: variableValues },
    viewer: who,
  })
  const contextValue = await contextFactory()
  const stream = (await subscribe({ schema, document: parse(query), contextValue, variableValues })) as Stream
  open.push(stream)
  return stream
}

/** What the next event brings each of them. */
const nextOf = (...streams: Stream[]): Promise<SharedResult[]> =>
  Promise.all(streams.map(async (stream) => (await stream.next()).value as SharedResult))

/** The first state of a second version. */
async function version2(stream: Stream): Promise<SharedResult> {
  for (;;) {
    const [result] = await nextOf(stream)
    if ((result.data as { playbookChanged: { version: number } }).playbookChanged.version === 2) return result
  }
}

const ONE = 'subscription ($id: ID) { playbookChanged(id: $id) { id version } }'
const ANY = 'subscription { playbookChanged { id version } }'
/** Versions are for people, not for bots. */
const HISTORY =
  'subscription ($id: ID) { playbookChanged(id: $id) { id versions(first: 5) { totalCount nodes { version } } } }'

describe('equal subscriptions of viewers with equal rights', () => {
  test('get the very same result and the same JSON, whoever they are', async () => {
    const { id } = await newPlaybook(ctx)
    const names = ['anne', 'bob', 'cleo']
    const streams = await Promise.all(names.map((name) => follow(viewer(name, ['VIEWER']), ONE, { id })))
    const results = await nextOf(...streams)
    expect(results[0].data).toEqual({ playbookChanged: { id, version: 1 } })
    expect(new Set(results).size).toBe(1)
    expect(results[0].stringify()).toBe(JSON.stringify({ data: { playbookChanged: { id, version: 1 } } }))
  })

  test('get a new one at the next event', async () => {
    const { id } = await newPlaybook(ctx)
    const streams = [
      await follow(viewer('anne', ['VIEWER']), ONE, { id }),
      await follow(viewer('bob', ['VIEWER']), ONE, { id }),
    ]
    await nextOf(...streams)
    const later = nextOf(...streams)
    await updatePlaybook(ctx, { id, expectedVersion: 1, regimes: [play({ leverage: 2.5 })] })
    const [a, b] = await later
    expect(a.data).toEqual({ playbookChanged: { id, version: 2 } })
    expect(a).toBe(b)
  })

  test('do not tell one the name of the other where something is refused', async () => {
    const { id } = await newPlaybook(ctx)
    const bots = [
      await follow(viewer('secret-name', ['BOT']), HISTORY, { id }),
      await follow(viewer('bob', ['BOT']), HISTORY, { id }),
    ]
    const [a, b] = await nextOf(...bots)
    expect(a.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }])
    expect(JSON.stringify([a, b])).not.toContain('secret-name')
  })
})

describe('a result is not shared', () => {
  test('with whoever has other roles: each gets what its own roles allow, whoever comes first', async () => {
    const { id } = await newPlaybook(ctx)
    const roles: Role[][] = [['VIEWER'], ['BOT'], ['ADMIN'], ['VIEWER', 'BOT'], ['APPROVER']]
    const streams = await Promise.all(roles.map((own) => follow(viewer('one', own), HISTORY, { id })))
    const results = await nextOf(...streams)
    expect(new Set(results).size).toBe(roles.length)
    const seen = { playbookChanged: { id, versions: { totalCount: 1, nodes: [{ version: 1 }] } } }
    for (const [at, result] of results.entries()) {
      if (at === 1) expect(result.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }])
      else expect(result.data).toEqual(seen)
    }
    expect(JSON.stringify(results[1].data ?? null)).not.toContain('version')
  })

  test('with a bot that is bound to one playbook, which hears of no other', async () => {
    const [own, foreign] = [await newPlaybook(ctx), await newPlaybook(ctx)]
    const free = await follow(viewer('free', ['BOT']), ANY)
    const bound = await follow(viewer('bound', ['BOT'], own.id), ANY)
    const heard = Promise.all([version2(free), version2(bound)])
    await updatePlaybook(ctx, { id: foreign.id, expectedVersion: 1, regimes: [play({ leverage: 2.5 })] })
    await updatePlaybook(ctx, { id: own.id, expectedVersion: 1, regimes: [play({ leverage: 2.5 })] })
    const [toFree, toBound] = await heard
    expect(toFree.data).toEqual({ playbookChanged: { id: foreign.id, version: 2 } })
    expect(toBound.data).toEqual({ playbookChanged: { id: own.id, version: 2 } })
    const freeLater = await version2(free)
    expect(freeLater.data).toEqual(toBound.data)
    expect(freeLater).not.toBe(toBound) // equal, and yet another: its bounds are part of its rights
    const refused = (await follow(viewer('bound', ['BOT'], own.id), ONE, {
      id: foreign.id,
    })) as unknown as ExecutionResult
    expect(refused.errors![0].message).toContain('No playbook')
    open.pop()
  })

  test('with other variables or another document', async () => {
    const { id } = await newPlaybook(ctx)
    const spaced = ONE.replace('{ id version }', '{ id  version }')
    const variants: [string, Record<string, unknown>][] = [
      [ONE, { id }],
      [ONE, { id, unused: 1 }],
      [spaced, { id }],
    ]
    const streams = await Promise.all(
      variants.map(([query, variables]) => follow(viewer('one', ['VIEWER']), query, variables)),
    )
    expect(new Set(await nextOf(...streams)).size).toBe(3)
  })
})

test('variables that do not fit are the fault of the request', async () => {
  const answer = (await follow(viewer('one', ['VIEWER']), ONE, { id: { no: 'id' } })) as unknown as ExecutionResult
  open.pop()
  expect(answer.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } } }])
})
