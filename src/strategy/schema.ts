import { builder } from '../graphql/builder.ts'
import { page } from '../graphql/connection.ts'
import { ConflictError, NotFoundError, ValidationError } from '../errors.ts'
import { FieldErrorType } from '../graphql/errors.ts'
import { INDICATORS, type IndicatorDefinition } from '../engine/indicators.ts'
import { DISTRIBUTIONS, type ParameterSpec } from './parameter-space.ts'
import { SAMPLERS } from './sampling.ts'
import {
  checkStrategy,
  countStrategies,
  createStrategy,
  deleteStrategy,
  findStrategy,
  listStrategies,
  updateStrategy,
  type StrategyCheck,
} from './service.ts'
import type { StrategyDefinition } from './strategy.ts'
import type { StrategyRow } from './table.ts'

export const DistributionEnum = builder.enumType('Distribution', {
  description: 'How the values of a parameter are spread. NORMAL is truncated to [low, high] where given.',
  values: DISTRIBUTIONS,
})

export const SamplerEnum = builder.enumType('Sampler', {
  description: 'How parameter sets are drawn from the space.',
  values: SAMPLERS,
})

export const ParameterSpecType = builder.objectRef<ParameterSpec>('ParameterSpec').implement({
  description: 'How one parameter may vary.',
  fields: (t) => ({
    name: t.exposeString('name'),
    distribution: t.field({ type: DistributionEnum, resolve: (spec) => spec.distribution }),
    low: t.float({ nullable: true, resolve: (spec) => spec.low ?? null }),
    high: t.float({ nullable: true, resolve: (spec) => spec.high ?? null }),
    step: t.float({ nullable: true, resolve: (spec) => spec.step ?? null }),
    mean: t.float({ nullable: true, resolve: (spec) => spec.mean ?? null }),
    standardDeviation: t.float({ nullable: true, resolve: (spec) => spec.standardDeviation ?? null }),
    values: t.floatList({ nullable: true, resolve: (spec) => spec.values ?? null }),
    default: t.float({ nullable: true, resolve: (spec) => spec.default ?? null }),
  }),
})

export const ParameterSpecInput = builder.inputType('ParameterSpecInput', {
  description:
    'How one parameter may vary. INTEGER and UNIFORM need low and high, NORMAL mean and standardDeviation, DISCRETE values.',
  fields: (t) => ({
    name: t.string({ required: true }),
    distribution: t.field({ type: DistributionEnum, required: true, defaultValue: 'UNIFORM' }),
    low: t.float(),
    high: t.float(),
    step: t.float(),
    mean: t.float(),
    standardDeviation: t.float(),
    values: t.floatList(),
    default: t.float({ description: 'The value you trade by today; all defaults together are the baseline.' }),
  }),
})

export const StrategyType = builder.objectRef<StrategyRow>('Strategy')

builder.node(StrategyType, {
  description:
    'A strategy is data, not code. Expressions combine indicators, candle columns, parameters and numbers with comparison, arithmetic and and/or/not: "rsi(14) < rsi_oversold and adx(14) > adx_min".',
  id: { resolve: (row) => row.id },
  loadOne: (id, ctx) => findStrategy(ctx, id),
  isTypeOf: (row: unknown) => typeof row === 'object' && row !== null && 'warmupBars' in row,
  fields: (t) => {
    const expression = (name: 'enterLong' | 'exitLong' | 'enterShort' | 'exitShort', description: string) =>
      t.string({ nullable: true, description, resolve: (row) => row.definition[name] ?? null })
    const fraction = (name: 'stopLoss' | 'takeProfit' | 'trailingStop' | 'leverage', description: string) =>
      t.string({ nullable: true, description, resolve: (row) => row.definition[name] ?? null })
    return {
      name: t.exposeString('name'),
      version: t.exposeInt('version', { description: 'Grows by one with every update.' }),
      description: t.string({ nullable: true, resolve: (row) => row.definition.description ?? null }),
      builtIn: t.exposeBoolean('builtIn', { description: 'Comes with Tunebook and cannot be changed or deleted.' }),
      enterLong: expression('enterLong', 'When to open a long position, at the next open.'),
      exitLong: expression('exitLong', 'When to close it, at the next open.'),
      enterShort: expression('enterShort', 'When to open a short position, at the next open.'),
      exitShort: expression('exitShort', 'When to close it, at the next open.'),
      stopLoss: fraction('stopLoss', 'Fraction of the entry price, an expression over parameters: "sl" or "0.02".'),
      takeProfit: fraction('takeProfit', 'Fraction of the entry price, an expression over parameters.'),
      trailingStop: fraction('trailingStop', 'Fraction of the best price since entry, an expression over parameters.'),
      leverage: fraction('leverage', 'At least 1, an expression over parameters; wins over the execution settings.'),
      parameterSpace: t.field({ type: [ParameterSpecType], resolve: (row) => row.definition.parameterSpace }),
      constraints: t.stringList({
        description: 'Conditions between parameters: "fast_period < slow_period".',
        resolve: (row) => row.definition.constraints,
      }),
      warmupBars: t.exposeInt('warmupBars', {
        description: 'Bars before the first signal, from the bounds of the space.',
      }),
      createdAt: t.expose('createdAt', { type: 'DateTime' }),
    }
  },
})

