import type { MonteCarlo } from '../evidence/monte-carlo.ts'
import type { Readiness } from '../evidence/readiness.ts'
import type { GraphQLObjectType } from 'graphql'
import type { Objective } from '../backtest/metrics.ts'
import type { FitScores } from '../models/validation.ts'
import { schema } from '../server/schema.ts'
import type { Candidate, FeatureImportance, JobError, JobPhase, JobStatus, OutOfSample } from '../tuning/job.ts'
import type { Stress } from '../tuning/monte-carlo.ts'
import type { Robustness } from '../tuning/robustness.ts'
import type { WalkForward } from '../tuning/walk-forward.ts'
import type { MarketInfo } from './lookup.ts'
import { selectionOf } from './selection.ts'

/** A tuning job as it comes from the API: what the report reads of it; `--json` prints all of it. */
export interface FinishedJob {
  id: string
  name: string
  status: JobStatus
  error: JobError | null
  durationMs: number | null
  resultDigest: string | null
  strategy: { name: string }
  market: MarketInfo & { synthetic?: boolean }
  timeframe: string
  trainingPeriod: { from: string; to: string }
  testPeriod: { from: string; to: string }
  sampleCount: number
  seed: number
  objective: Objective
  algorithm: string
  chosenAlgorithm: string | null
  training: FitScores | null
  validation: FitScores | null
  test: FitScores | null
  readiness: Readiness | null
  featureImportance: FeatureImportance[]
  candidates: Candidate[]
  outOfSample: OutOfSample | null
  robustness: Robustness | null
  walkForward: WalkForward | null
  anchoredWalkForward: WalkForward | null
  monteCarloMethods: MonteCarlo[]
  stress: Stress[]
  model: { id: string } | null
  warnings?: string[]
}

/** What a running job says of itself. */
export interface JobProgress {
  id: string
  status: JobStatus
  progress: {
    phase: JobPhase
    done: number
    total: number
    /** 0 … 1 over the whole job */
    fraction: number
    etaMs: number | null
    backtestsPerSecond: number | null
  }
}

export function isFinal(status: JobStatus): boolean {
  return status !== 'PENDING' && status !== 'RUNNING'
}

export const JOB_PROGRESS = `subscription ($id: ID!) {
  tuningJobProgress(id: $id) { id status progress { phase done total fraction etaMs backtestsPerSecond } }
}`

/** The whole job, whatever the schema has of it, without its samples. */
export function wholeJob(): string {
  return `query ($id: ID!) { tuningJob(id: $id) ${selectionOf(schema.getType('TuningJob') as GraphQLObjectType)} }`
}
