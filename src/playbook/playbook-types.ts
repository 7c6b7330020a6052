import { SideEnum } from '../backtest/schema.ts'
import { builder } from '../graphql/builder.ts'
import { page } from '../graphql/connection.ts'
import { MarketType, RegimeEnum } from '../market/schema.ts'
import { findMarket } from '../market/service.ts'
import { IntervalType } from '../models/schema.ts'
import { StrategyType } from '../strategy/schema.ts'
import { findStrategy } from '../strategy/service.ts'
import type { Attribution, RegimeEffect } from './attribution.ts'
import { TradeFilterInput } from './input-types.ts'
import {
  countReviews,
  countVersions,
  findAttribution,
  findPendingReview,
  findPlaybook,
  findReview,
  findVersionById,
  listReviews,
  listVersions,
  versionId,
} from './list.ts'
import type { Performance, RegimePerformance, StrategyPerformance } from './performance.ts'
import { ChangeOriginEnum, ParameterChangeType, RegimePlayType, TuningSettingsType } from './play-types.ts'
import { newestModels } from './model-store.ts'
import { PlaybookModelType } from './model-type.ts'
import { PlaybookType } from './playbook-ref.ts'
import { playbookPerformance, type TuningKpis } from './results.ts'
import { ReviewStatusEnum, ReviewType } from './review-types.ts'
import type { PlaybookReviewRow, PlaybookTradeRow, PlaybookVersionRow } from './table.ts'
import { countTrades, findTrade, listTrades } from './trade-list.ts'
import { readPlays } from './version.ts'

const VerdictEnum = builder.enumType('AttributionVerdict', {
  description: 'p < 0.05 in regimes that hold 70 % of the later trades; else there is no evidence.',
  values: ['IMPROVED', 'NO_EVIDENCE', 'WORSENED'] as const,
})

const RegimeEffectType = builder.objectRef<RegimeEffect>('RegimeEffect').implement({
  fields: (t) => ({
    regime: t.field({ type: RegimeEnum, resolve: ({ regime }) => regime }),
    changed: t.exposeBoolean('changed', { description: 'Its numbers changed; if not, it is a control.' }),
    tradesBefore: t.exposeInt('tradesBefore'),
    tradesAfter: t.exposeInt('tradesAfter'),
    effect: t.exposeFloat('effect'),
    pValue: t.exposeFloat('pValue'),
    adjustedPValue: t.exposeFloat('adjustedPValue', {
      nullable: true,
      description: 'Holm, over the regimes that changed.',
    }),
  }),
})

const AttributionType = builder.objectRef<Attribution>('Attribution').implement({
  description:
    'Before and after a change, regime by regime, so that a change of market is not credited to it. Trades overlap in time: it is evidence, not proof.',
  fields: (t) => ({
    tradesBefore: t.exposeInt('tradesBefore'),
    tradesAfter: t.exposeInt('tradesAfter'),
    meanProfitBefore: t.exposeFloat('meanProfitBefore'),
    meanProfitAfter: t.exposeFloat('meanProfitAfter'),
    winRateBefore: t.exposeFloat('winRateBefore'),
    winRateAfter: t.exposeFloat('winRateAfter'),
    effect: t.exposeFloat('effect', { description: 'Change of the mean profit ratio, weighted by the later regimes.' }),
    interval: t.field({ type: IntervalType, resolve: ({ interval }) => interval }),
    verdict: t.field({ type: VerdictEnum, resolve: ({ verdict }) => verdict }),
    pValue: t.exposeFloat('pValue'),
    coverage: t.exposeFloat('coverage', {
      description: 'Share of the later trades in regimes with enough on both sides.',
    }),
    naiveDifference: t.exposeFloat('naiveDifference', { description: 'What a look at the plain means would say.' }),
    minimumDetectableEffect: t.exposeFloat('minimumDetectableEffect', {
      description: 'A smaller effect would probably not be found with so many trades.',
    }),
    againstControl: t.exposeFloat('againstControl', {
      nullable: true,
      description: 'Effect in the regimes that changed less that in those that did not.',
    }),
    byRegime: t.field({ type: [RegimeEffectType], resolve: ({ byRegime }) => byRegime }),
  }),
})

