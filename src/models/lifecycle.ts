import { and, eq, ne, sql, type SQL } from 'drizzle-orm'
import { audit } from '../auth/audit.ts'
import type { AppContext } from '../context.ts'
import type { Transaction } from '../db.ts'
import { ConflictError, NotFoundError, ValidationError } from '../errors.ts'
import { getModel, modelInfo, nextVersion, noSuchModel, type ModelInfo } from './service.ts'
import { models } from './table.ts'

/** Also what a name of a strategy is. */
const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._/-]{0,99}$/u
const ALIAS = /^[a-z0-9][a-z0-9_-]{0,39}$/
/** Aliases of one model. */
const MAX_ALIASES = 20

/**
 * Keep the model of a job under a name, as the name's next version; it then outlives the job. The models of a name can
 * take each other's place: they predict the same objective of the same strategy on the same market. Saying it twice
 * changes nothing.
 *
 * @throws ValidationError what is no name
 * @throws NotFoundError   no such job, or it has no model
 * @throws ConflictError   the model is saved under another name; the name belongs to models of another kind
 */
export async function saveModel(ctx: AppContext, jobId: string, name: string): Promise<ModelInfo> {
  if (!NAME.test(name)) {
    const rule = '1 to 100 letters, digits, spaces and . _ / -, a letter or digit first.'
    throw ValidationError.at('name', `${JSON.stringify(name.slice(0, 120))} is not a name: ${rule}`)
  }
  return ctx.db.transaction(async (tx) => {
    const version = await nextVersion(tx, name) // from here on the name is ours until the end
    const [model] = await tx.select(modelInfo).from(models).where(eq(models.jobId, jobId)).for('update')
    if (!model) throw noModelOf(jobId)
    if (model.saved && model.name === name) return model
    if (model.saved) throw new ConflictError(`The model is saved as ${labelOf(model)} already.`)
    await requireKin(tx, model, name)
    const [saved] = await tx
      .update(models)
      .set({ saved: true, name, version: model.name === name ? model.version : version })
      .where(eq(models.id, model.id))
      .returning(modelInfo)
    await audit(tx, ctx.viewer, 'MODEL_SAVED', saved.id, { name, version: saved.version })
    return saved
  })
}

/** @throws ConflictError the name is that of saved models of another strategy, market or objective */
async function requireKin(tx: Transaction, model: ModelInfo, name: string): Promise<void> {
  const [other] = await tx
    .select(modelInfo)
    .from(models)
    .where(and(eq(models.name, name), eq(models.saved, true)))
    .limit(1)
  if (!other || kindOf(other) === kindOf(model)) return
  throw new ConflictError(
    `${name} is the name of models that predict ${other.objective} of another strategy, market or objective. Choose another name.`,
  )
}

/** @throws NotFoundError */
export function setModelActive(ctx: AppContext, id: string, active: boolean): Promise<ModelInfo> {
  return ctx.db.transaction(async (tx) => {
    const before = await locked(tx, id)
    if (before.active === active) return before
    await tx.update(models).set({ active }).where(eq(models.id, id))
    await audit(tx, ctx.viewer, active ? 'MODEL_ACTIVATED' : 'MODEL_DEACTIVATED', id)
    return { ...before, active }
  })
}

/** The model, which nobody else changes until the transaction ends. @throws NotFoundError */
async function locked(tx: Transaction, id: string): Promise<ModelInfo> {
  const [model] = await tx.select(modelInfo).from(models).where(eq(models.id, id)).for('update')
  if (!model) throw noSuchModel(id)
  return model
}

/**
 * Give a model an alias. Of the models of one strategy, market and objective only one has it: it is taken from
 * whichever had it before. Other strategies, markets and objectives have their own champions.
 *
 * @throws ValidationError what is no alias; too many of them
 * @throws NotFoundError
 */
