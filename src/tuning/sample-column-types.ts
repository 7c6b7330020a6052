import { builder } from '../graphql/builder.ts'
import { SampleSplitEnum } from './input-types.ts'
import { metricColumn, type SamplePart } from './sample-columns.ts'

export const SampleColumnsType = builder.objectRef<SamplePart>('SampleColumns').implement({
  description: 'Samples column by column, in the order in which they were drawn. NaN = not defined.',
  fields: (t) => ({
    totalCount: t.exposeInt('totalCount', { description: 'Of all samples of the job.' }),
    count: t.exposeInt('count', { description: 'Of those that are here.' }),
    parameterNames: t.exposeStringList('parameterNames'),
    parameters: t.field({
      type: 'Float64Base64',
      description: 'Row by row, in the order of parameterNames.',
      resolve: (columns) => columns.parameters,
    }),
    split: t.field({ type: [SampleSplitEnum], resolve: (columns) => columns.split }),
    objective: t.field({ type: 'Float64Base64', resolve: (columns) => columns.objective }),
    predicted: t.field({ type: 'Float64Base64', resolve: (columns) => columns.predicted }),
    metric: t.field({
      type: 'Float64Base64',
      description: 'One of the fields of Metrics, such as "roi".',
      args: { name: t.arg.string({ required: true }) },
      resolve: (columns, { name }) => metricColumn(columns, name),
    }),
  }),
})
