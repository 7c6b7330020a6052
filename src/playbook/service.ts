import { eq, sql } from 'drizzle-orm'
import { audit } from '../auth/audit.ts'
import type { AppContext } from '../context.ts'
import { sqlState, type Transaction } from '../db.ts'
import { ConflictError, NotFoundError, ValidationError, type FieldError } from '../errors.ts'
import { announce } from '../events.ts'
import { newId } from '../ids.ts'
import { getMarket } from '../market/service.ts'
import { getStrategy } from '../strategy/service.ts'
import { requireRole } from '../viewer.ts'
import type { RegimePlay } from './play.ts'
import { NEEDED } from './roles.ts'
import { DEFAULT_SETTINGS, mergeSettings, playProblems, type TuningSettingsInput } from './settings.ts'
import { playbooks, type PlaybookRow } from './table.ts'
import {
  insertPlays,
  insertVersion,
  lastChange,
  lockPlaybook,
  PLAYBOOK_TOPIC,
  readPlays,
  findVersion,
  rightNow,
  writeVersion,
} from './version.ts'

/** A play as it is given: what is left out is not there. */
export type RegimePlayInput = Omit<RegimePlay, 'stopLoss' | 'takeProfit' | 'strategyWeights'> & {
  [Name in 'stopLoss' | 'takeProfit' | 'strategyWeights']?: RegimePlay[Name] | null | undefined
}

export interface CreatePlaybookInput {
  name: string
  regimes: RegimePlayInput[]
  settings?: TuningSettingsInput | null | undefined
  /** with a market: what reviews backtest their changes on */
  strategyId?: string | null | undefined
  marketId?: string | null | undefined
}

/**
 * Create a playbook; what it is created with is its version 1.
 *
 * @throws ValidationError every offending field at once
 * @throws ConflictError   another playbook has the name
 */
export async function createPlaybook(ctx: AppContext, input: CreatePlaybookInput): Promise<PlaybookRow> {
  requireRole(ctx.viewer, NEEDED.CREATE)
  const problems: FieldError[] = []
  const name = input.name.trim()
  if (name.length === 0 || name.length > 100) {
    problems.push({ path: ['name'], message: 'A name has 1 to 100 characters.' })
  }
  const settings = mergeSettings(DEFAULT_SETTINGS, input.settings ?? {}, problems)
  const plays = input.regimes.map(complete)
  problems.push(...playProblems(plays, settings), ...(await linkProblems(ctx, input)))
  if (problems.length > 0) throw new ValidationError(problems)

  const { strategyId = null, marketId = null } = input
  const id = newId('playbook')
  const nextTime = inDays(settings.retrainingFrequencyDays)
  const values = { id, name, version: 1, settings, strategyId, marketId, createdBy: ctx.viewer.name }
  return ctx.db
    .transaction(async (tx) => {
      const [row] = await tx
        .insert(playbooks)
        .values({ ...values, nextReviewAt: nextTime, nextTrainingAt: nextTime })
        .returning()
      await insertVersion(tx, { playbookId: id, version: 1, changes: [], origin: 'MANUAL', author: ctx.viewer.name })
      await insertPlays(tx, id, 1, plays)
      await announce(tx, PLAYBOOK_TOPIC, id)
      await audit(tx, ctx.viewer, 'PLAYBOOK_CREATED', id, { name, regimes: plays })
      return row
    })
    .catch((error: unknown) => {
      if (sqlState(error) !== UNIQUE) throw error
      throw new ConflictError(`There is a playbook named ${name} already. Choose another name, or update that one.`)
    })
}

const UNIQUE = '23505'

export const inDays = (days: number) => sql`clock_timestamp() + ${days}::integer * interval '1 day'`

function complete({ strategyWeights, stopLoss, takeProfit, ...play }: RegimePlayInput): RegimePlay {
  return {
    ...play,
    stopLoss: stopLoss ?? null,
    takeProfit: takeProfit ?? null,
    strategyWeights: strategyWeights ?? [],
  }
}

/** A backtest needs both a strategy and a market, and both must be there. */
async function linkProblems(ctx: AppContext, { strategyId, marketId }: CreatePlaybookInput): Promise<FieldError[]> {
  if (!strategyId && !marketId) return []
  const missing = strategyId ? 'marketId' : 'strategyId'
  if (!strategyId || !marketId) {
    return [{ path: [missing], message: 'is missing. Give a strategy and a market, or neither.' }]
  }
  const look = async (field: string, find: () => Promise<unknown>): Promise<FieldError[]> => {
    try {
      await find()
      return []
    } catch (error) {
      if (error instanceof NotFoundError) return [{ path: [field], message: error.message }]
      throw error
    }
  }
  const found = [
    look('strategyId', () => getStrategy(ctx, strategyId)),
    look('marketId', () => getMarket(ctx, marketId)),
  ]
  return (await Promise.all(found)).flat()
}

/**
 * Replace the plays by hand, as a new version. Plays that are what they were make no version.
 *
 * @throws ConflictError   another version than the expected one is in force: who made it, and when
 * @throws ValidationError every number beyond its bounds
 */
export async function updatePlaybook(
  ctx: AppContext,
  input: { id: string; expectedVersion: number; regimes: RegimePlayInput[] },
): Promise<PlaybookRow> {
  requireRole(ctx.viewer, NEEDED.EDIT)
  return ctx.db.transaction(async (tx) => {
    const playbook = await lockPlaybook(tx, ctx.viewer, input.id)
    await requireVersion(tx, playbook, input.expectedVersion)
    const plays = input.regimes.map(complete)
    const problems = playProblems(plays, playbook.settings)
    if (problems.length > 0) throw new ValidationError(problems)
    if (sameContent(plays, await readPlays(tx, playbook.id, playbook.version))) return playbook
    const row = await writeVersion(tx, playbook, plays, { origin: 'MANUAL', author: ctx.viewer.name })
    await audit(tx, ctx.viewer, 'PLAYBOOK_UPDATED', row.id, { version: row.version, regimes: plays })
    return row
  })
}

