import { and, desc, eq, getColumns } from 'drizzle-orm'
import type { AppContext } from '../context.ts'
import type { Transaction } from '../db.ts'
import { newId } from '../ids.ts'
import { unreadable } from '../models/artifact.ts'
import { checksumOf } from '../models/download.ts'
import { toXgboostJson } from '../models/xgboost-json.ts'
import { GradientBoosting } from '../models/gradient-boosting.ts'
import { featureNames } from './features.ts'
import { isOutgrown, lessonSize, trainModels, type StoredVoice, type TrainedModel } from './models.ts'
import { optimizerModelFrom } from './optimizer-model.ts'
import { OPTIMIZERS, type Optimizer } from './play.ts'
import type { ModelScore } from './review.ts'
import { inDays } from './service.ts'
import { playbookModels, playbooks, type PlaybookModelRow, type PlaybookRow } from './table.ts'
import { readTrades } from './trade-list.ts'
import { tradeLog, type TradeLog } from './trade-log.ts'
import { getPlaybook, isReachable, lockPlaybook, rightNow } from './version.ts'

const DAY_MS = 86_400_000
/** Any number: the same trades give the same models. */
export const SEED = 14

/** A model as lists show it: all but its bytes. */
export type PlaybookModelInfo = Omit<PlaybookModelRow, 'artifact'>
const { artifact: _, ...info } = getColumns(playbookModels)

/** What a review hears: the models themselves, and what each is good for. */
export interface Models {
  voices: StoredVoice[]
  scores: ModelScore[]
}

/** The trades that a playbook learns from now. */
export async function currentLog(ctx: AppContext, { id, settings }: PlaybookRow): Promise<TradeLog> {
  const from = new Date(ctx.clock() - settings.lookbackDays * DAY_MS)
  return tradeLog(await readTrades(ctx, id, { from }))
}

/**
 * Train a playbook's models anew and store them; the next time is after `retrainingFrequencyDays`. A model that comes
 * out as the one before makes no version.
 *
 * @throws NotFoundError no such playbook
 */
export async function retrainModels(ctx: AppContext, playbookId: string): Promise<void> {
  const playbook = await getPlaybook(ctx, playbookId)
  await train(ctx, playbook, await currentLog(ctx, playbook))
}

/** The stored models for a review of this log; trained now where there are none, or far fewer trades were known. */
export async function modelsFor(ctx: AppContext, playbook: PlaybookRow, log: TradeLog): Promise<Models> {
  const isOld = (stored: PlaybookModelRow[]) =>
    OPTIMIZERS.some((optimizer) => isOutgrown(optimizer, log, find(stored, optimizer)?.trainedOn ?? 0))
  let stored = (await readNewest(ctx, playbook.id)).filter(isIntact)
  if (log.count >= playbook.settings.minTradesForTuning && isOld(stored)) {
    await train(ctx, playbook, log)
    stored = (await readNewest(ctx, playbook.id)).filter(isIntact)
  }
  return { voices: stored, scores: OPTIMIZERS.map((optimizer) => scoreOf(optimizer, log, find(stored, optimizer))) }
}

/** A model whose bytes are not those that were written counts as none: it is trained anew. */
function isIntact({ artifact, checksum }: Pick<PlaybookModelRow, 'artifact' | 'checksum'>): boolean {
  return checksumOf(artifact) === checksum
}

function find<T extends { optimizer: Optimizer }>(models: readonly T[], wanted: Optimizer): T | undefined {
  return models.find(({ optimizer }) => optimizer === wanted)
}

function scoreOf(optimizer: Optimizer, log: TradeLog, model: PlaybookModelRow | undefined): ModelScore {
  if (!model) {
    const trainedOn = lessonSize(optimizer, log)
    return { optimizer, modelId: null, r2: null, mae: null, crossValidationR2: null, trainedOn }
  }
  const { id: modelId, r2, mae, crossValidationR2, trainedOn } = model
  return { optimizer, modelId, r2, mae, crossValidationR2, trainedOn }
}

async function train(ctx: AppContext, playbook: PlaybookRow, log: TradeLog): Promise<void> {
  const trained = await trainModels(log, SEED, (task) => ctx.engine.call(task))
  await ctx.db.transaction(async (tx) => {
    const { settings } = await lockPlaybook(tx, ctx.viewer, playbook.id)
    for (const one of trained) await store(tx, playbook.id, one)
    await tx
      .update(playbooks)
      .set({ nextTrainingAt: inDays(settings.retrainingFrequencyDays) })
      .where(eq(playbooks.id, playbook.id))
  })
}

/** Under the playbook's lock. */
async function store(tx: Transaction, playbookId: string, trained: TrainedModel): Promise<void> {
  const { optimizer, model, from, to, r2, mae, crossValidationR2, trainedOn } = trained
  const artifact = model.toBytes()
  const checksum = checksumOf(artifact)
  const [latest] = await tx
    .select()
    .from(playbookModels)
    .where(and(eq(playbookModels.playbookId, playbookId), eq(playbookModels.optimizer, optimizer)))
    .orderBy(desc(playbookModels.version))
    .limit(1)
  if (latest?.checksum === checksum && isIntact(latest)) return
  await tx.insert(playbookModels).values({
    id: newId('optimizer'),
    playbookId,
    optimizer,
    version: (latest?.version ?? 0) + 1,
    algorithm: model.whole.algorithm,
    hyperparameters: { ...model.whole.hyperparameters },
    featureNames: featureNames(model.strategies),
    r2,
    mae,
    crossValidationR2,
    trainedOn,
    firstTradeAt: new Date(from),
    lastTradeAt: new Date(to),
    artifact,
    checksum,
    sizeBytes: artifact.byteLength,
    trainedAt: rightNow,
  })
}

/** The newest model of each optimizer that has one, whole. */
function readNewest(ctx: AppContext, playbookId: string): Promise<PlaybookModelRow[]> {
  const { optimizer, version } = playbookModels
  return ctx.db
    .selectDistinctOn([optimizer])
    .from(playbookModels)
    .where(eq(playbookModels.playbookId, playbookId))
    .orderBy(optimizer, desc(version))
}

/** The newest model of each optimizer that has one. */
export function newestModels(ctx: AppContext, playbookId: string): Promise<PlaybookModelInfo[]> {
  const { optimizer, version } = playbookModels
  return ctx.db
    .selectDistinctOn([optimizer], info)
    .from(playbookModels)
    .where(eq(playbookModels.playbookId, playbookId))
    .orderBy(optimizer, desc(version))
}

export async function findPlaybookModel(ctx: AppContext, id: string): Promise<PlaybookModelInfo | null> {
  const [row] = await ctx.db.select(info).from(playbookModels).where(eq(playbookModels.id, id))
  return row && isReachable(ctx.viewer, row.playbookId) ? row : null
}

/**
 * The part of a model that has learned from all of its trades, as a file of XGBoost.
 *
 * @throws DomainError MODEL_UNREADABLE, if the stored bytes are not those that were written
 */
export async function modelAsXgboost(ctx: AppContext, { id }: PlaybookModelInfo): Promise<string> {
  const [row] = await ctx.db.select().from(playbookModels).where(eq(playbookModels.id, id))
  if (!isIntact(row)) throw unreadable('its checksum does not match')
  return toXgboostJson(optimizerModelFrom(row.artifact).whole as GradientBoosting, row.featureNames)
}
