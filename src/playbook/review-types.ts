import { builder } from '../graphql/builder.ts'
import { RegimeEnum } from '../market/schema.ts'
import { IntervalType } from '../models/schema.ts'
import type { TradeDataQuality } from './data-quality.ts'
import { findRecommendation, findReview, recommendationsOf } from './list.ts'
import { findPlaybookModel } from './model-store.ts'
import { fitFields, OptimizerEnum, PlaybookModelType } from './model-type.ts'
import { PlaybookParameterEnum, RiskLevelEnum } from './play-types.ts'
import { PlaybookType } from './playbook-ref.ts'
import type { BacktestCheck, BacktestFigures, DriftWarning, Evidence, ExpectedEffect, ModelScore } from './review.ts'
import type { PlaybookReviewRow, RecommendationRow, RecommendationStatus, ReviewStatus } from './table.ts'
import { getPlaybook } from './version.ts'

export const ReviewStatusEnum = builder.enumType('ReviewStatus', {
  values: {
    PENDING: { description: 'Waits for a decision.' },
    APPLIED: {},
    PARTIALLY_APPLIED: { description: 'Some recommendations were applied, the others rejected.' },
    REJECTED: {},
    EXPIRED: { description: 'Nobody decided in time, or the playbook was changed meanwhile.' },
    EMPTY: { description: 'Nothing to recommend, or too little data; the explanation says which.' },
  } satisfies Record<ReviewStatus, object>,
})

const RecommendationStatusEnum = builder.enumType('RecommendationStatus', {
  values: {
    PENDING: {},
    APPLIED: {},
    REJECTED: {},
    EXPIRED: {},
    ROLLED_BACK: { description: 'It was applied; the playbook went back to an earlier version since.' },
  } satisfies Record<RecommendationStatus, object>,
})

const QualityType = builder.objectRef<TradeDataQuality>('TradeDataQuality').implement({
  description: 'How far the trade log can be trusted, each 0 to 100.',
  fields: (t) => ({
    score: t.exposeFloat('score', { description: 'The weighted sum of the four below: 0.3, 0.3, 0.2, 0.2.' }),
    completeness: t.exposeFloat('completeness', { description: 'Share of required fields that make sense.' }),
    tradeCount: t.exposeFloat('tradeCount', { description: '100 from 200 trades on.' }),
    regimeDiversity: t.exposeFloat('regimeDiversity', { description: '100 where all five regimes are as frequent.' }),
    timeCoverage: t.exposeFloat('timeCoverage', { description: '100 for 30 days with a trade on each.' }),
  }),
})

const ModelScoreType = builder.objectRef<ModelScore>('PlaybookModelScore').implement({
  description: 'How well the model behind an optimizer predicts. One without skill has no say.',
  fields: (t) => ({
    optimizer: t.field({ type: OptimizerEnum, resolve: ({ optimizer }) => optimizer }),
    ...fitFields(t),
    model: t.field({
      type: PlaybookModelType,
      nullable: true,
      description: 'The stored model that was heard; null where there were too few trades to train one.',
      resolve: ({ modelId }, _, ctx) => (modelId ? findPlaybookModel(ctx, modelId) : null),
    }),
  }),
})

const EvidenceType = builder.objectRef<Evidence>('Evidence').implement({
  description: 'The trades that speak for a recommendation.',
  fields: (t) => ({
    trades: t.exposeInt('trades'),
    winRate: t.exposeFloat('winRate'),
    winRateInterval: t.field({ type: IntervalType, description: 'Wilson.', resolve: (row) => row.winRateInterval }),
    meanProfit: t.exposeFloat('meanProfit', { description: 'Mean profit ratio.' }),
    volatility: t.exposeFloat('volatility', { description: '0 to 1: mean volatility percentile at entry.' }),
    averageWin: t.exposeFloat('averageWin', { nullable: true }),
    averageLoss: t.exposeFloat('averageLoss', { nullable: true, description: 'As a positive number.' }),
    forecastAccuracy: t.exposeFloat('forecastAccuracy', { nullable: true, description: 'In the regime.' }),
    forecasts: t.int({
      description:
        'Resolved forecasts beside the trades: they stand in where no threshold in force let a trade through.',
      resolve: ({ forecasts }) => forecasts ?? 0, // older reviews have none
    }),
  }),
})

const ExpectedEffectType = builder.objectRef<ExpectedEffect>('ExpectedEffect').implement({
  description: 'The change replayed on the logged trades.',
  fields: (t) => ({
    metric: t.exposeString('metric'),
    before: t.exposeFloat('before'),
    after: t.exposeFloat('after'),
    interval: t.field({
      type: IntervalType,
      description: 'Of the difference after − before, by bootstrap.',
      resolve: ({ interval }) => interval,
    }),
  }),
})

const DriftWarningType = builder.objectRef<DriftWarning>('DriftWarning').implement({
  description: 'What the latest trades have not in common with those before them.',
  fields: (t) => ({
    feature: t.exposeString('feature'),
    stability: t.exposeFloat('stability', {
      nullable: true,
      description: 'Population stability index: from 0.1 on moderate, from 0.25 on major.',
    }),
    pValue: t.exposeFloat('pValue', { nullable: true, description: 'Kolmogorov-Smirnov.' }),
    message: t.exposeString('message'),
  }),
})

