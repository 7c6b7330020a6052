import { MetricsType } from '../backtest/schema.ts'
import type { FanPoint, MonteCarlo, Quantiles } from '../evidence/monte-carlo.ts'
import { builder } from '../graphql/builder.ts'
import type { Stress } from './monte-carlo.ts'
import { PeriodType } from './period-type.ts'
import type { Provenance } from './provenance.ts'
import type { Robustness } from './robustness.ts'
import type { StitchedResult, WalkForward, WalkForwardWindow } from './walk-forward.ts'

export const RobustnessType = builder.objectRef<Robustness>('Robustness').implement({
  description: 'Whether the choice of the best could be luck. Null = not defined for so little data.',
  fields: (t) => ({
    probabilityOfOverfitting: t.exposeFloat('probabilityOfOverfitting', {
      nullable: true,
      description:
        'Probability of backtest overfitting by combinatorially symmetric cross-validation: how often the best of one half of the days is no better than the median in the other. 0..1, lower is better; above 0.5 the selection is noise.',
    }),
    probabilityOfLoss: t.exposeFloat('probabilityOfLoss', {
      nullable: true,
      description: 'How often that best loses in the other half. 0..1, lower is better.',
    }),
    degradation: t.exposeFloat('degradation', {
      nullable: true,
      description:
        'Slope of the Sharpe ratio in the other half on that in the chosen half; below 0, better is worse later.',
    }),
    deflatedSharpeRatio: t.exposeFloat('deflatedSharpeRatio', {
      nullable: true,
      description:
        'Probability that the Sharpe ratio of the chosen set, in sample, is more than the best of all trials gives by chance. 0..1, from 0.95 significant.',
    }),
    probabilisticSharpeRatio: t.exposeFloat('probabilisticSharpeRatio', {
      nullable: true,
      description: 'Probability that its true Sharpe ratio is above 0, were it the only trial. 0..1.',
    }),
    effectiveTrials: t.exposeFloat('effectiveTrials', {
      description: 'trialsEver, less what is alike: ρ + (1 − ρ) n by the mean correlation of the daily returns.',
    }),
    minimumTrackRecord: t.exposeFloat('minimumTrackRecord', {
      nullable: true,
      description: 'Days of returns after which this Sharpe ratio would be above 0 with 95 % confidence.',
    }),
    minimumBacktestYears: t.exposeFloat('minimumBacktestYears', {
      nullable: true,
      description: 'Years of data below which the best Sharpe ratio is what chance gives for this number of trials.',
    }),
    superiorPredictiveAbility: t.exposeFloat('superiorPredictiveAbility', {
      nullable: true,
      description:
        "p of Hansen's test: probability of a lead over doing nothing as large as the best one's, with no configuration worth anything.",
    }),
    realityCheck: t.exposeFloat('realityCheck', { nullable: true, description: "The same by White's test." }),
    trialsEver: t.exposeInt('trialsEver', {
      description:
        'Parameter sets ever tried on this market, up to this job: samples of all jobs, deleted ones too, what searches have backtested, single backtests and verified predictions. The same set counts once, and so do jobs of the same design.',
    }),
    oosUses: t.exposeInt('oosUses', {
      description: 'Jobs whose results were judged on candles of this test period, this one with them.',
    }),
    configurations: t.exposeInt('configurations', {
      description: 'Compared by their daily returns: all samples, or a seeded part of a thousand, and the chosen set.',
    }),
    plateau: t.exposeFloat('plateau', {
      nullable: true,
      description:
        '0.1 quantile of the objective of 64 real backtests within 10 % of each range around the chosen set.',
    }),
    plateauScore: t.exposeFloat('plateauScore', {
      nullable: true,
      description: '0..100: how much of the lead over the median sample stays when the parameters move a little.',
    }),
    onBoundary: t.exposeStringList('onBoundary', {
      description: 'Parameters whose chosen value stands on a bound of its range: better ones may lie outside.',
    }),
    placeboPercentile: t.exposeFloat('placeboPercentile', {
      nullable: true,
      description:
        'Share of placebo tunings, on permuted markets without structure, that the best result beats. Null where they are switched off.',
    }),
    placeboPValue: t.exposeFloat('placeboPValue', {
      nullable: true,
      description: 'Probability of so good a best result on a market without structure: (1 + as good) / (1 + runs).',
    }),
    placeboRuns: t.exposeInt('placeboRuns', { description: '0 where they are switched off.' }),
  }),
})

