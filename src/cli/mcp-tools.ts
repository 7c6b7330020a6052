import { z } from 'zod'
import type { Role } from '../viewer.ts'
import { ERROR_FIELDS, type Client } from './client.ts'
import { CliFailure } from './failure.ts'

/** What an assistant may ask for. */
export interface Tool {
  name: string
  description: string
  /** without it the tool is not offered */
  role: Role
  input: z.ZodObject
  annotations: { readOnlyHint: boolean; destructiveHint?: boolean; idempotentHint?: boolean }
  call: (client: Client, given: Record<string, unknown>) => Promise<unknown>
}

const READS = { readOnlyHint: true }
const ADDS = { readOnlyHint: false, destructiveHint: false }
const DECIDES = { readOnlyHint: false, destructiveHint: true }

const page = {
  first: z.int().min(1).max(50).default(20).describe('rows'),
  after: z.string().optional().describe('endCursor of the page before'),
}
const PAGE = 'totalCount pageInfo { hasNextPage endCursor }'
const METRICS = 'roi sharpeRatio maxDrawdown winRate profitFactor tradeCount'
const CRITERIA = 'name value threshold passed description'
const RECOMMENDATION = 'id regime parameter strategy current recommended change risk confidence status rationale'
const REVIEW = `id status createdAt expiresAt decidedBy tradesAnalysed explanation recommendations { ${RECOMMENDATION} }`

const JOBS = `query ($first: Int, $after: String, $filter: TuningJobFilter) {
  tuningJobs(first: $first, after: $after, filter: $filter) {
    nodes { id name status createdAt market { symbol timeframe } strategy { name } readiness { productionReady score } }
    ${PAGE}
  }
}`
const STATUS = `query ($id: ID!) { tuningJob(id: $id) {
  id name status progress { phase fraction etaMs } error { code message } warnings
} }`
const VERDICT = `query ($id: ID!) { tuningJob(id: $id) {
  id name status objective error { message }
  readiness { productionReady score explanation criteria { ${CRITERIA} } gates { ${CRITERIA} } }
  bestParameters
  outOfSample { baselines { name metrics { ${METRICS} } } }
  robustness { trialsEver probabilityOfOverfitting deflatedSharpeRatio placeboPercentile plateauScore onBoundary }
  warnings
} }`
const EXPLANATION = `query ($id: ID!) { tuningJob(id: $id) {
  id status chosenAlgorithm training { r2 } validation { r2 } overfitting
  featureImportance { feature importance rank }
  sensitivity { parameter firstOrder total safeRange { low high } }
} }`
const CREATE = `mutation ($input: CreateTuningJobInput!) {
  result: createTuningJob(input: $input) { ${ERROR_FIELDS} ... on CreateTuningJobSuccess { job { id name status } } }
}`
const PREDICT = `mutation ($jobId: ID, $modelId: ID, $parameters: Parameters!) {
  result: predict(jobId: $jobId, modelId: $modelId, parameters: $parameters) {
    ${ERROR_FIELDS}
    ... on PredictSuccess { prediction { metric predictedValue interval { low high level } confidence outOfDomain } }
  }
}`
const REVIEWS = `query ($name: String!, $first: Int, $after: String) {
  playbook(name: $name) { name version reviews(first: $first, after: $after) { nodes { ${REVIEW} } ${PAGE} } }
}`
const PLAYBOOKS = `query ($first: Int, $after: String) { playbooks(first: $first, after: $after) {
  nodes { id name version regimes { regime leverage riskRewardRatio confidenceThreshold } } ${PAGE}
} }`
const APPROVE = `mutation ($reviewId: ID!, $mode: ApprovalMode!, $recommendationIds: [ID!]) {
  result: approveRecommendations(reviewId: $reviewId, mode: $mode, recommendationIds: $recommendationIds) {
    ${ERROR_FIELDS}
    ... on ApproveRecommendationsSuccess { review { ${REVIEW} } playbook { name version } }
  }
}`
const REJECT = `mutation ($reviewId: ID!, $recommendationIds: [ID!], $reason: String) {
  result: rejectRecommendations(reviewId: $reviewId, recommendationIds: $recommendationIds, reason: $reason) {
    ${ERROR_FIELDS} ... on RejectRecommendationsSuccess { review { ${REVIEW} } }
  }
}`

const job = z.object({ id: z.string().describe('id of the tuning job') })
const ids = z.array(z.string()).optional()

