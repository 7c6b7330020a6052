import { builder } from '../graphql/builder.ts'

export const PeriodType = builder.objectRef<{ from: number; to: number }>('Period').implement({
  description: 'Half-open: from ≤ open time < to.',
  fields: (t) => ({
    from: t.field({ type: 'DateTime', resolve: (period) => new Date(period.from) }),
    to: t.field({ type: 'DateTime', resolve: (period) => new Date(period.to) }),
  }),
})