export const ProvenanceType = builder.objectRef<Provenance>('Provenance').implement({
  description: 'What a result was made of, beside the settings of its job.',
  fields: (t) => ({
    dataHash: t.exposeString('dataHash', {
      description: 'SHA-256 over the candles of both periods and of the warm-up before them.',
    }),
    engineVersion: t.exposeString('engineVersion', { description: 'Of the compute kernels.' }),
    candles: t.exposeInt('candles'),
  }),
})

const WalkForwardWindowType = builder.objectRef<WalkForwardWindow>('WalkForwardWindow').implement({
  fields: (t) => ({
    training: t.field({ type: PeriodType, resolve: (window) => window.training }),
    test: t.field({ type: PeriodType, resolve: (window) => window.test }),
    parameters: t.field({
      type: 'Parameters',
      description: 'The best of all samples over the training part of this window.',
      resolve: (window) => window.parameters,
    }),
    inSample: t.field({ type: MetricsType, resolve: (window) => window.inSample }),
    outOfSample: t.field({ type: MetricsType, resolve: (window) => window.outOfSample }),
  }),
})

const StitchedPointType = builder.objectRef<StitchedResult['equity'][number]>('StitchedEquityPoint').implement({
  fields: (t) => ({
    time: t.field({ type: 'DateTime', resolve: (point) => new Date(point.time) }),
    equity: t.exposeFloat('equity', { description: 'Relative to a start of 1.' }),
    drawdown: t.exposeFloat('drawdown', { description: 'From the highest close so far, as a fraction of it.' }),
  }),
})

const StitchedType = builder.objectRef<StitchedResult>('StitchedWalkForward').implement({
  description: 'The test windows one after the other: what re-tuning at regular times would have earned.',
  fields: (t) => ({
    roi: t.exposeFloat('roi'),
    maxDrawdown: t.exposeFloat('maxDrawdown', { description: 'At closes, as a fraction of the peak.' }),
    sharpeRatio: t.exposeFloat('sharpeRatio', { nullable: true, description: 'Of daily returns, annualised by √365.' }),
    equity: t.field({
      type: [StitchedPointType],
      description: 'At the ends of days.',
      resolve: (stitched) => stitched.equity,
    }),
  }),
})

const ParameterDriftType = builder.objectRef<WalkForward['drift'][number]>('ParameterDrift').implement({
  fields: (t) => ({
    parameter: t.exposeString('parameter'),
    drift: t.exposeFloat('drift', {
      nullable: true,
      description:
        'Standard deviation of the chosen values as a share of the range; near 0.3 the choice is as good as random.',
    }),
  }),
})

export const WalkForwardType = builder.objectRef<WalkForward>('WalkForward').implement({
  description:
    'Tune on a stretch of the training period, trade what follows, move on: parameters are chosen anew in each window.',
  fields: (t) => ({
    anchored: t.exposeBoolean('anchored', { description: 'Whether every training starts where the period does.' }),
    chosenBy: t.exposeString('chosenBy', {
      description: "The job's objective; ROI where the windows are too short for it.",
    }),
    efficiency: t.exposeFloat('efficiency', {
      nullable: true,
      description:
        'Mean out-of-sample over mean in-sample objective (ROI: a year); from 0.5 it is usually called good.',
    }),
    profitableShare: t.exposeFloat('profitableShare', {
      nullable: true,
      description: 'Share of all windows that end with a gain; skipped ones have not gained.',
    }),
    skipped: t.exposeInt('skipped', { description: 'Windows in which no sample traded enough to be chosen.' }),
    windows: t.field({ type: [WalkForwardWindowType], resolve: (walk) => walk.windows }),
    stitched: t.field({ type: StitchedType, nullable: true, resolve: (walk) => walk.stitched }),
    drift: t.field({ type: [ParameterDriftType], resolve: (walk) => walk.drift }),
  }),
})

