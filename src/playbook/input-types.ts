import { SideEnum } from '../backtest/schema.ts'
import { builder } from '../graphql/builder.ts'
import { RegimeEnum } from '../market/schema.ts'
import { APPROVAL_MODES } from './decide.ts'
import { PlaybookParameterEnum, RiskLevelEnum } from './play-types.ts'

const StrategyWeightInput = builder.inputType('StrategyWeightInput', {
  fields: (t) => ({ strategy: t.string({ required: true }), weight: t.float({ required: true }) }),
})

export const RegimePlayInput = builder.inputType('RegimePlayInput', {
  fields: (t) => ({
    regime: t.field({ type: RegimeEnum, required: true }),
    leverage: t.float({ required: true }),
    riskRewardRatio: t.float({ required: true }),
    confidenceThreshold: t.float({ required: true }),
    stopLoss: t.float(),
    takeProfit: t.float(),
    strategyWeights: t.field({ type: [StrategyWeightInput], description: 'They add up to 1.' }),
  }),
})

const ParameterBoundsInput = builder.inputType('ParameterBoundsInput', {
  fields: (t) => ({
    parameter: t.field({ type: PlaybookParameterEnum, required: true }),
    min: t.float({ required: true }),
    max: t.float({ required: true }),
  }),
})

export const TuningSettingsInput = builder.inputType('TuningSettingsInput', {
  description: 'What is left out stays as it is.',
  fields: (t) => ({
    minTradesForTuning: t.int({ description: 'At least 50.' }),
    lookbackDays: t.int(),
    confidenceThreshold: t.float(),
    maxParameterChange: t.float({ description: 'At most 0.3.' }),
    maxMonthlyChange: t.float(),
    retrainingFrequencyDays: t.int(),
    humanReviewRequired: t.boolean(),
    autoApplyRisk: t.field({ type: RiskLevelEnum }),
    reviewExpiryHours: t.int(),
    bounds: t.field({ type: [ParameterBoundsInput], description: 'Parameters that are not named keep theirs.' }),
  }),
})

export const TradeFilterInput = builder.inputType('TradeFilter', {
  fields: (t) => ({
    regime: t.field({ type: [RegimeEnum] }),
    strategy: t.stringList(),
    from: t.field({ type: 'DateTime', description: 'By exit time, inclusive.' }),
    to: t.field({ type: 'DateTime', description: 'By exit time, exclusive.' }),
  }),
})

export const TradeInputType = builder.inputType('TradeInput', {
  fields: (t) => ({
    externalId: t.string({ required: true, description: "The bot's own id: posting it again changes nothing." }),
    symbol: t.string({ required: true }),
    side: t.field({ type: SideEnum, required: true }),
    strategy: t.string({ required: true }),
    regime: t.field({
      type: RegimeEnum,
      description: "Computed from the market's candles where it is left out and there are any.",
    }),
    regimeAtExit: t.field({ type: RegimeEnum, description: 'The same.' }),
    confidence: t.float({ required: true, description: '0 to 100.' }),
    leverage: t.float({ required: true }),
    entryTime: t.field({ type: 'DateTime', required: true }),
    exitTime: t.field({ type: 'DateTime', required: true }),
    entryPrice: t.float({ required: true }),
    exitPrice: t.float({ required: true }),
    stopLoss: t.float({ description: 'Fraction of the entry price.' }),
    takeProfit: t.float({ description: 'Fraction of the entry price.' }),
    minPrice: t.float({ description: 'Lowest price while the trade was open.' }),
    maxPrice: t.float({ description: 'Highest price while the trade was open.' }),
    profitRatio: t.float({
      required: true,
      description: 'Profit over what was put in: 0.05 = 5 %, leverage included.',
    }),
    profitAbs: t.float({ required: true, description: 'Quote currency.' }),
    fees: t.float(),
    exitReason: t.string(),
  }),
})

export const ForecastInputType = builder.inputType('ForecastInput', {
  description: 'What a bot expected. Sent once more with its outcome, it is resolved.',
  fields: (t) => ({
    externalId: t.string({ required: true }),
    symbol: t.string({ required: true }),
    strategy: t.string(),
    regime: t.field({ type: RegimeEnum, required: true }),
    madeAt: t.field({ type: 'DateTime', required: true }),
    resolvedAt: t.field({ type: 'DateTime' }),
    confidence: t.float({ required: true, description: '0 to 100.' }),
    predictedDirection: t.field({ type: SideEnum, required: true }),
    actualDirection: t.field({ type: SideEnum }),
    predictedChange: t.float({ description: 'Fraction of the price.' }),
    actualChange: t.float({
      description:
        'How far the price went. With it, forecasts stand in for trades that no threshold in force let through.',
    }),
  }),
})

export const ApprovalModeEnum = builder.enumType('ApprovalMode', {
  values: {
    ALL: {},
    SAFE_ONLY: { description: 'Low risk only.' },
    SELECTED: { description: 'Those named in recommendationIds.' },
  } satisfies Record<(typeof APPROVAL_MODES)[number], object>,
})
