import { BEYOND_NUMBERS, isBeyondNumbers, metricsOf, objectiveValue, type Metrics } from '../backtest/metrics.ts'
import { MetricsType } from '../backtest/schema.ts'
import type { AppContext } from '../context.ts'
import { builder } from '../graphql/builder.ts'
import { page, type PageArguments } from '../graphql/connection.ts'
import { featureSet } from '../models/features.ts'
import { findModel } from '../models/service.ts'
import { toParameters } from '../strategy/parameter-space.ts'
import { compileStrategy } from '../strategy/plan.ts'
import { SampleSplitEnum } from './input-types.ts'
import { SampleList, sampleKey, type SampleFilter, type SampleOrder } from './sample-list.ts'
import { findSample, type SampleRow } from './sample-store.ts'
import { findTuningJob } from './service.ts'
import { minTrades } from './settings.ts'
import type { TuningJobRow } from './table.ts'

/** A sample and what it takes to read its values. */
interface SampleView {
  row: SampleRow
  job: TuningJobRow
  features: (parameters: Float64Array) => number[]
}

export const SampleType = builder.objectRef<SampleView>('Sample')

builder.node(SampleType, {
  authScopes: { role: 'VIEWER' },
  description: 'One parameter set that was backtested over the training period.',
  id: { resolve: ({ row }) => `sample_${row.jobId.slice('job_'.length)}_${row.index}` },
  loadOne: (id, ctx) => loadSample(ctx, id),
  isTypeOf: (view: unknown) => typeof view === 'object' && view !== null && 'row' in view && 'job' in view,
  fields: (t) => ({
    index: t.int({ resolve: ({ row }) => row.index }),
    split: t.field({ type: SampleSplitEnum, resolve: ({ row }) => row.split }),
    parameters: t.field({
      type: 'Parameters',
      resolve: (view) => toParameters(view.job.strategy.parameterSpace, parametersOf(view)),
    }),
    features: t.floatList({
      description: "In the order of the model's featureNames; the parameters where there is no model.",
      resolve: (view) => view.features(parametersOf(view)),
    }),
    metrics: t.field({ type: MetricsType, resolve: figuresOf }),
    infeasible: t.string({
      nullable: true,
      description: 'Why the model does not learn from it; null where it does.',
      resolve: (view) => infeasible(figuresOf(view), view.job),
    }),
    objective: t.float({ nullable: true, resolve: ({ row }) => row.objective }),
    predicted: t.float({ nullable: true, description: "The model's own word.", resolve: ({ row }) => row.predicted }),
  }),
})

export const SampleConnection = builder.connectionObject({ type: SampleType, name: 'SampleConnection' })

/** One page of a job's samples. */
export async function samplePage(
  ctx: AppContext,
  job: TuningJobRow,
  filter: SampleFilter,
  order: SampleOrder,
  args: PageArguments,
) {
  const features = await featureReader(ctx, job)
  const list = new SampleList(ctx, job.id, filter, order)
  return page(args, {
    key: ({ row }: SampleView) => sampleKey(row, order),
    read: async (slice) => (await list.page(slice)).map((row) => ({ row, job, features })),
    count: () => list.count(),
  })
}

/** sample_<of the job>_<index> */
const SAMPLE_ID = /^sample_([0-9a-f]{32})_(0|[1-9]\d{0,8})$/

async function loadSample(ctx: AppContext, id: string): Promise<SampleView | null> {
  const [, jobId, index] = SAMPLE_ID.exec(id) ?? []
  const job = jobId ? await findTuningJob(ctx, `job_${jobId}`) : null
  const row = job && (await findSample(ctx.db, job.id, Number(index)))
  return row ? { row, job, features: await featureReader(ctx, job) } : null
}

/** How the features of a sample are computed from its parameters, as the job's model takes them. */
async function featureReader(ctx: AppContext, job: TuningJobRow): Promise<SampleView['features']> {
  const model = job.modelId ? await findModel(ctx, job.modelId) : null
  if (!model) return (parameters) => [...parameters]
  const set = featureSet(compileStrategy(model.strategy), model.features)
  const columns = model.featureNames.map((name) => set.features.findIndex((feature) => feature.name === name))
  return (parameters) => {
    const { values } = set.matrix(parameters)
    return columns.map((column) => values[column])
  }
}

function figuresOf({ row, job }: SampleView): Metrics {
  return metricsOf(row.values.subarray(job.strategy.parameterSpace.length))
}

function infeasible(metrics: Metrics, job: TuningJobRow): string | null {
  if (isBeyondNumbers(metrics)) return BEYOND_NUMBERS
  const [trades, enough] = [metrics.tradeCount!, minTrades(job)]
  if (trades < enough) return `It made ${trades} trades; ${enough} are needed to tell.`
  return objectiveValue(job.objective, metrics) === null ? `Its ${job.objective} is not defined.` : null
}

function parametersOf({ row, job }: SampleView): Float64Array {
  return row.values.subarray(0, job.strategy.parameterSpace.length)
}