const VersionType = builder.objectRef<PlaybookVersionRow>('PlaybookVersion')
builder.node(VersionType, {
  authScopes: { role: 'VIEWER' },
  description: 'What a playbook said at some time. Versions are only ever added.',
  id: { resolve: versionId },
  loadOne: (id, ctx) => findVersionById(ctx, id),
  isTypeOf: (row) => typeof row === 'object' && row !== null && 'previousVersion' in row,
  fields: (t) => ({
    version: t.exposeInt('version'),
    regimes: t.field({
      type: [RegimePlayType],
      resolve: (row, _, ctx) => readPlays(ctx.db, row.playbookId, row.version),
    }),
    changes: t.field({ type: [ParameterChangeType], resolve: ({ changes }) => changes }),
    origin: t.field({ type: ChangeOriginEnum, resolve: ({ origin }) => origin }),
    restores: t.exposeInt('restores', { nullable: true, description: 'The version that a rollback went back to.' }),
    review: t.field({
      type: ReviewType,
      nullable: true,
      resolve: (row, _, ctx) => (row.reviewId === null ? null : findReview(ctx, row.reviewId)),
    }),
    author: t.exposeString('author'),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    attribution: t.field({
      type: AttributionType,
      nullable: true,
      description: 'What the change did to results since, against the version before; null until there is enough data.',
      resolve: async (row, _, ctx) => (await findAttribution(ctx, row))?.result ?? null,
    }),
  }),
})

const TradeType = builder.objectRef<PlaybookTradeRow>('Trade')
builder.node(TradeType, {
  authScopes: { role: 'VIEWER' },
  description: 'Trade memory: one closed trade of a live or paper bot.',
  id: { resolve: (row) => row.id },
  loadOne: (id, ctx) => findTrade(ctx, id),
  isTypeOf: (row) => typeof row === 'object' && row !== null && 'externalId' in row,
  fields: (t) => ({
    externalId: t.exposeString('externalId', { description: "The bot's own id: posting it again changes nothing." }),
    symbol: t.exposeString('symbol'),
    side: t.field({ type: SideEnum, resolve: ({ side }) => side }),
    strategy: t.exposeString('strategy'),
    regime: t.field({ type: RegimeEnum, resolve: ({ regime }) => regime }),
    regimeAtExit: t.field({ type: RegimeEnum, nullable: true, resolve: ({ regimeAtExit }) => regimeAtExit }),
    volatilityPercentile: t.exposeFloat('volatilityPercentile', {
      nullable: true,
      description: "0 to 1 at entry, from the market's candles.",
    }),
    confidence: t.exposeFloat('confidence', { description: '0 to 100.' }),
    leverage: t.exposeFloat('leverage'),
    entryTime: t.expose('entryTime', { type: 'DateTime' }),
    exitTime: t.expose('exitTime', { type: 'DateTime' }),
    entryPrice: t.exposeFloat('entryPrice'),
    exitPrice: t.exposeFloat('exitPrice'),
    stopLoss: t.exposeFloat('stopLoss', { nullable: true }),
    takeProfit: t.exposeFloat('takeProfit', { nullable: true }),
    minPrice: t.exposeFloat('minPrice', { nullable: true }),
    maxPrice: t.exposeFloat('maxPrice', { nullable: true }),
    profitRatio: t.exposeFloat('profitRatio'),
    profitAbs: t.exposeFloat('profitAbs'),
    fees: t.exposeFloat('fees', { nullable: true }),
    exitReason: t.exposeString('exitReason', { nullable: true }),
  }),
})

