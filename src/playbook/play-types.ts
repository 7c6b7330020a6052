import { builder } from '../graphql/builder.ts'
import { RegimeEnum } from '../market/schema.ts'
import {
  PLAYBOOK_PARAMETERS,
  RISK_LEVELS,
  type ParameterBounds,
  type ParameterChange,
  type RegimePlay,
  type StrategyWeight,
} from './play.ts'
import type { TuningSettings } from './settings.ts'

export const PlaybookParameterEnum = builder.enumType('PlaybookParameter', { values: PLAYBOOK_PARAMETERS })
export const RiskLevelEnum = builder.enumType('RiskLevel', {
  description: 'How dangerous a change is. To raise risk is rated higher than to lower it by as much.',
  values: RISK_LEVELS,
})
export const ChangeOriginEnum = builder.enumType('ChangeOrigin', {
  values: {
    MANUAL: { description: 'Somebody edited it.' },
    REVIEW: { description: 'Somebody approved a review.' },
    AUTO: { description: 'Applied without a person, as the settings allow.' },
    ROLLBACK: { description: 'Somebody went back to an earlier version.' },
  },
})

const StrategyWeightType = builder.objectRef<StrategyWeight>('StrategyWeight').implement({
  fields: (t) => ({
    strategy: t.exposeString('strategy'),
    weight: t.exposeFloat('weight', { description: 'Weights of a regime add up to 1.' }),
  }),
})

const FRACTION = 'Fraction of the entry price: 0.02 = 2 %.'

export const RegimePlayType = builder.objectRef<RegimePlay>('RegimePlay').implement({
  description: 'What a bot trades by while a regime lasts.',
  fields: (t) => ({
    regime: t.field({ type: RegimeEnum, resolve: ({ regime }) => regime }),
    leverage: t.exposeFloat('leverage'),
    riskRewardRatio: t.exposeFloat('riskRewardRatio', { description: 'Average win over average loss to aim at.' }),
    confidenceThreshold: t.exposeFloat('confidenceThreshold', {
      description: '0 to 100: signals below it are not traded.',
    }),
    stopLoss: t.exposeFloat('stopLoss', { nullable: true, description: FRACTION }),
    takeProfit: t.exposeFloat('takeProfit', { nullable: true, description: FRACTION }),
    strategyWeights: t.field({ type: [StrategyWeightType], resolve: ({ strategyWeights }) => strategyWeights }),
  }),
})

const ParameterBoundsType = builder.objectRef<ParameterBounds>('ParameterBounds').implement({
  description: 'What a number may never leave, whoever changes it; the database refuses it too.',
  fields: (t) => ({
    parameter: t.field({ type: PlaybookParameterEnum, resolve: ({ parameter }) => parameter }),
    min: t.exposeFloat('min'),
    max: t.exposeFloat('max'),
  }),
})

export const TuningSettingsType = builder.objectRef<TuningSettings>('TuningSettings').implement({
  description: 'How a playbook may tune itself.',
  fields: (t) => ({
    minTradesForTuning: t.exposeInt('minTradesForTuning', { description: 'Fewer trades make an EMPTY review.' }),
    lookbackDays: t.exposeInt('lookbackDays', { description: 'Older trades are not looked at.' }),
    confidenceThreshold: t.exposeFloat('confidenceThreshold', {
      description: '0 to 1; recommendations below it are withheld.',
    }),
    maxParameterChange: t.exposeFloat('maxParameterChange', {
      description: '0.3: no parameter moves by more than 30 % in one review.',
    }),
    maxMonthlyChange: t.exposeFloat('maxMonthlyChange', {
      description: 'The same over the last 30 days, all reviews together.',
    }),
    retrainingFrequencyDays: t.exposeInt('retrainingFrequencyDays', {
      description: 'The playbook is reviewed every so many days.',
    }),
    humanReviewRequired: t.exposeBoolean('humanReviewRequired'),
    autoApplyRisk: t.field({
      type: RiskLevelEnum,
      description: 'Applied without a human where humanReviewRequired is false: this risk and below. Never HIGH.',
      resolve: ({ autoApplyRisk }) => autoApplyRisk,
    }),
    reviewExpiryHours: t.exposeInt('reviewExpiryHours'),
    bounds: t.field({ type: [ParameterBoundsType], resolve: ({ bounds }) => bounds }),
  }),
})

export const ParameterChangeType = builder.objectRef<ParameterChange>('ParameterChange').implement({
  description: 'One number that differs from the version before.',
  fields: (t) => ({
    regime: t.field({ type: RegimeEnum, resolve: ({ regime }) => regime }),
    parameter: t.field({ type: PlaybookParameterEnum, resolve: ({ parameter }) => parameter }),
    strategy: t.exposeString('strategy', { nullable: true, description: 'Whose weight it is.' }),
    before: t.exposeFloat('before'),
    after: t.exposeFloat('after'),
  }),
})
