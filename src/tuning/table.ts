import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  check,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
} from 'drizzle-orm/pg-core'
import { bytea } from '../bytea.ts'
import type { Objective } from '../backtest/metrics.ts'
import type { ExecutionSettings } from '../engine/execution.ts'
import { markets } from '../market/table.ts'
import type { FeatureSettings } from '../models/features.ts'
import { models } from '../models/table.ts'
import type { Sampler } from '../strategy/sampling.ts'
import type { StrategyDefinition } from '../strategy/strategy.ts'
import { strategies } from '../strategy/table.ts'
import type { JobError, JobPhase, JobResult, JobStatus, RiskLimits } from './job.ts'
import type { Replay } from './replay.ts'

const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3 })

/**
 * Tuning jobs: what was asked, how far it is, what came out. The settings are a copy; nothing that is edited later
 * changes what a job meant. Every change raises `revision`; a worker writes only while `attempt` is its own.
 */
export const tuningJobs = pgTable(
  'tuning_jobs',
  {
    id: text().primaryKey(),
    name: text().notNull(),
    status: text().$type<JobStatus>().notNull().default('PENDING'),
    phase: text().$type<JobPhase>().notNull().default('QUEUED'),
    done: integer().notNull().default(0),
    total: integer().notNull().default(0),
    fraction: doublePrecision().notNull().default(0),
    etaMs: doublePrecision('eta_ms'),
    backtestsPerSecond: doublePrecision('backtests_per_second'),
    attempt: integer().notNull().default(0),
    revision: integer().notNull().default(1),
    resultDigest: text('result_digest'),
    error: jsonb().$type<JobError>(),
    createdBy: text('created_by').notNull(),
    createdAt: instant('created_at').notNull().defaultNow(),
    startedAt: instant('started_at'),
    finishedAt: instant('finished_at'),

    strategyId: text('strategy_id')
      .notNull()
      .references(() => strategies.id),
    /** with the job's own parameter space */
    strategy: jsonb().$type<StrategyDefinition>().notNull(),
    marketId: text('market_id')
      .notNull()
      .references(() => markets.id),
    timeframe: text().notNull(),
    /** half-open periods, ms since epoch */
    trainingFrom: bigint('training_from', { mode: 'number' }).notNull(),
    trainingTo: bigint('training_to', { mode: 'number' }).notNull(),
    testFrom: bigint('test_from', { mode: 'number' }).notNull(),
    testTo: bigint('test_to', { mode: 'number' }).notNull(),
    execution: jsonb().$type<ExecutionSettings>().notNull(),
    sampler: text().$type<Sampler>().notNull(),
    sampleCount: integer('sample_count').notNull(),
    seed: integer().notNull(),
    objective: text().$type<Objective>().notNull(),
    secondaryObjectives: text('secondary_objectives').$type<Objective>().array().notNull(),
    riskLimits: jsonb('risk_limits').$type<RiskLimits>().notNull(),
    algorithm: text().notNull(),
    hyperparameters: jsonb().$type<Record<string, number>>().notNull(),
    features: jsonb().$type<FeatureSettings>().notNull(),
    /** tune although more candles are missing than the quality gate lets pass */
    allowGaps: boolean('allow_gaps').notNull().default(false),
    /** null: as many as the budget allows */
    placeboRuns: integer('placebo_runs'),
    /** what the ledger said when the job was created: part of its question, so that a replay gives the same bits */
    trialsBefore: integer('trials_before').notNull().default(0),
    oosUsesBefore: integer('oos_uses_before').notNull().default(0),

    warnings: text().array().notNull().default([]),
    result: jsonb().$type<JobResult>(),
    modelId: text('model_id').references(() => models.id, { onDelete: 'set null' }),
    /** plain copies of figures in `result` by which lists are filtered and ordered */
    score: doublePrecision(),
    productionReady: boolean('production_ready'),
  },
  (table) => [
    index().on(table.createdAt, table.id),
    index().on(table.status),
    check('tuning_jobs_fraction', sql`${table.fraction} between 0 and 1`),
    check('tuning_jobs_score_finite', sql`${table.score} > '-Infinity' and ${table.score} < 'Infinity'`),
  ],
)

export type TuningJobRow = typeof tuningJobs.$inferSelect

/**
 * Backtested parameter sets, in the blocks in which they were finished; blocks of a job do not overlap. Columns are
 * little-endian, one value a sample; what a column does not define is NaN. The last three are null until something was
 * learned, or not, from all samples.
 *
 * A row for each sample would take four times the space and, for a hundred thousand of them, minutes.
 */
export const sampleBlocks = pgTable(
  'sample_blocks',
  {
    jobId: text('job_id')
      .notNull()
      .references(() => tuningJobs.id, { onDelete: 'cascade' }),
    /** index of the first sample */
    first: integer().notNull(),
    count: integer().notNull(),
    /** f64[count × (parameters + 26)]: of each sample its parameters, then its metrics in the order of METRIC_NAMES */
    packed: bytea().notNull(),
    /** i32[count] */
    tradeCounts: bytea('trade_counts').notNull(),
    /** u8[count], places in SAMPLE_SPLITS */
    splits: bytea(),
    /** f64[count] */
    objectives: bytea(),
    /** f64[count] */
    predictions: bytea(),
  },
  (table) => [
    primaryKey({ columns: [table.jobId, table.first] }),
    check('sample_blocks_place', sql`${table.first} >= 0 and ${table.count} > 0`),
    check(
      'sample_blocks_columns',
      sql`octet_length(${table.packed}) % (8 * ${table.count}) = 0 and octet_length(${table.tradeCounts}) = 4 * ${table.count} and octet_length(${table.splits}) = ${table.count} and octet_length(${table.objectives}) = 8 * ${table.count} and octet_length(${table.predictions}) = 8 * ${table.count}`,
    ),
  ],
)

/**
 * The lifetime ledger: what was ever tried on a market. One line a job, which stays when the job is deleted, and is not
 * written again when it is retried. Lines of the same design ask the same question of the same parameter sets, and
 * count once.
 */
export const trialLedger = pgTable(
  'trial_ledger',
  {
    /** of a job that may be gone */
    jobId: text('job_id').primaryKey(),
    marketId: text('market_id').notNull(),
    /** SHA-256 over everything that decides which parameter sets are tried, and on what */
    design: text().notNull(),
    /** SHA-256 over that and over how the results are learned from and chosen */
    question: text().notNull(),
    /** parameter sets */
    trials: integer().notNull(),
    testFrom: bigint('test_from', { mode: 'number' }).notNull(),
    testTo: bigint('test_to', { mode: 'number' }).notNull(),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (table) => [index().on(table.marketId, table.design), check('trial_ledger_trials', sql`${table.trials} >= 0`)],
)

/** Stored jobs that are run again to compare the bits. PENDING waits for a worker or is in the hands of one. */
export const replays = pgTable(
  'replays',
  {
    id: text().primaryKey(),
    jobId: text('job_id')
      .notNull()
      .references(() => tuningJobs.id, { onDelete: 'cascade' }),
    status: text().$type<'PENDING' | 'COMPLETED' | 'FAILED'>().notNull().default('PENDING'),
    outcome: jsonb().$type<Replay>(),
    error: text(),
    requestedBy: text('requested_by').notNull(),
    createdAt: instant('created_at').notNull().defaultNow(),
    finishedAt: instant('finished_at'),
  },
  (table) => [index().on(table.jobId)],
)

export type ReplayRow = typeof replays.$inferSelect