const RegimePerformanceType = builder.objectRef<RegimePerformance>('RegimePerformance').implement({
  fields: (t) => ({
    regime: t.field({ type: RegimeEnum, resolve: ({ regime }) => regime }),
    trades: t.exposeInt('trades'),
    profit: t.exposeFloat('profit'),
    winRate: t.exposeFloat('winRate', { nullable: true }),
    averageConfidence: t.exposeFloat('averageConfidence', { nullable: true }),
    forecastAccuracy: t.exposeFloat('forecastAccuracy', {
      nullable: true,
      description: 'Share of resolved forecasts with the right direction.',
    }),
    brierScore: t.exposeFloat('brierScore', {
      nullable: true,
      description: 'Mean squared error of the confidence: 0 is perfect, 0.25 a coin called at 50 %. Lower is better.',
    }),
  }),
})

const StrategyPerformanceType = builder.objectRef<StrategyPerformance>('StrategyPerformance').implement({
  fields: (t) => ({
    strategy: t.exposeString('strategy'),
    trades: t.exposeInt('trades'),
    profit: t.exposeFloat('profit'),
    winRate: t.exposeFloat('winRate', { nullable: true }),
  }),
})

const KpisType = builder.objectRef<TuningKpis>('TuningKpis').implement({
  description: 'How well the tuning itself works.',
  fields: (t) => ({
    reviews: t.exposeInt('reviews'),
    recommendations: t.exposeInt('recommendations'),
    acceptanceRate: t.exposeFloat('acceptanceRate', {
      nullable: true,
      description: 'Share of decided recommendations that were applied.',
    }),
    recommendationAccuracy: t.exposeFloat('recommendationAccuracy', {
      nullable: true,
      description: 'Share of applied, judged changes whose attribution is IMPROVED.',
    }),
    recommendationAccuracyInterval: t.field({
      type: IntervalType,
      nullable: true,
      description: 'Wilson.',
      resolve: (row) => row.recommendationAccuracyInterval,
    }),
    parameterStability: t.exposeFloat('parameterStability', {
      nullable: true,
      description: '0 to 1; 1 where successive reviews ask for the same values.',
    }),
    signFlips: t.exposeInt('signFlips', { description: 'How often a change went back on the one before.' }),
    averageDataQuality: t.exposeFloat('averageDataQuality', { nullable: true }),
    lastReviewAt: t.expose('lastReviewAt', { type: 'DateTime', nullable: true }),
  }),
})

const PerformanceType = builder.objectRef<Performance & { kpis: TuningKpis }>('PlaybookPerformance')
PerformanceType.implement({
  authScopes: { role: 'VIEWER' },
  description: "What a playbook's trades have brought.",
  fields: (t) => ({
    trades: t.exposeInt('trades'),
    profit: t.exposeFloat('profit', { description: 'Quote currency.' }),
    winRate: t.exposeFloat('winRate', { nullable: true }),
    profitFactor: t.exposeFloat('profitFactor', { nullable: true, description: 'Profits over losses.' }),
    sharpeRatio: t.exposeFloat('sharpeRatio', {
      nullable: true,
      description: 'Of daily sums of profit ratios, annualised by √365; null under 10 days.',
    }),
    maxDrawdown: t.exposeFloat('maxDrawdown', {
      description:
        'Of an account that puts everything into each trade, one after the other: 0.25 = a quarter lost from a peak.',
    }),
    byRegime: t.field({ type: [RegimePerformanceType], resolve: ({ byRegime }) => byRegime }),
    byStrategy: t.field({ type: [StrategyPerformanceType], resolve: ({ byStrategy }) => byStrategy }),
    kpis: t.field({ type: KpisType, resolve: ({ kpis }) => kpis }),
  }),
})

const VersionConnection = builder.connectionObject(
  { type: VersionType, name: 'PlaybookVersionConnection' },
  { name: 'PlaybookVersionEdge' },
)
const ReviewConnection = builder.connectionObject(
  { type: ReviewType, name: 'PlaybookReviewConnection' },
  { name: 'PlaybookReviewEdge' },
)
const TradeConnection = builder.connectionObject({ type: TradeType, name: 'TradeConnection' }, { name: 'TradeEdge' })

