import type { AppContext } from '../context.ts'
import { ConflictError, NotFoundError, ValidationError } from '../errors.ts'
import { builder } from '../graphql/builder.ts'
import { page } from '../graphql/connection.ts'
import { statesOf } from '../graphql/subscription.ts'
import { estimateTuningJob, type Estimate } from './estimate.ts'
import type { CreateTuningJobInput as JobInput } from './input.ts'
import { CreateTuningJobInput, DEFAULT_JOB_ORDER, TuningJobFilterInput, TuningJobOrderInput } from './input-types.ts'
import { countTuningJobs, jobKey, listTuningJobs } from './job-list.ts'
import { TuningJobType } from './job-types.ts'
import { findOptimal, type OptimalSearch } from './optimum.ts'
import { CandidateType } from './result-types.ts'
import { SampleColumnsType } from './sample-column-types.ts'
import { MAX_ROWS, samplePart } from './sample-columns.ts'
import {
  cancelTuningJob,
  createTuningJob,
  deleteTuningJobs,
  findTuningJob,
  findTuningJobs,
  getTuningJob,
  JOB_TOPIC,
  retryTuningJobs,
} from './service.ts'
import type { TuningJobRow } from './table.ts'

const EstimateType = builder.objectRef<Estimate>('TuningJobEstimate').implement({
  description: 'What a job would cost.',
  fields: (t) => ({
    backtests: t.exposeInt('backtests'),
    bars: t.exposeInt('bars', { description: 'Of both periods.' }),
    durationMs: t.exposeFloat('durationMs', { description: 'Rough, on this machine.' }),
    memoryBytes: t.exposeFloat('memoryBytes'),
    warnings: t.exposeStringList('warnings'),
  }),
})

const OptimalSearchType = builder.objectRef<OptimalSearch>('OptimalSearch').implement({
  fields: (t) => ({
    candidates: t.field({ type: [CandidateType], resolve: (search) => search.candidates }),
    evaluated: t.exposeInt('evaluated', { description: 'Candidates that the model scored.' }),
    totalMs: t.exposeFloat('totalMs'),
  }),
})

builder.queryFields((t) => ({
  estimateTuningJob: t.field({
    type: EstimateType,
    authScopes: { role: 'VIEWER' },
    description: 'What a job would cost before it is started.',
    args: { input: t.arg({ type: CreateTuningJobInput, required: true }) },
    resolve: (_, { input }, ctx) => estimateTuningJob(ctx, input as JobInput),
  }),
  tuningJobs: t.connection(
    {
      type: TuningJobType,
      authScopes: { role: 'VIEWER' },
      args: { filter: t.arg({ type: TuningJobFilterInput }), orderBy: t.arg({ type: TuningJobOrderInput }) },
      resolve: (_, { filter, orderBy, ...args }, ctx) => {
        const order = orderBy ?? DEFAULT_JOB_ORDER
        return page(args, {
          key: (job: TuningJobRow) => jobKey(job, order),
          read: (slice) => listTuningJobs(ctx, filter ?? {}, order, slice),
          count: () => countTuningJobs(ctx, filter ?? {}),
        })
      },
    },
    { name: 'TuningJobConnection' },
    { name: 'TuningJobEdge' },
  ),
  tuningJob: t.field({
    type: TuningJobType,
    authScopes: { role: 'VIEWER' },
    nullable: true,
    args: { id: t.arg.id({ required: true }) },
    resolve: (_, { id }, ctx) => findTuningJob(ctx, id),
  }),
  sampleColumns: t.field({
    type: SampleColumnsType,
    authScopes: { role: 'VIEWER' },
    description: `Up to ${MAX_ROWS} samples of a job at once: the fast lane beside TuningJob.samples.`,
    args: {
      jobId: t.arg.id({ required: true }),
      from: t.arg.int({ required: true, defaultValue: 0, description: 'Index of the first sample.' }),
    },
    resolve: (_, { jobId, from }, ctx) => samplePart(ctx, jobId, from),
  }),
  findOptimal: t.field({
    type: OptimalSearchType,
    authScopes: { role: 'VIEWER' },
    description:
      "Draws candidates from the job's space, scores them, returns the best, checked by real backtests where verify is true.",
    args: {
      jobId: t.arg.id({ required: true }),
      candidates: t.arg.int({ required: true, defaultValue: 10_000 }),
      top: t.arg.int({ required: true, defaultValue: 10 }),
      seed: t.arg.int(),
      verify: t.arg.boolean({ required: true, defaultValue: true }),
    },
    resolve: (_, args, ctx) => findOptimal(ctx, args),
  }),
}))

