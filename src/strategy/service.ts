import { count, eq, sql } from 'drizzle-orm'
import { audit } from '../auth/audit.ts'
import type { AppContext } from '../context.ts'
import { sqlState } from '../db.ts'
import { ConflictError, type FieldError, NotFoundError, ValidationError } from '../errors.ts'
import { newId } from '../ids.ts'
import { keyset, type Slice } from '../paging.ts'
import { BUILT_IN_STRATEGIES } from './builtin.ts'
import { clampValue, scaleRange, toParameters, type ParameterSpec } from './parameter-space.ts'
import { compileStrategy } from './plan.ts'
import type { StrategyDefinition } from './strategy.ts'
import { strategies, type StrategyRow } from './table.ts'

const UNIQUE_VIOLATION = '23505'
const FOREIGN_KEY_VIOLATION = '23503'
const MAX_DESCRIPTION = 2_000
const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._/-]{0,99}$/u

/**
 * Store a new strategy.
 *
 * @throws ValidationError with every problem of every expression, parameter and constraint
 * @throws ConflictError   the name is taken
 */
export async function createStrategy(ctx: AppContext, definition: StrategyDefinition): Promise<StrategyRow> {
  const { warmupBars } = check(definition)
  try {
    return await ctx.db.transaction(async (tx) => {
      const [row] = await tx
        .insert(strategies)
        .values({ id: newId('strategy'), name: definition.name, definition, warmupBars })
        .returning()
      await audit(tx, ctx.viewer, 'STRATEGY_CREATED', row.id, { name: row.name })
      return row
    })
  } catch (error) {
    throw nameTaken(error, definition.name)
  }
}

/**
 * Replace a strategy's definition. Jobs that ran on the old one keep it.
 *
 * @throws NotFoundError   no such strategy
 * @throws ValidationError with every problem of every expression, parameter and constraint
 * @throws ConflictError   it is built in, or the name is taken
 */
export async function updateStrategy(
  ctx: AppContext,
  id: string,
  definition: StrategyDefinition,
): Promise<StrategyRow> {
  const current = await getStrategy(ctx, id)
  if (current.builtIn) {
    throw new ConflictError(`${current.name} is built in. Create a strategy of your own from its definition.`)
  }
  const { warmupBars } = check(definition)
  try {
    return await ctx.db.transaction(async (tx) => {
      const [row] = await tx
        .update(strategies)
        .set({
          name: definition.name,
          definition,
          warmupBars,
          version: sql`${strategies.version} + 1`,
          updatedAt: sql`now()`,
        })
        .where(eq(strategies.id, id))
        .returning()
      if (!row) throw new NotFoundError('strategy', id)
      await audit(tx, ctx.viewer, 'STRATEGY_UPDATED', id, { name: row.name, version: row.version })
      return row
    })
  } catch (error) {
    throw nameTaken(error, definition.name)
  }
}

/**
 * Delete a strategy that no job and no model needs.
 *
 * @throws NotFoundError no such strategy
 * @throws ConflictError it is built in, or has jobs
 */
export async function deleteStrategy(ctx: AppContext, id: string): Promise<string> {
  const { name, builtIn } = await getStrategy(ctx, id)
  if (builtIn) throw new ConflictError(`${name} is built in and stays.`)
  try {
    await ctx.db.transaction(async (tx) => {
      const [row] = await tx.delete(strategies).where(eq(strategies.id, id)).returning({ version: strategies.version })
      if (row) await audit(tx, ctx.viewer, 'STRATEGY_DELETED', id, { name, version: row.version })
    })
    return id
  } catch (error) {
    if (sqlState(error) !== FOREIGN_KEY_VIOLATION) throw error
    throw new ConflictError(`Strategy ${name} has tuning jobs. Delete those first.`)
  }
}

export async function findStrategy(ctx: AppContext, id: string): Promise<StrategyRow | null> {
  const [row] = await ctx.db.select().from(strategies).where(eq(strategies.id, id))
  return row ?? null
}

