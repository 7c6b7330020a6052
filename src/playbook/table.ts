import { sql, type SQL, type SQLWrapper } from 'drizzle-orm'
import {
  boolean,
  check,
  doublePrecision,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  unique,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import { bytea } from '../bytea.ts'
import type { MarketRegime } from '../market/regimes.ts'
import { markets } from '../market/table.ts'
import { strategies } from '../strategy/table.ts'
import type { Channel } from '../viewer.ts'
import type { Attribution, AttributionVerdict } from './attribution.ts'
import type { TradeDataQuality } from './data-quality.ts'
import type { Optimizer, ParameterChange, PlaybookParameter, RiskLevel, StrategyWeight } from './play.ts'
import type { BacktestCheck, DriftWarning, Evidence, ExpectedEffect, ModelScore } from './review.ts'
import type { TuningSettings } from './settings.ts'

const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3 })

/** NaN is greater than everything in PostgreSQL, so it fails the second comparison. */
const finite = (column: SQLWrapper): SQL => sql`${column} > '-Infinity' and ${column} < 'Infinity'`

/** Playbooks as they are now. The numbers that a bot trades by are those of its `version`. */
export const playbooks = pgTable(
  'playbooks',
  {
    id: text().primaryKey(),
    name: text().notNull().unique(),
    version: integer().notNull(),
    settings: jsonb().$type<TuningSettings>().notNull(),
    /** what a review backtests its changes on; both or none */
    strategyId: text('strategy_id').references(() => strategies.id, { onDelete: 'set null' }),
    marketId: text('market_id').references(() => markets.id, { onDelete: 'set null' }),
    /** why nothing is applied without a person any more; null while that is not so */
    autoApplyStopped: text('auto_apply_stopped'),
    nextReviewAt: instant('next_review_at').notNull(),
    nextTrainingAt: instant('next_training_at').notNull().defaultNow(),
    nextJudgementAt: instant('next_judgement_at').notNull().defaultNow(),
    createdBy: text('created_by').notNull(),
    createdAt: instant('created_at').notNull().defaultNow(),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (table) => [index().on(table.createdAt, table.id), check('playbooks_version', sql`${table.version} >= 1`)],
)

export type PlaybookRow = typeof playbooks.$inferSelect

export type ChangeOrigin = 'MANUAL' | 'REVIEW' | 'AUTO' | 'ROLLBACK'

/** Every version that ever was. Rows are only added, and each needs the one before it: 1 … n without a gap. */
export const playbookVersions = pgTable(
  'playbook_versions',
  {
    playbookId: text('playbook_id')
      .notNull()
      .references(() => playbooks.id),
    version: integer().notNull(),
    previousVersion: integer('previous_version'),
    changes: jsonb().$type<ParameterChange[]>().notNull(),
    origin: text().$type<ChangeOrigin>().notNull(),
    reviewId: text('review_id'),
    /** the version that a rollback went back to */
    restores: integer(),
    author: text().notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.playbookId, table.version] }),
    foreignKey({
      columns: [table.playbookId, table.previousVersion],
      foreignColumns: [table.playbookId, table.version],
    }),
    check(
      'playbook_versions_no_gap',
      sql`(${table.version} = 1 and ${table.previousVersion} is null) or (${table.version} > 1 and ${table.previousVersion} is not null and ${table.previousVersion} = ${table.version} - 1)`,
    ),
  ],
)

export type PlaybookVersionRow = typeof playbookVersions.$inferSelect

/**
 * The numbers of each version, one row per regime. The database refuses what no playbook may hold; a trigger also
 * refuses what lies beyond the playbook's own bounds.
 */
export const playbookPlays = pgTable(
  'playbook_plays',
  {
    playbookId: text('playbook_id').notNull(),
    version: integer().notNull(),
    position: integer().notNull(),
    regime: text().$type<MarketRegime>().notNull(),
    leverage: doublePrecision().notNull(),
    riskRewardRatio: doublePrecision('risk_reward_ratio').notNull(),
    confidenceThreshold: doublePrecision('confidence_threshold').notNull(),
    stopLoss: doublePrecision('stop_loss'),
    takeProfit: doublePrecision('take_profit'),
    strategyWeights: jsonb('strategy_weights').$type<StrategyWeight[]>().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.playbookId, table.version, table.regime] }),
    foreignKey({
      columns: [table.playbookId, table.version],
      foreignColumns: [playbookVersions.playbookId, playbookVersions.version],
    }),
    check('playbook_plays_leverage', sql`${table.leverage} between 1 and 125`),
    check('playbook_plays_risk_reward_ratio', sql`${table.riskRewardRatio} between 0.1 and 100`),
    check('playbook_plays_confidence_threshold', sql`${table.confidenceThreshold} between 0 and 100`),
    check('playbook_plays_stop_loss', sql`${table.stopLoss} between 0.0001 and 1`),
    check('playbook_plays_take_profit', sql`${table.takeProfit} between 0.0001 and 100`),
  ],
)

