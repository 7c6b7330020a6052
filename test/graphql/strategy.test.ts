import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BUILT_IN_STRATEGIES } from '../../src/strategy/builtin.ts'
import { countStrategies, findStrategyByName, seedStrategies } from '../../src/strategy/service.ts'
import { createTuningJob } from '../../src/tuning/service.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { smallJob } from '../tuning/jobs.ts'
import { answered, asker, type Ask } from './ask.ts'
import { everyField } from './every-field.ts'

let ctx: TestContext
let ask: Ask
beforeAll(async () => {
  ctx = await testContext()
  ask = asker(ctx)
  await seedStrategies(ctx)
})
afterAll(() => ctx.close())

const INPUT = {
  name: 'dip',
  description: 'Buys what fell.',
  enterLong: 'rsi(14) < oversold',
  exitLong: 'rsi(14) > 60',
  stopLoss: 'sl',
  parameterSpace: [
    { name: 'oversold', low: 20, high: 40, default: 30 },
    { name: 'sl', distribution: 'LOG_UNIFORM', low: 0.01, high: 0.1 },
  ],
  constraints: ['oversold > 10'],
}

const ERROR = `__typename ... on Error { message code } ... on ValidationError { fieldErrors { path message } }`
const CREATE = `mutation ($input: StrategyInput!) { createStrategy(input: $input) { ${ERROR} ... on CreateStrategySuccess { strategy ${everyField('Strategy')} } } }`
const UPDATE = `mutation ($id: ID!, $input: StrategyInput!) { updateStrategy(id: $id, input: $input) { ${ERROR} ... on UpdateStrategySuccess { strategy ${everyField('Strategy')} } } }`
const DELETE = `mutation ($id: ID!) { deleteStrategy(id: $id) { __typename ... on Error { message } ... on DeleteStrategySuccess { deletedId } } }`

const create = async (changes: object) =>
  (await answered(ask(CREATE, { input: { ...INPUT, ...changes } }))).createStrategy
const update = async (id: string, changes: object) =>
  (await answered(ask(UPDATE, { id, input: { ...INPUT, ...changes } }))).updateStrategy
const remove = async (id: string) => (await answered(ask(DELETE, { id }))).deleteStrategy

describe('checkStrategy', () => {
  const CHECK =
    'query ($input: StrategyInput!) { checkStrategy(input: $input) { problems { path message column } warmupBars parameters } }'
  const check = async (changes: object) =>
    (await answered(ask(CHECK, { input: { ...INPUT, ...changes } }))).checkStrategy

  test('finds nothing wrong with a sound one and names a first set: defaults, else the middle', async () => {
    expect(await check({})).toEqual({ problems: [], warmupBars: 15, parameters: { oversold: 30, sl: 0.055 } })
    expect(await findStrategyByName(ctx, INPUT.name)).toBeNull()
  })

  test('says in which column an expression is wrong, and nothing of columns elsewhere', async () => {
    const { problems, parameters } = await check({ name: '', enterLong: 'rsi(14) < oversld', exitLong: 'rsi(14 > 60' })
    const columns = problems.map(({ path, column }: { path: string[]; column: number }) => [path[0], column])
    expect(columns).toEqual([
      ['name', null],
      ['enterLong', 11],
      ['exitLong', 12],
    ])
    expect(parameters).toBeNull()
  })
})