export async function setModelAlias(ctx: AppContext, id: string, alias: string): Promise<ModelInfo> {
  if (!ALIAS.test(alias)) {
    const rule = '1 to 40 of a to z, 0 to 9, _ and -, a letter or digit first, as in champion.'
    throw ValidationError.at('alias', `${JSON.stringify(alias.slice(0, 60))} is not an alias: ${rule}`)
  }
  const model = await getModel(ctx, id)
  return ctx.db.transaction(async (tx) => {
    const lock = `alias ${kindOf(model)} ${alias}`
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${lock}, 0))`) // one move after the other
    const [previous] = await tx
      .update(models)
      .set({ aliases: without(alias) })
      .where(and(isKin(model), ne(models.id, id), sql`${alias} = any(${models.aliases})`))
      .returning({ id: models.id })
    const { aliases } = await locked(tx, id)
    if (aliases.includes(alias)) return { ...model, aliases }
    if (aliases.length === MAX_ALIASES) throw tooManyAliases()
    await tx
      .update(models)
      .set({ aliases: [...aliases, alias] })
      .where(eq(models.id, id))
    await audit(tx, ctx.viewer, 'MODEL_ALIAS_SET', id, { alias, takenFrom: previous?.id ?? null })
    return { ...model, aliases: [...aliases, alias] }
  })
}

/** Take an alias away; without effect where the model does not have it. @throws NotFoundError */
export function removeModelAlias(ctx: AppContext, id: string, alias: string): Promise<ModelInfo> {
  return ctx.db.transaction(async (tx) => {
    const before = await locked(tx, id)
    if (!before.aliases.includes(alias)) return before
    const aliases = before.aliases.filter((other) => other !== alias)
    await tx.update(models).set({ aliases }).where(eq(models.id, id))
    await audit(tx, ctx.viewer, 'MODEL_ALIAS_REMOVED', id, { alias })
    return { ...before, aliases }
  })
}

function tooManyAliases(): ValidationError {
  return ValidationError.at('alias', `A model has at most ${MAX_ALIASES} aliases. Remove one first.`)
}

/**
 * Delete a model and its predictions.
 *
 * @throws NotFoundError
 * @throws ConflictError it is active or has an alias
 */
export function deleteModel(ctx: AppContext, id: string): Promise<string> {
  return ctx.db.transaction(async (tx) => {
    const model = await locked(tx, id)
    const reasons = [...(model.active ? ['active'] : []), ...model.aliases.map((alias) => `the ${alias}`)]
    if (reasons.length > 0) {
      throw new ConflictError(
        `Model ${labelOf(model)} is ${reasons.join(' and ')}. Deactivate it, and move or remove its aliases first.`,
      )
    }
    await tx.delete(models).where(eq(models.id, id))
    await audit(tx, ctx.viewer, 'MODEL_DELETED', id, { name: model.name, version: model.version })
    return id
  })
}

/** What goes with a job: its model, unless somebody has saved it or uses it. */
export async function deleteModelsOfJob(tx: Transaction, jobId: string): Promise<void> {
  const isUnused = and(eq(models.saved, false), eq(models.active, false), sql`cardinality(${models.aliases}) = 0`)
  await tx.delete(models).where(and(eq(models.jobId, jobId), isUnused))
}

/** Name and version, for people. */
export function labelOf({ name, version }: Pick<ModelInfo, 'name' | 'version'>): string {
  return `${name} version ${version}`
}

function without(alias: string): SQL<string[]> {
  return sql`array_remove(${models.aliases}, ${alias})`
}

type Kind = Pick<ModelInfo, 'strategyId' | 'marketId' | 'objective'>

function kindOf({ strategyId, marketId, objective }: Kind): string {
  return `${strategyId} ${marketId} ${objective}`
}

function isKin({ strategyId, marketId, objective }: Kind): SQL | undefined {
  return and(eq(models.strategyId, strategyId), eq(models.marketId, marketId), eq(models.objective, objective))
}

export function noModelOf(jobId: string): NotFoundError {
  return new NotFoundError('model of the job', jobId, 'Only a COMPLETED job that could learn something has one.')
}