export type PlaybookPlayRow = typeof playbookPlays.$inferSelect

/** Trade memory. A bot's own id makes a trade unique; `digest` tells whether the same id came with other content. */
export const playbookTrades = pgTable(
  'playbook_trades',
  {
    id: text().primaryKey(),
    playbookId: text('playbook_id')
      .notNull()
      .references(() => playbooks.id),
    externalId: text('external_id').notNull(),
    digest: text().notNull(),
    symbol: text().notNull(),
    side: text().$type<'LONG' | 'SHORT'>().notNull(),
    strategy: text().notNull(),
    regime: text().$type<MarketRegime>().notNull(),
    regimeAtExit: text('regime_at_exit').$type<MarketRegime>(),
    /** 0…1 at entry, from the market's candles; null where there are none */
    volatilityPercentile: doublePrecision('volatility_percentile'),
    confidence: doublePrecision().notNull(),
    leverage: doublePrecision().notNull(),
    entryTime: instant('entry_time').notNull(),
    exitTime: instant('exit_time').notNull(),
    entryPrice: doublePrecision('entry_price').notNull(),
    exitPrice: doublePrecision('exit_price').notNull(),
    stopLoss: doublePrecision('stop_loss'),
    takeProfit: doublePrecision('take_profit'),
    minPrice: doublePrecision('min_price'),
    maxPrice: doublePrecision('max_price'),
    profitRatio: doublePrecision('profit_ratio').notNull(),
    profitAbs: doublePrecision('profit_abs').notNull(),
    fees: doublePrecision(),
    exitReason: text('exit_reason'),
    recordedAt: instant('recorded_at').notNull().defaultNow(),
  },
  (table) => [
    unique().on(table.playbookId, table.externalId),
    index().on(table.playbookId, table.exitTime, table.id),
    check('playbook_trades_times', sql`${table.exitTime} >= ${table.entryTime}`),
    check('playbook_trades_leverage', sql`${table.leverage} > 0 and ${table.leverage} <= 1000`),
    check('playbook_trades_confidence', sql`${table.confidence} between 0 and 100`),
    check(
      'playbook_trades_prices',
      sql`${table.entryPrice} > 0 and ${table.entryPrice} < 'Infinity' and ${table.exitPrice} > 0 and ${table.exitPrice} < 'Infinity' and ${table.minPrice} > 0 and ${table.maxPrice} < 'Infinity'`,
    ),
    check(
      'playbook_trades_profit',
      sql`${finite(table.profitRatio)} and ${finite(table.profitAbs)} and ${finite(table.fees)}`,
    ),
    check('playbook_trades_stops', sql`${finite(table.stopLoss)} and ${finite(table.takeProfit)}`),
    check('playbook_trades_volatility', sql`${table.volatilityPercentile} between 0 and 1`),
  ],
)

export type PlaybookTradeRow = typeof playbookTrades.$inferSelect

/** What a bot expected, and what came of it. A forecast is recorded again, once, when it is resolved. */
export const playbookForecasts = pgTable(
  'playbook_forecasts',
  {
    playbookId: text('playbook_id')
      .notNull()
      .references(() => playbooks.id),
    externalId: text('external_id').notNull(),
    digest: text().notNull(),
    symbol: text().notNull(),
    strategy: text(),
    regime: text().$type<MarketRegime>().notNull(),
    madeAt: instant('made_at').notNull(),
    resolvedAt: instant('resolved_at'),
    confidence: doublePrecision().notNull(),
    predictedDirection: text('predicted_direction').$type<'LONG' | 'SHORT'>().notNull(),
    actualDirection: text('actual_direction').$type<'LONG' | 'SHORT'>(),
    predictedChange: doublePrecision('predicted_change'),
    actualChange: doublePrecision('actual_change'),
  },
  (table) => [
    primaryKey({ columns: [table.playbookId, table.externalId] }),
    index().on(table.playbookId, table.madeAt),
    check('playbook_forecasts_confidence', sql`${table.confidence} between 0 and 100`),
    check('playbook_forecasts_changes', sql`${finite(table.predictedChange)} and ${finite(table.actualChange)}`),
  ],
)

/**
 * What the optimizers of a playbook have learned, every version that ever spoke: a review names those it heard. The
 * bytes are `OptimizerModel`'s; they are read only where the checksum fits.
 */