describe('createStrategy', () => {
  test('stores a strategy, which is then found by id and in the list', async () => {
    const { __typename, strategy } = await create({ name: 'dip 1' })
    expect(__typename).toBe('CreateStrategySuccess')
    expect(strategy).toMatchObject({
      name: 'dip 1',
      version: 1,
      builtIn: false,
      enterLong: INPUT.enterLong,
      exitLong: INPUT.exitLong,
      enterShort: null,
      takeProfit: null,
      constraints: INPUT.constraints,
      warmupBars: 15,
    })
    expect(strategy.parameterSpace).toEqual([
      {
        name: 'oversold',
        distribution: 'UNIFORM',
        low: 20,
        high: 40,
        default: 30,
        step: null,
        mean: null,
        standardDeviation: null,
        values: null,
      },
      {
        name: 'sl',
        distribution: 'LOG_UNIFORM',
        low: 0.01,
        high: 0.1,
        default: null,
        step: null,
        mean: null,
        standardDeviation: null,
        values: null,
      },
    ])
    const { strategy: found } = await answered(
      ask(`query ($id: ID!) { strategy(id: $id) ${everyField('Strategy')} }`, { id: strategy.id }),
    )
    expect(found).toEqual(strategy)
  })

  test('names every problem at once, with its place in the text', async () => {
    const answer = await create({
      name: '  ',
      description: 'x'.repeat(2001),
      enterLong: 'rsi(14) < oversld',
      exitLong: 'rsi(14 > 60',
      stopLoss: '0',
      parameterSpace: [...INPUT.parameterSpace, { name: 'Bad Name', low: 2, high: 1 }],
    })
    expect(answer).toMatchObject({ __typename: 'ValidationError', code: 'EXPRESSION_INVALID' })
    const paths = answer.fieldErrors.map(({ path }: { path: string[] }) => path.join('.'))
    expect(paths.toSorted()).toEqual([
      'description',
      'enterLong',
      'exitLong',
      'name',
      'parameterSpace.2.low',
      'parameterSpace.2.name',
      'stopLoss',
    ])
    const message = answer.fieldErrors.find(({ path }: { path: string[] }) => path[0] === 'enterLong').message
    expect(message).toBe("Unknown name 'oversld' at column 11. Did you mean the parameter oversold?")
  })

  test.each([
    [{ name: 'a\u0000b' }, 'name'],
    [{ name: '' }, 'name'],
    [{ name: 'x'.repeat(101) }, 'name'],
    [{ name: '<b>' }, 'name'],
    [{ description: 'nul \u0000 inside' }, 'description'],
    [{ description: 'half \ud83d' }, 'description'],
  ])('refuses %j', async (changes, field) => {
    const answer = await create({ name: 'odd', ...changes })
    expect(answer.__typename).toBe('ValidationError')
    expect(answer.fieldErrors.map(({ path }: { path: string[] }) => path.join('.'))).toEqual([field])
  })

  test('refuses a name that is taken', async () => {
    await create({ name: 'taken' })
    expect(await create({ name: 'taken' })).toMatchObject({
      __typename: 'ConflictError',
      code: 'CONFLICT',
      message: 'There is a strategy taken already. Choose another name, or update that one.',
    })
  })

  test('of many at once with one name stores one', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => create({ name: 'popular' })))
    const kinds = answers.map(({ __typename }) => __typename).toSorted()
    expect(kinds).toEqual([...Array<string>(4).fill('ConflictError'), 'CreateStrategySuccess'])
  })

  test.each(['1e999', '-1e999'])('refuses the literal %s for a bound', async (literal) => {
    const { data, errors } = await ask(
      `mutation { createStrategy(input: { name: "x", enterLong: "rsi(p) < 30", stopLoss: "0.1", parameterSpace: [{ name: "p", low: 1, high: ${literal} }] }) { __typename } }`,
    )
    expect(data).toBeUndefined()
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }])
  })
})

describe('updateStrategy', () => {
  test('replaces the definition and counts the version', async () => {
    const { strategy } = await create({ name: 'before' })
    const answer = await update(strategy.id, { name: 'after', takeProfit: '0.1', description: null })
    expect(answer.strategy).toMatchObject({
      id: strategy.id,
      name: 'after',
      version: 2,
      takeProfit: '0.1',
      description: null,
    })
    expect(await findStrategyByName(ctx, 'before')).toBeNull()
  })

  test('leaves jobs what they were', async () => {
    const { strategy } = await create({ name: 'in use' })
    const job = await createTuningJob(ctx, await smallJob(ctx, { strategyId: strategy.id }))
    await update(strategy.id, { name: 'in use', enterLong: 'rsi(14) < oversold - 5' })
    const { tuningJob } = await answered(
      ask('query ($id: ID!) { tuningJob(id: $id) { strategy { version enterLong } } }', { id: job.id }),
    )
    expect(tuningJob.strategy).toEqual({ version: 2, enterLong: 'rsi(14) < oversold - 5' })
    expect(job.strategy.enterLong).toBe(INPUT.enterLong)
    expect(await remove(strategy.id)).toMatchObject({
      __typename: 'ConflictError',
      message: 'Strategy in use has tuning jobs. Delete those first.',
    })
  })

  test('changes nothing where something is wrong', async () => {
    const { strategy } = await create({ name: 'steady' })
    expect(await update(strategy.id, { name: 'steady', enterLong: 'rsi(14) <' })).toMatchObject({
      __typename: 'ValidationError',
    })
    await create({ name: 'neighbour' })
    expect(await update(strategy.id, { name: 'neighbour' })).toMatchObject({ __typename: 'ConflictError' })
    expect((await findStrategyByName(ctx, 'steady'))!.version).toBe(1)
  })
})