builder.node(PlaybookType, {
  authScopes: { role: ['VIEWER', 'BOT'] },
  description: 'What a bot trades by: parameters for each market regime, under version control.',
  id: { resolve: (row) => row.id },
  loadOne: (id, ctx) => findPlaybook(ctx, { id }),
  isTypeOf: (row) => typeof row === 'object' && row !== null && 'nextReviewAt' in row,
  fields: (t) => ({
    name: t.exposeString('name'),
    version: t.exposeInt('version'),
    regimes: t.field({ type: [RegimePlayType], resolve: (row, _, ctx) => readPlays(ctx.db, row.id, row.version) }),
    settings: t.field({ type: TuningSettingsType, resolve: ({ settings }) => settings }),
    strategy: t.field({
      type: StrategyType,
      nullable: true,
      description: 'With the market: what reviews backtest their changes on.',
      resolve: (row, _, ctx) => (row.strategyId === null ? null : findStrategy(ctx, row.strategyId)),
    }),
    market: t.field({
      type: MarketType,
      nullable: true,
      resolve: (row, _, ctx) => (row.marketId === null ? null : findMarket(ctx, row.marketId)),
    }),
    autoApplyStopped: t.exposeString('autoApplyStopped', {
      nullable: true,
      description: 'Why nothing is applied without a person any more, whatever the settings say.',
    }),
    nextReviewAt: t.expose('nextReviewAt', { type: 'DateTime' }),
    nextTrainingAt: t.expose('nextTrainingAt', { type: 'DateTime', description: 'When its models are trained anew.' }),
    models: t.field({
      type: [PlaybookModelType],
      description: 'The newest model of each optimizer that has had enough trades to learn from.',
      resolve: (row, _, ctx) => newestModels(ctx, row.id),
    }),
    versions: t.field({
      type: VersionConnection,
      description: 'Newest first.',
      args: { first: t.arg.int(), after: t.arg.string() },
      resolve: (row, args, ctx) =>
        page(args, {
          key: ({ version }: PlaybookVersionRow) => [version, String(version)],
          read: (slice) => listVersions(ctx, row.id, slice),
          count: () => countVersions(ctx, row.id),
        }),
    }),
    reviews: t.field({
      type: ReviewConnection,
      description: 'Newest first.',
      args: { first: t.arg.int(), after: t.arg.string(), status: t.arg({ type: [ReviewStatusEnum] }) },
      resolve: (row, { status, ...args }, ctx) =>
        page(args, {
          key: ({ createdAt, id }: PlaybookReviewRow) => [createdAt.toISOString(), id],
          read: (slice) => listReviews(ctx, row.id, status ?? null, slice),
          count: () => countReviews(ctx, row.id, status ?? null),
        }),
    }),
    pendingReview: t.field({
      type: ReviewType,
      nullable: true,
      resolve: (row, _, ctx) => findPendingReview(ctx, row.id),
    }),
    trades: t.field({
      type: TradeConnection,
      description: 'The last closed first.',
      args: { first: t.arg.int(), after: t.arg.string(), filter: t.arg({ type: TradeFilterInput }) },
      resolve: (row, { filter, ...args }, ctx) =>
        page(args, {
          key: ({ exitTime, id }: PlaybookTradeRow) => [exitTime.toISOString(), id],
          read: (slice) => listTrades(ctx, row.id, filter ?? {}, slice),
          count: () => countTrades(ctx, row.id, filter ?? {}),
        }),
    }),
    performance: t.field({
      type: PerformanceType,
      args: { from: t.arg({ type: 'DateTime' }), to: t.arg({ type: 'DateTime' }) },
      resolve: (row, period, ctx) => playbookPerformance(ctx, row.id, period),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime' }),
  }),
})