export const playbookModels = pgTable(
  'playbook_models',
  {
    id: text().primaryKey(),
    playbookId: text('playbook_id')
      .notNull()
      .references(() => playbooks.id),
    optimizer: text().$type<Optimizer>().notNull(),
    /** 1, 2, 3 … for each optimizer */
    version: integer().notNull(),
    algorithm: text().notNull(),
    hyperparameters: jsonb().$type<Record<string, number>>().notNull(),
    featureNames: text('feature_names').array().notNull(),
    r2: doublePrecision(),
    mae: doublePrecision(),
    crossValidationR2: doublePrecision('cross_validation_r2'),
    trainedOn: integer('trained_on').notNull(),
    /** when the first and the last trade closed that it learned from */
    firstTradeAt: instant('first_trade_at').notNull(),
    lastTradeAt: instant('last_trade_at').notNull(),
    artifact: bytea().notNull(),
    /** SHA-256 of the artifact, hexadecimal */
    checksum: text().notNull(),
    sizeBytes: integer('size_bytes').notNull(),
    trainedAt: instant('trained_at').notNull(),
  },
  (table) => [
    unique().on(table.playbookId, table.optimizer, table.version),
    check(
      'playbook_models_scores',
      sql`${finite(table.r2)} and ${finite(table.mae)} and ${finite(table.crossValidationR2)}`,
    ),
  ],
)

export type PlaybookModelRow = typeof playbookModels.$inferSelect

export type ReviewStatus = 'PENDING' | 'APPLIED' | 'PARTIALLY_APPLIED' | 'REJECTED' | 'EXPIRED' | 'EMPTY'

/**
 * Reviews. PENDING until somebody decides (APPLIED, PARTIALLY_APPLIED, REJECTED) or time does (EXPIRED); EMPTY from
 * the start where there is nothing to decide. Of one playbook at most one is PENDING.
 */
export const playbookReviews = pgTable(
  'playbook_reviews',
  {
    id: text().primaryKey(),
    playbookId: text('playbook_id')
      .notNull()
      .references(() => playbooks.id),
    baseVersion: integer('base_version').notNull(),
    status: text().$type<ReviewStatus>().notNull(),
    revision: integer().notNull().default(1),
    dataQuality: jsonb('data_quality').$type<TradeDataQuality>().notNull(),
    models: jsonb().$type<ModelScore[]>().notNull(),
    tradesAnalysed: integer('trades_analysed').notNull(),
    explanation: text().notNull(),
    drift: jsonb().$type<DriftWarning[]>().notNull().default([]),
    backtestCheck: jsonb('backtest_check').$type<BacktestCheck>(),
    /** the version that this review proposes to go back to */
    rollbackTo: integer('rollback_to'),
    requestedBy: text('requested_by').notNull(),
    decidedBy: text('decided_by'),
    decidedIn: text('decided_in').$type<Channel>(),
    /** why it was rejected, in the decider's words */
    reason: text(),
    appliedVersion: integer('applied_version'),
    createdAt: instant('created_at').notNull().defaultNow(),
    expiresAt: instant('expires_at').notNull(),
    decidedAt: instant('decided_at'),
  },
  (table) => [
    uniqueIndex('playbook_reviews_one_pending')
      .on(table.playbookId)
      .where(sql`${table.status} = 'PENDING'`),
    index().on(table.playbookId, table.createdAt, table.id),
  ],
)

export type PlaybookReviewRow = typeof playbookReviews.$inferSelect

export type RecommendationStatus = 'PENDING' | 'APPLIED' | 'REJECTED' | 'EXPIRED' | 'ROLLED_BACK'

export const recommendations = pgTable(
  'recommendations',
  {
    id: text().primaryKey(),
    reviewId: text('review_id')
      .notNull()
      .references(() => playbookReviews.id),
    position: integer().notNull(),
    regime: text().$type<MarketRegime>().notNull(),
    parameter: text().$type<PlaybookParameter>().notNull(),
    strategy: text(),
    current: doublePrecision().notNull(),
    recommended: doublePrecision().notNull(),
    change: doublePrecision().notNull(),
    risk: text().$type<RiskLevel>().notNull(),
    confidence: doublePrecision().notNull(),
    status: text().$type<RecommendationStatus>().notNull().default('PENDING'),
    rationale: text().notNull(),
    evidence: jsonb().$type<Evidence>().notNull(),
    expectedEffect: jsonb('expected_effect').$type<ExpectedEffect>(),
  },
  (table) => [
    index().on(table.reviewId, table.position),
    check('recommendations_finite', sql`${finite(table.current)} and ${finite(table.recommended)}`),
    check('recommendations_confidence', sql`${table.confidence} between 0 and 100`),
    check('recommendations_leverage', sql`${table.parameter} <> 'LEVERAGE' or ${table.recommended} between 1 and 125`),
  ],
)

export type RecommendationRow = typeof recommendations.$inferSelect

/** What each version did to results, as far as is known; computed again while trades come in. */
export const attributions = pgTable(
  'attributions',
  {
    playbookId: text('playbook_id').notNull(),
    version: integer().notNull(),
    verdict: text().$type<AttributionVerdict>().notNull(),
    result: jsonb().$type<Attribution>().notNull(),
    /** no trade can be added to it any more */
    final: boolean().notNull(),
    computedAt: instant('computed_at').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.playbookId, table.version] }),
    foreignKey({
      columns: [table.playbookId, table.version],
      foreignColumns: [playbookVersions.playbookId, playbookVersions.version],
    }),
  ],
)

export type AttributionRow = typeof attributions.$inferSelect