const BacktestFiguresType = builder.objectRef<BacktestFigures>('BacktestFigures').implement({
  fields: (t) => ({
    roi: t.exposeFloat('roi', { nullable: true }),
    sharpeRatio: t.exposeFloat('sharpeRatio', { nullable: true }),
    maxDrawdown: t.exposeFloat('maxDrawdown', { nullable: true }),
    tradeCount: t.exposeInt('tradeCount'),
  }),
})

const BacktestCheckType = builder.objectRef<BacktestCheck>('BacktestCheck').implement({
  description: "The playbook's strategy before and after the change, on the lookback period of its market.",
  fields: (t) => ({
    from: t.field({ type: 'DateTime', resolve: ({ from }) => new Date(from) }),
    to: t.field({ type: 'DateTime', resolve: ({ to }) => new Date(to) }),
    before: t.field({ type: BacktestFiguresType, resolve: ({ before }) => before }),
    after: t.field({ type: BacktestFiguresType, resolve: ({ after }) => after }),
    note: t.exposeString('note', { description: 'What of the change a backtest can show.' }),
  }),
})

export const ReviewType = builder.objectRef<PlaybookReviewRow>('PlaybookReview')
const RecommendationType = builder.objectRef<RecommendationRow>('Recommendation')

builder.node(ReviewType, {
  authScopes: { role: 'VIEWER' },
  description: 'One tuning session of a playbook: what its trades recommend, waiting for a decision.',
  id: { resolve: (row) => row.id },
  loadOne: (id, ctx) => findReview(ctx, id),
  isTypeOf: (row) => typeof row === 'object' && row !== null && 'baseVersion' in row,
  fields: (t) => ({
    playbook: t.field({ type: PlaybookType, resolve: (row, _, ctx) => getPlaybook(ctx, row.playbookId) }),
    baseVersion: t.exposeInt('baseVersion', { description: 'The version the recommendations start from.' }),
    status: t.field({ type: ReviewStatusEnum, resolve: ({ status }) => status }),
    recommendations: t.field({
      type: [RecommendationType],
      resolve: (row, _, ctx) => recommendationsOf(ctx, row.id),
    }),
    revision: t.exposeInt('revision', { description: 'Grows with every change of the review.' }),
    dataQuality: t.field({ type: QualityType, resolve: ({ dataQuality }) => dataQuality }),
    models: t.field({ type: [ModelScoreType], resolve: ({ models }) => models }),
    tradesAnalysed: t.exposeInt('tradesAnalysed'),
    explanation: t.exposeString('explanation', {
      description: 'What is recommended and what was not, and why, in plain sentences.',
    }),
    driftWarnings: t.field({ type: [DriftWarningType], resolve: ({ drift }) => drift }),
    backtestCheck: t.field({
      type: BacktestCheckType,
      nullable: true,
      description: 'Where the playbook names a strategy and a market.',
      resolve: ({ backtestCheck }) => backtestCheck,
    }),
    rollbackTo: t.exposeInt('rollbackTo', {
      nullable: true,
      description: 'The review proposes to go back to this version, because the one in force made results worse.',
    }),
    requestedBy: t.exposeString('requestedBy'),
    decidedBy: t.exposeString('decidedBy', { nullable: true }),
    reason: t.exposeString('reason', { nullable: true, description: 'Why it was rejected.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: "By the database's clock." }),
    decidedAt: t.expose('decidedAt', { type: 'DateTime', nullable: true }),
  }),
})

builder.node(RecommendationType, {
  authScopes: { role: 'VIEWER' },
  description: 'One number of a playbook that should be another.',
  id: { resolve: (row) => row.id },
  loadOne: (id, ctx) => findRecommendation(ctx, id),
  isTypeOf: (row) => typeof row === 'object' && row !== null && 'recommended' in row,
  fields: (t) => ({
    review: t.field({ type: ReviewType, resolve: async (row, _, ctx) => (await findReview(ctx, row.reviewId))! }),
    regime: t.field({ type: RegimeEnum, resolve: ({ regime }) => regime }),
    parameter: t.field({ type: PlaybookParameterEnum, resolve: ({ parameter }) => parameter }),
    strategy: t.exposeString('strategy', {
      nullable: true,
      description: 'Whose weight it is. The weights of a regime are applied together.',
    }),
    current: t.exposeFloat('current'),
    recommended: t.exposeFloat('recommended'),
    change: t.exposeFloat('change', { description: 'Relative, signed.' }),
    risk: t.field({ type: RiskLevelEnum, resolve: ({ risk }) => risk }),
    confidence: t.exposeFloat('confidence', {
      description:
        '0 to 100: how clearly resamples of the trades point the same way, as far as the data can be trusted.',
    }),
    status: t.field({ type: RecommendationStatusEnum, resolve: ({ status }) => status }),
    rationale: t.exposeString('rationale', { description: 'Why, in a plain sentence.' }),
    evidence: t.field({ type: EvidenceType, resolve: ({ evidence }) => evidence }),
    expectedEffect: t.field({
      type: ExpectedEffectType,
      nullable: true,
      description: 'Null where the log cannot show it.',
      resolve: ({ expectedEffect }) => expectedEffect,
    }),
  }),
})
