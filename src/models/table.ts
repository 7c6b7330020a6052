import { boolean, doublePrecision, index, integer, jsonb, pgTable, text, timestamp, unique } from 'drizzle-orm/pg-core'
import type { Period } from '../backtest/period.ts'
import { bytea } from '../bytea.ts'
import type { ExecutionSettings } from '../engine/execution.ts'
import { markets } from '../market/table.ts'
import type { StrategyDefinition } from '../strategy/strategy.ts'
import { strategies } from '../strategy/table.ts'
import type { Calibration } from './confidence.ts'
import type { FeatureSettings } from './features.ts'
import type { FitScores } from './validation.ts'

/** How the samples were backtested that a model learned from: what it takes to check a prediction. */
export interface Evaluation {
  timeframe: string
  period: Period
  execution: ExecutionSettings
}

/**
 * Fitted models with everything that a prediction needs. A model goes with its job, unless somebody has saved it, made
 * it active or given it an alias: then it stays without one.
 */
export const models = pgTable(
  'models',
  {
    id: text().primaryKey(),
    name: text().notNull(),
    version: integer().notNull().default(1),
    algorithm: text().notNull(),
    objective: text().notNull(),
    /** somebody gave it its name, which then no model of another kind may have */
    saved: boolean().notNull().default(false),
    active: boolean().notNull().default(false),
    aliases: text().array().notNull().default([]),
    jobId: text('job_id').notNull(),
    /** the strategy as the job had it, with the job's own parameter space: what turns parameters into features */
    strategy: jsonb().$type<StrategyDefinition>().notNull(),
    features: jsonb().$type<FeatureSettings>().notNull(),
    strategyId: text('strategy_id')
      .notNull()
      .references(() => strategies.id),
    marketId: text('market_id')
      .notNull()
      .references(() => markets.id),
    evaluation: jsonb().$type<Evaluation>().notNull(),
    featureNames: text('feature_names').array().notNull(),
    hyperparameters: jsonb().$type<Record<string, number>>().notNull(),
    training: jsonb().$type<FitScores>().notNull(),
    validation: jsonb().$type<FitScores>().notNull(),
    test: jsonb().$type<FitScores>().notNull(),
    calibration: jsonb().$type<Calibration>().notNull(),
    artifact: bytea().notNull(),
    checksum: text().notNull(),
    sizeBytes: integer('size_bytes').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  (table) => [index().on(table.createdAt, table.id), index().on(table.jobId), unique().on(table.name, table.version)],
)

export type ModelRow = typeof models.$inferSelect

/** What a model said about a parameter set, and what a backtest answered. */
export const predictions = pgTable(
  'predictions',
  {
    id: text().primaryKey(),
    modelId: text('model_id')
      .notNull()
      .references(() => models.id, { onDelete: 'cascade' }),
    parameters: jsonb().$type<Record<string, number>>().notNull(),
    metric: text().notNull(),
    predictedValue: doublePrecision('predicted_value').notNull(),
    low: doublePrecision().notNull(),
    high: doublePrecision().notNull(),
    level: doublePrecision().notNull(),
    confidence: doublePrecision().notNull(),
    outOfDomain: boolean('out_of_domain').notNull(),
    actualValue: doublePrecision('actual_value'),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    verifiedAt: timestamp('verified_at', { withTimezone: true, precision: 3 }),
  },
  (table) => [index().on(table.modelId, table.createdAt, table.id), index().on(table.createdAt, table.id)],
)

export type PredictionRow = typeof predictions.$inferSelect