const IndicatorType = builder.objectRef<IndicatorDefinition>('Indicator').implement({
  description: 'An indicator that strategy expressions can call.',
  fields: (t) => ({
    name: t.exposeString('name'),
    signature: t.exposeString('signature', { description: 'How it is called, with its default arguments.' }),
    description: t.exposeString('description'),
    outputs: t.exposeStringList('outputs', { description: 'The names of its family, each callable by itself.' }),
  }),
})

export const StrategyInput = builder.inputType('StrategyInput', {
  fields: (t) => ({
    name: t.string({ required: true }),
    description: t.string(),
    enterLong: t.string(),
    exitLong: t.string(),
    enterShort: t.string(),
    exitShort: t.string(),
    stopLoss: t.string(),
    takeProfit: t.string(),
    trailingStop: t.string(),
    leverage: t.string(),
    parameterSpace: t.field({ type: [ParameterSpecInput], required: true }),
    constraints: t.stringList(),
  }),
})

const StrategyCheckType = builder.objectRef<StrategyCheck>('StrategyCheck').implement({
  description: 'What there is to say of a strategy before it is stored.',
  fields: (t) => ({
    problems: t.field({
      type: [FieldErrorType],
      description: 'Empty where it can be stored; only its name may still be taken.',
      resolve: (check) => check.problems,
    }),
    warmupBars: t.exposeInt('warmupBars', {
      nullable: true,
      description: 'Bars before the first signal; null where there are problems.',
    }),
    parameters: t.field({
      type: 'Parameters',
      nullable: true,
      description: 'A first set to look at: defaults, else the middle of the range. Null where there are problems.',
      resolve: (check) => check.parameters,
    }),
  }),
})

builder.queryFields((t) => ({
  checkStrategy: t.field({
    type: StrategyCheckType,
    authScopes: { role: 'VIEWER' },
    description: 'Read a strategy as createStrategy would, for as one types. Changes nothing.',
    args: { input: t.arg({ type: StrategyInput, required: true }) },
    resolve: (_, { input }) => checkStrategy(definitionOf(input)),
  }),
  indicators: t.field({
    type: [IndicatorType],
    authScopes: { role: 'VIEWER' },
    description: 'Everything that an expression can call.',
    resolve: () => [...INDICATORS.values()],
  }),
  strategies: t.connection(
    {
      type: StrategyType,
      authScopes: { role: 'VIEWER' },
      description: 'All strategies, oldest first.',
      resolve: (_, args, ctx) =>
        page(args, {
          key: (row: StrategyRow) => [row.createdAt.toISOString(), row.id],
          read: (slice) => listStrategies(ctx, slice),
          count: () => countStrategies(ctx),
        }),
    },
    { name: 'StrategyConnection' },
    { name: 'StrategyEdge' },
  ),
  strategy: t.field({
    type: StrategyType,
    authScopes: { role: 'VIEWER' },
    nullable: true,
    args: { id: t.arg.id({ required: true }) },
    resolve: (_, { id }, ctx) => findStrategy(ctx, id),
  }),
}))

builder.mutationFields((t) => ({
  createStrategy: t.field({
    type: StrategyType,
    authScopes: { role: 'TUNER' },
    description: 'Store a strategy. Every problem of every expression is named at once, with its position.',
    errors: {
      types: [ValidationError, ConflictError],
      directResult: false,
      union: { name: 'CreateStrategyResult' },
      result: { name: 'CreateStrategySuccess' },
      dataField: { name: 'strategy' },
    },
    args: { input: t.arg({ type: StrategyInput, required: true }) },
    resolve: (_, { input }, ctx) => createStrategy(ctx, definitionOf(input)),
  }),
  updateStrategy: t.field({
    type: StrategyType,
    authScopes: { role: 'TUNER' },
    description: 'Replace a strategy. Jobs that ran on the version before keep it.',
    errors: {
      types: [ValidationError, NotFoundError, ConflictError],
      directResult: false,
      union: { name: 'UpdateStrategyResult' },
      result: { name: 'UpdateStrategySuccess' },
      dataField: { name: 'strategy' },
    },
    args: {
      id: t.arg.id({ required: true }),
      input: t.arg({ type: StrategyInput, required: true }),
    },
    resolve: (_, { id, input }, ctx) => updateStrategy(ctx, id, definitionOf(input)),
  }),
  deleteStrategy: t.field({
    type: 'ID',
    authScopes: { role: 'TUNER' },
    description: 'Delete a strategy that no job uses.',
    errors: {
      types: [NotFoundError, ConflictError],
      directResult: false,
      union: { name: 'DeleteStrategyResult' },
      result: { name: 'DeleteStrategySuccess' },
      dataField: { name: 'deletedId' },
    },
    args: { id: t.arg.id({ required: true }) },
    resolve: (_, { id }, ctx) => deleteStrategy(ctx, id),
  }),
}))

/** What GraphQL hands over, as the services take it. */
export function definitionOf(input: typeof StrategyInput.$inferInput): StrategyDefinition {
  const { constraints, ...rest } = input
  return { ...rest, constraints: constraints ?? [] } as StrategyDefinition
}