function sameContent(a: readonly RegimePlay[], b: readonly RegimePlay[]): boolean {
  const numbers = (plays: readonly RegimePlay[]): string =>
    JSON.stringify(
      plays.map(({ strategyWeights, ...play }) => [
        ...Object.entries(play).sort(([left], [right]) => (left < right ? -1 : 1)),
        strategyWeights.map(({ strategy, weight }) => [strategy, weight]),
      ]),
    )
  return numbers(a) === numbers(b)
}

async function requireVersion(tx: Transaction, playbook: PlaybookRow, expected: number): Promise<void> {
  if (playbook.version === expected) return
  const last = await lastChange(tx, playbook.id)
  throw new ConflictError(
    `Playbook ${playbook.name} has ${last}; you expected version ${expected}. Read it again and repeat the change.`,
  )
}

/**
 * Go back to an earlier version, as a new version equal to it: nothing is undone in the history.
 *
 * @throws NotFoundError no such playbook or version
 * @throws ConflictError another version than the expected one is in force; or the old one is beyond today's bounds
 */
export async function rollbackPlaybook(
  ctx: AppContext,
  input: { id: string; toVersion: number; expectedVersion: number },
): Promise<PlaybookRow> {
  requireRole(ctx.viewer, NEEDED.ROLL_BACK)
  return ctx.db.transaction(async (tx) => {
    const playbook = await lockPlaybook(tx, ctx.viewer, input.id)
    await requireVersion(tx, playbook, input.expectedVersion)
    const isThere = Number.isInteger(input.toVersion) && (await findVersion(tx, playbook.id, input.toVersion))
    if (!isThere) throw new NotFoundError('version', `${input.toVersion} of playbook ${playbook.name}`)
    if (input.toVersion === playbook.version) {
      throw new ConflictError(`Version ${input.toVersion} of playbook ${playbook.name} is the one in force.`)
    }
    const plays = await readPlays(tx, playbook.id, input.toVersion)
    const [problem] = playProblems(plays, playbook.settings)
    if (problem) {
      throw new ConflictError(
        `Version ${input.toVersion} does not fit the bounds of today: ${problem.path.join('.')} ${problem.message} Widen the bounds first.`,
      )
    }
    const source = { origin: 'ROLLBACK', author: ctx.viewer.name, restores: input.toVersion } as const
    const row = await writeVersion(tx, playbook, plays, source)
    await markRolledBack(tx, playbook, input.toVersion)
    await audit(tx, ctx.viewer, 'PLAYBOOK_ROLLED_BACK', row.id, { version: row.version, toVersion: input.toVersion })
    return row
  })
}

/** Recommendations that were applied after the restored version are not in force any more. */
export async function markRolledBack(tx: Transaction, playbook: PlaybookRow, toVersion: number): Promise<void> {
  await tx.execute(sql`
    update recommendations set status = 'ROLLED_BACK'
    from playbook_reviews as review
    where recommendations.review_id = review.id and recommendations.status = 'APPLIED'
      and review.playbook_id = ${playbook.id}
      and review.applied_version > ${toVersion} and review.applied_version <= ${playbook.version}`)
}

/**
 * Change how a playbook may tune itself; what is left out stays. To let changes be applied without a person again
 * after that has stopped itself, set humanReviewRequired to false once more.
 *
 * @throws ValidationError every offending field; bounds that the numbers in force do not keep
 */
export async function updateTuningSettings(
  ctx: AppContext,
  input: { playbookId: string; settings: TuningSettingsInput },
): Promise<PlaybookRow> {
  requireRole(ctx.viewer, NEEDED.SETTINGS)
  return ctx.db.transaction(async (tx) => {
    const playbook = await lockPlaybook(tx, ctx.viewer, input.playbookId)
    const problems: FieldError[] = []
    const settings = mergeSettings(playbook.settings, input.settings, problems)
    const plays = await readPlays(tx, playbook.id, playbook.version)
    if (problems.length === 0) {
      for (const { path, message } of playProblems(plays, settings)) {
        const where = `${path.slice(2).join('.')} of ${plays[Number(path[1])]?.regime} in version ${playbook.version}`
        problems.push({ path: ['settings', 'bounds'], message: `${where}: ${message} Change the playbook first.` })
      }
    }
    if (problems.length > 0) throw new ValidationError(problems)
    const sooner = settings.retrainingFrequencyDays < playbook.settings.retrainingFrequencyDays
    const nextTime = inDays(settings.retrainingFrequencyDays)
    const restarted = input.settings.humanReviewRequired === false
    const [row] = await tx
      .update(playbooks)
      .set({
        settings,
        updatedAt: rightNow,
        ...(restarted && { autoApplyStopped: null }),
        ...(sooner && {
          nextReviewAt: sql`least(${playbooks.nextReviewAt}, ${nextTime})`,
          nextTrainingAt: sql`least(${playbooks.nextTrainingAt}, ${nextTime})`,
        }),
      })
      .where(eq(playbooks.id, playbook.id))
      .returning()
    await announce(tx, PLAYBOOK_TOPIC, row.id)
    await audit(tx, ctx.viewer, 'TUNING_SETTINGS_UPDATED', row.id, { before: playbook.settings, after: settings })
    return row
  })
}