export async function getStrategy(ctx: AppContext, id: string): Promise<StrategyRow> {
  const row = await findStrategy(ctx, id)
  if (!row) throw new NotFoundError('strategy', id, 'Query.strategies lists those there are.')
  return row
}

export async function findStrategyByName(ctx: AppContext, name: string): Promise<StrategyRow | null> {
  const [row] = await ctx.db.select().from(strategies).where(eq(strategies.name, name))
  return row ?? null
}

export async function listStrategies(ctx: AppContext, slice: Slice): Promise<StrategyRow[]> {
  const { where, orderBy } = keyset(slice, {
    value: strategies.createdAt,
    type: 'timestamptz',
    id: strategies.id,
    idType: 'text',
    direction: 'ASC',
  })
  return ctx.db.select().from(strategies).where(where).orderBy(orderBy).limit(slice.limit)
}

export async function countStrategies(ctx: AppContext): Promise<number> {
  const [row] = await ctx.db.select({ total: count() }).from(strategies)
  return row.total
}

/** Put the built-in strategies there, and bring those of an older release up to date. Safe to call at every start. */
export async function seedStrategies(ctx: Pick<AppContext, 'db'>): Promise<void> {
  for (const definition of BUILT_IN_STRATEGIES) {
    const { warmupBars } = compileStrategy(definition)
    await ctx.db
      .insert(strategies)
      .values({ id: newId('strategy'), name: definition.name, definition, warmupBars, builtIn: true })
      .onConflictDoUpdate({
        target: strategies.name,
        set: { definition, warmupBars, version: sql`${strategies.version} + 1`, updatedAt: sql`now()` },
        setWhere: sql`${strategies.builtIn} and ${strategies.definition} is distinct from ${JSON.stringify(definition)}::text::jsonb`,
      })
  }
}

/** What the server thinks of a strategy that nobody has stored yet. */
export interface StrategyCheck {
  /** empty where it could be stored as it is, but for its name, which may be taken */
  problems: FieldError[]
  /** null where there are problems */
  warmupBars: number | null
  /** a first set to look at: the default of each parameter, or the middle of its range */
  parameters: Record<string, number> | null
}

/** Read a strategy as `createStrategy` would. Changes nothing. */
export function checkStrategy(definition: StrategyDefinition): StrategyCheck {
  try {
    const { warmupBars } = check(definition)
    const { parameterSpace } = definition
    return { problems: [], warmupBars, parameters: toParameters(parameterSpace, parameterSpace.map(middleOf)) }
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error
    return { problems: error.fieldErrors, warmupBars: null, parameters: null }
  }
}

function middleOf(spec: ParameterSpec): number {
  const { low, high } = scaleRange(spec)
  return spec.default ?? clampValue(spec, (low + high) / 2)
}

/** @throws ValidationError every problem of the name, the description and the expressions at once */
function check(definition: StrategyDefinition): { warmupBars: number } {
  const { name, description } = definition
  const problems: FieldError[] = []
  if (!NAME.test(name)) {
    const rule = '1 to 100 letters, digits, spaces and . _ / -, a letter or digit first.'
    problems.push({ path: ['name'], message: `${JSON.stringify(name.slice(0, 120))} is not a name: ${rule}` })
  }
  if (description && description.length > MAX_DESCRIPTION) {
    const message = `has ${description.length} characters; at most ${MAX_DESCRIPTION}.`
    problems.push({ path: ['description'], message })
  }
  if (description && (!description.isWellFormed() || description.includes('\0'))) {
    problems.push({ path: ['description'], message: 'holds a character that cannot be stored. Remove it.' })
  }
  try {
    const compiled = compileStrategy(definition)
    if (problems.length === 0) return compiled
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error
    throw new ValidationError([...problems, ...error.fieldErrors], error.code)
  }
  throw new ValidationError(problems)
}

function nameTaken(error: unknown, name: string): unknown {
  if (sqlState(error) !== UNIQUE_VIOLATION) return error
  return new ConflictError(`There is a strategy ${name} already. Choose another name, or update that one.`)
}