const QuantilesType = builder.objectRef<Quantiles>('Quantiles').implement({
  fields: (t) => ({
    p05: t.exposeFloat('p05'),
    p25: t.exposeFloat('p25'),
    p50: t.exposeFloat('p50'),
    p75: t.exposeFloat('p75'),
    p95: t.exposeFloat('p95'),
  }),
})

const FanPointType = builder.objectRef<FanPoint>('FanPoint').implement({
  description: 'Where the runs stand after a share of their way: equity as a multiple of the beginning.',
  fields: (t) => ({
    share: t.exposeFloat('share', { description: '0..1' }),
    p05: t.exposeFloat('p05'),
    p25: t.exposeFloat('p25'),
    p50: t.exposeFloat('p50'),
    p75: t.exposeFloat('p75'),
    p95: t.exposeFloat('p95'),
  }),
})

export const MonteCarloType = builder.objectRef<MonteCarlo>('MonteCarlo').implement({
  description: 'What the chosen parameters might as well have made out of sample.',
  fields: (t) => ({
    runs: t.exposeInt('runs'),
    method: t.exposeString('method', {
      description:
        'SHUFFLE: the same trades in random order. BOOTSTRAP: trades drawn with replacement. SKIP: each trade missed with 10 %. STATIONARY_BLOCK: daily returns in blocks. PARAMETER_JITTER: real backtests within 5 % of each range. COST_STRESS: trades at double costs, drawn with replacement. SHUFFLE, BOOTSTRAP and COST_STRESS take trades for independent of each other.',
    }),
    roi: t.field({ type: QuantilesType, resolve: (monteCarlo) => monteCarlo.roi }),
    maxDrawdown: t.field({ type: QuantilesType, resolve: (monteCarlo) => monteCarlo.maxDrawdown }),
    sharpeRatio: t.field({
      type: QuantilesType,
      description: 'Annualised; of trades in the methods that draw trades.',
      resolve: (monteCarlo) => monteCarlo.sharpeRatio!,
    }),
    probabilityOfLoss: t.exposeFloat('probabilityOfLoss', {
      description: 'Share of runs that end below the initial capital.',
    }),
    fan: t.field({
      type: [FanPointType],
      description:
        'Quantiles of the equity along the way of all runs. Empty for PARAMETER_JITTER, and for jobs that finished before there were fans.',
      resolve: ({ fan }) => fan ?? [],
    }),
  }),
})

const StressPeriodEnum = builder.enumType('StressPeriod', { values: ['IN_SAMPLE', 'OUT_OF_SAMPLE'] as const })

export const StressType = builder.objectRef<Stress>('StressTest').implement({
  description: 'The chosen parameters over one period under less, or more, favourable assumptions.',
  fields: (t) => ({
    period: t.field({ type: StressPeriodEnum, resolve: (stress) => stress.period }),
    doubleCosts: t.field({
      type: MetricsType,
      description: 'With twice the fees and twice the slippage.',
      resolve: (stress) => stress.doubleCosts,
    }),
    ambiguous: t.exposeInt('ambiguous', {
      description: 'Trades stopped in a bar that reached the target too: candles do not tell which came first.',
    }),
    roiStopFirst: t.exposeFloat('roiStopFirst', { description: 'As backtested: the stop comes first.' }),
    roiTargetFirst: t.exposeFloat('roiTargetFirst', { description: 'The same trades with the target first.' }),
  }),
})