builder.mutationFields((t) => ({
  createTuningJob: t.field({
    type: TuningJobType,
    authScopes: { role: 'TUNER' },
    description: 'Start a job. Every offending field is named at once; an answered job is never lost.',
    errors: {
      types: [ValidationError, NotFoundError],
      directResult: false,
      union: { name: 'CreateTuningJobResult' },
      result: { name: 'CreateTuningJobSuccess' },
      dataField: { name: 'job' },
    },
    args: { input: t.arg({ type: CreateTuningJobInput, required: true }) },
    resolve: (_, { input }, ctx) => createTuningJob(ctx, input as JobInput),
  }),
  cancelTuningJob: t.field({
    type: TuningJobType,
    authScopes: { role: 'TUNER' },
    description: 'Stop a job that waits or runs.',
    errors: {
      types: [NotFoundError, ConflictError],
      directResult: false,
      union: { name: 'CancelTuningJobResult' },
      result: { name: 'CancelTuningJobSuccess' },
      dataField: { name: 'job' },
    },
    args: { id: t.arg.id({ required: true }) },
    resolve: (_, { id }, ctx) => cancelTuningJob(ctx, id),
  }),
  retryTuningJobs: t.field({
    type: [TuningJobType],
    authScopes: { role: 'TUNER' },
    description: 'Run failed or cancelled jobs again from the start; all of them, or none.',
    errors: {
      types: [NotFoundError, ConflictError],
      directResult: false,
      union: { name: 'RetryTuningJobsResult' },
      result: { name: 'RetryTuningJobsSuccess' },
      dataField: { name: 'jobs' },
    },
    args: { ids: t.arg.idList({ required: true }) },
    resolve: (_, { ids }, ctx) => retryTuningJobs(ctx, ids),
  }),
  deleteTuningJobs: t.field({
    type: ['ID'],
    authScopes: { role: 'TUNER' },
    description: 'Delete finished jobs with their samples and models; all of them, or none.',
    errors: {
      types: [NotFoundError, ConflictError],
      directResult: false,
      union: { name: 'DeleteTuningJobsResult' },
      result: { name: 'DeleteTuningJobsSuccess' },
      dataField: { name: 'deletedIds' },
    },
    args: { ids: t.arg.idList({ required: true }) },
    resolve: (_, { ids }, ctx) => deleteTuningJobs(ctx, ids),
  }),
}))

const isFinal = (job: TuningJobRow): boolean => !['PENDING', 'RUNNING'].includes(job.status)

const versionOf = ({ revision }: TuningJobRow): number => revision

/** All who follow a job share what one of them reads. */
const readJob = (ctx: AppContext, id: string) => ctx.events.read(JOB_TOPIC, id, (ids) => findTuningJobs(ctx, ids))

builder.subscriptionFields((t) => ({
  tuningJobProgress: t.field({
    type: TuningJobType,
    authScopes: { role: 'VIEWER' },
    description: 'The job now, then at every change until it is finished; the stream then ends.',
    args: { id: t.arg.id({ required: true }) },
    subscribe: async (_, { id }, ctx) => {
      if (!(await readJob(ctx, id))) await getTuningJob(ctx, id) // which says what is missing
      return statesOf(ctx.events.subscribe(JOB_TOPIC, id), () => readJob(ctx, id), { isFinal, isOne: true, versionOf })
    },
    resolve: (job) => job,
  }),
  tuningJobChanged: t.field({
    type: TuningJobType,
    authScopes: { role: 'VIEWER' },
    description: 'Any job that changed.',
    subscribe: (_, __, ctx) => statesOf(ctx.events.subscribe(JOB_TOPIC), (id) => readJob(ctx, id), { versionOf }),
    resolve: (job) => job,
  }),
}))
