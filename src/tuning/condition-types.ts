import { builder } from '../graphql/builder.ts'
import { FitScoresType } from '../models/schema.ts'
import type { Condition } from './conditions.ts'
import type { MarketConditions } from './market-conditions.ts'
import { FeatureImportanceType } from './result-types.ts'

const ConditionType = builder.objectRef<Condition>('Condition').implement({
  description:
    'The windows in which a figure of the market or of the calendar lies within bounds, and what was earned there. One of many looks at the same past: a difference of two standard errors is to be expected here and there.',
  fields: (t) => ({
    feature: t.exposeString('feature', {
      description:
        'market.volatility, market.trend_strength, market.rising_volume, market.relative_volume: a third of the windows each; time.hour (0..24), time.weekday (1 = Monday), time.month (1..12), UTC.',
    }),
    low: t.exposeFloat('low', { description: 'Smallest value of the figure, inclusive.' }),
    high: t.exposeFloat('high', { description: 'Largest value of the figure, inclusive.' }),
    windows: t.exposeInt('windows'),
    meanReturn: t.exposeFloat('meanReturn', {
      description: 'Of a window, over the samples, as a fraction of the equity.',
    }),
    bestReturn: t.exposeFloat('bestReturn', {
      nullable: true,
      description: 'Of a window, of the first candidate; null where there is none.',
    }),
    bestStandardError: t.exposeFloat('bestStandardError', { nullable: true }),
  }),
})

export const MarketConditionsType = builder.objectRef<MarketConditions>('MarketConditions').implement({
  description:
    'Under which conditions samples earned: a model of their returns in short windows of the training period, by parameters, by what the market did in the window, and by when that was. It explains; the model that searches and predicts knows nothing of it.',
  fields: (t) => ({
    windowMs: t.exposeFloat('windowMs'),
    windows: t.exposeInt('windows'),
    samples: t.exposeInt('samples', { description: 'Whose windows were learned from, some of all.' }),
    validation: t.field({
      type: FitScoresType,
      description: 'Of window returns of samples that this model has not seen, in windows that it knows from others.',
      resolve: ({ validation }) => validation,
    }),
    unseenTimesR2: t.exposeFloat('unseenTimesR2', {
      nullable: true,
      description:
        'R² of window returns in stretches of time that were left out. Far below the R² of validation: the conditions were learned by heart.',
    }),
    importance: t.field({
      type: [FeatureImportanceType],
      description: 'Of all features that this model has learned from, in the order of its columns, on unseen samples.',
      resolve: ({ importance }) => importance,
    }),
    conditions: t.field({ type: [ConditionType], resolve: ({ conditions }) => conditions }),
  }),
})