describe('a built-in strategy', () => {
  test('can be neither changed nor deleted', async () => {
    const { id } = (await findStrategyByName(ctx, 'ema-cross'))!
    expect(await update(id, {})).toMatchObject({
      __typename: 'ConflictError',
      message: 'ema-cross is built in. Create a strategy of your own from its definition.',
    })
    expect(await remove(id)).toMatchObject({ __typename: 'ConflictError', message: 'ema-cross is built in and stays.' })
  })

  test('is there once, however often the service starts', async () => {
    const before = await countStrategies(ctx)
    await Promise.all([seedStrategies(ctx), seedStrategies(ctx)])
    expect(await countStrategies(ctx)).toBe(before)
    for (const { name } of BUILT_IN_STRATEGIES) {
      expect(await findStrategyByName(ctx, name)).toMatchObject({ builtIn: true, version: 1 })
    }
  })
})

describe('deleteStrategy', () => {
  test('removes it', async () => {
    const { strategy } = await create({ name: 'short-lived' })
    expect(await remove(strategy.id)).toEqual({ __typename: 'DeleteStrategySuccess', deletedId: strategy.id })
    expect(await remove(strategy.id)).toMatchObject({ __typename: 'NotFoundError' })
    const { strategy: gone } = await answered(ask('query ($id: ID!) { strategy(id: $id) { id } }', { id: strategy.id }))
    expect(gone).toBeNull()
  })
})

describe('the list', () => {
  test('leads through all strategies, oldest first, each once, both ways', async () => {
    const total = await countStrategies(ctx)
    const forwards: string[] = []
    for (let after: string | null = null; ;) {
      const { strategies } = await answered(
        ask(
          'query ($after: String) { strategies(first: 3, after: $after) { totalCount nodes { name } pageInfo { hasNextPage endCursor } } }',
          { after },
        ),
      )
      expect(strategies.totalCount).toBe(total)
      forwards.push(...strategies.nodes.map(({ name }: { name: string }) => name))
      if (!strategies.pageInfo.hasNextPage) break
      after = strategies.pageInfo.endCursor as string
    }
    expect(new Set(forwards).size).toBe(total)
    const backwards: string[] = []
    for (let before: string | null = null; ;) {
      const { strategies } = await answered(
        ask(
          'query ($before: String) { strategies(last: 4, before: $before) { nodes { name } pageInfo { hasPreviousPage startCursor } } }',
          { before },
        ),
      )
      backwards.unshift(...strategies.nodes.map(({ name }: { name: string }) => name))
      if (!strategies.pageInfo.hasPreviousPage) break
      before = strategies.pageInfo.startCursor as string
    }
    expect(backwards).toEqual(forwards)
  })

  test.each(['markets', 'strategies', 'tuningJobs', 'models', 'predictions'])(
    'of %s refuses a page of more than 100',
    async (list) => {
      for (const size of ['first: 101', 'last: 101', 'first: -1', 'first: 2147483647']) {
        const { errors } = await ask(`{ ${list}(${size}) { totalCount } }`)
        const code = size.endsWith('-1') ? 'BAD_USER_INPUT' : 'QUERY_TOO_COMPLEX' // refused before anything runs
        expect(errors).toMatchObject([{ extensions: { code } }])
        expect(errors![0].message).toContain('is not a page size; ask for 0 to 100 rows')
      }
      expect(
        (await answered(ask(`{ ${list}(first: 100) { edges { cursor } pageInfo { hasNextPage } } }`)))[list].edges,
      ).toBeDefined()
    },
  )
})

test('every indicator and every algorithm is described', async () => {
  const { indicators, algorithms } = await answered(
    ask(`{ indicators ${everyField('Indicator')} algorithms ${everyField('AlgorithmInfo')} }`),
  )
  expect(indicators.length).toBeGreaterThan(20)
  expect(
    indicators.every(
      ({ signature, outputs }: { signature: string; outputs: string[] }) => signature && outputs.length > 0,
    ),
  ).toBe(true)
  expect(algorithms.map(({ algorithm }: { algorithm: string }) => algorithm)).toContain('RANDOM_FOREST')
  for (const { hyperparameters } of algorithms) {
    for (const { default: value, min, max } of hyperparameters) {
      expect(value).toBeGreaterThanOrEqual(min)
      expect(value).toBeLessThanOrEqual(max)
    }
  }
})