export const TOOLS: readonly Tool[] = [
  reading('list_markets', 'Markets with their candles.', z.object(page), (given) => [
    `query ($first: Int, $after: String) { markets(first: $first, after: $after) {
      nodes { id exchange symbol timeframe candleCount from to synthetic } ${PAGE} } }`,
    given,
  ]),
  reading('list_strategies', 'Strategies with their rules and parameters.', z.object(page), (given) => [
    `query ($first: Int, $after: String) { strategies(first: $first, after: $after) { nodes {
      id name description enterLong exitLong enterShort exitShort stopLoss takeProfit
      parameterSpace { name distribution low high values } } ${PAGE} } }`,
    given,
  ]),
  reading(
    'list_jobs',
    'Tuning jobs, newest first.',
    z.object({ ...page, search: z.string().optional().describe('part of the name') }),
    ({ search, ...given }) => [JOBS, { ...given, filter: search === undefined ? {} : { search } }],
  ),
  one('job_status', 'How far a tuning job is.', STATUS),
  one('job_verdict', 'Whether the result of a tuning job may be trusted, and why.', VERDICT),
  one(
    'explain_job',
    'What drives the result of a tuning job: importance, sensitivity, quality of the model.',
    EXPLANATION,
  ),
  {
    name: 'start_tuning_job',
    description:
      'Start a tuning job and answer its id at once; job_status follows it. Periods are spans back from the end of the market ("3 months") or { from, to }: the test last, the training right before it.',
    role: 'TUNER',
    annotations: ADDS,
    input: z.object({
      name: z.string().optional(),
      strategy: z.string().describe('name, as in list_strategies'),
      market: z.object({ exchange: z.string(), symbol: z.string(), timeframe: z.string() }),
      training: z.string().describe('as "1 month"'),
      test: z.string().describe('as "2 weeks"'),
      sampleCount: z.int().min(10).max(100_000).default(200),
      seed: z.int().default(1),
      objective: z.string().default('SHARPE_RATIO'),
      algorithm: z.string().default('XGBOOST'),
    }),
    call: async (client, given) => {
      const { tuningInput } = await import('./run-file.ts') // which loads the whole schema
      const input = await tuningInput(client, 'start_tuning_job', given)
      return (await client.mutate<{ job: object }>(CREATE, { input })).job
    },
  },
  {
    name: 'predict',
    description: "What a job's model says of a parameter set, with interval and confidence.",
    role: 'VIEWER',
    annotations: ADDS,
    input: z.object({
      jobId: z.string().optional(),
      modelId: z.string().optional(),
      parameters: z.record(z.string(), z.number()),
    }),
    call: async (client, given) => (await client.mutate<{ prediction: object }>(PREDICT, given)).prediction,
  },
  reading('list_playbooks', 'Playbooks as they are in force.', z.object(page), (given) => [PLAYBOOKS, given]),
  reading(
    'list_reviews',
    'Reviews of a playbook with what they recommend, newest first.',
    z.object({ playbook: z.string().describe('name'), ...page }),
    ({ playbook, ...given }) => [REVIEWS, { ...given, name: playbook }],
  ),
  {
    name: 'approve_review',
    description: 'Apply a pending review to its playbook. This changes what is traded with: only as the user decided.',
    role: 'APPROVER',
    annotations: DECIDES,
    input: z.object({
      reviewId: z.string(),
      mode: z.enum(['ALL', 'SAFE_ONLY', 'SELECTED']),
      recommendationIds: ids.describe('for SELECTED'),
    }),
    call: (client, given) => decide(client, APPROVE, given),
  },
  {
    name: 'reject_review',
    description: 'Reject a pending review, or some of its recommendations, as the user decided.',
    role: 'APPROVER',
    annotations: DECIDES,
    input: z.object({
      reviewId: z.string(),
      recommendationIds: ids.describe('all where not given'),
      reason: z.string().optional(),
    }),
    call: (client, given) => decide(client, REJECT, given),
  },
]

function reading(
  name: string,
  description: string,
  input: z.ZodObject,
  question: (given: Record<string, unknown>) => [query: string, variables: Record<string, unknown>],
): Tool {
  return {
    name,
    description,
    role: 'VIEWER',
    annotations: READS,
    input,
    call: (client, given) => client.query(...question(given)),
  }
}

function one(name: string, description: string, query: string): Tool {
  return {
    name,
    description,
    role: 'VIEWER',
    annotations: READS,
    input: job,
    call: async (client, given) => {
      const { tuningJob } = await client.query<{ tuningJob: object | null }>(query, given)
      if (!tuningJob)
        throw new CliFailure(`There is no tuning job ${String(given.id)}. list_jobs shows those there are.`)
      return tuningJob
    },
  }
}

async function decide(client: Client, mutation: string, given: Record<string, unknown>): Promise<object> {
  const { kind: _, ...done } = await client.mutate<Record<string, unknown>>(mutation, given)
  return done
}
