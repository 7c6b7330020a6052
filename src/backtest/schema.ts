import { EXIT_REASONS, type ExecutionSettings, type TradeRecord } from '../engine/execution.ts'
import { ValidationError } from '../errors.ts'
import { builder } from '../graphql/builder.ts'
import { definitionOf, StrategyInput } from '../strategy/schema.ts'
import { BEYOND_NUMBERS, isBeyondNumbers, OBJECTIVES, type Metrics } from './metrics.ts'
import { runBacktest, type BacktestReport } from './service.ts'

export const MetricEnum = builder.enumType('Metric', {
  description: 'What a job can optimise. Higher is better, but for MAX_DRAWDOWN.',
  values: OBJECTIVES,
})

export const SideEnum = builder.enumType('Side', { values: ['LONG', 'SHORT'] as const })

const ExitReasonEnum = builder.enumType('ExitReason', {
  description: 'Why a position was closed. A stop and a target touched in one bar count as the stop.',
  values: EXIT_REASONS,
})

export const MetricsType = builder.objectRef<Metrics>('Metrics').implement({
  description: 'The figures of a backtest. One that is not defined for the sample is null, never a made-up number.',
  fields: (t) => {
    const optional = (name: keyof Metrics, description: string) =>
      t.float({ nullable: true, description, resolve: (metrics) => metrics[name] })
    // A figure that always has a value but for an equity beyond all numbers: then `undefinedBecause` says so.
    const always = (name: keyof Metrics, description: string, beyond = 0) =>
      t.float({ description, resolve: (metrics) => metrics[name] ?? beyond })
    return {
      undefinedBecause: t.string({
        nullable: true,
        description:
          'Why no figure but tradeCount counts; null where they do. Those that cannot be null are then the largest number there is, for money, and 0 for the rest.',
        resolve: (metrics) => (isBeyondNumbers(metrics) ? BEYOND_NUMBERS : null),
      }),
      roi: always('roi', 'Final equity over initial capital, minus 1: 0.085 is a gain of 8.5 %.', Number.MAX_VALUE),
      cagr: optional('cagr', 'The same as a yearly rate (365 days); null below 30 days.'),
      sharpeRatio: optional(
        'sharpeRatio',
        'Mean over standard deviation of the daily returns, times √365; risk-free rate 0. Null below 10 days.',
      ),
      sortinoRatio: optional('sortinoRatio', 'As the Sharpe ratio, against the downside deviation only.'),
      calmarRatio: optional('calmarRatio', 'cagr over maxDrawdown.'),
      maxDrawdown: always(
        'maxDrawdown',
        'Deepest fall from an equity peak, as a fraction of it: 0.25 = a quarter lost. Lower is better.',
      ),
      maxDrawdownDurationMs: always('maxDrawdownDurationMs', 'Longest time under a peak.'),
      winRate: optional('winRate', 'Share of trades that ended above zero, costs included.'),
      profitFactor: optional('profitFactor', 'Sum of wins over sum of losses; null without a losing trade.'),
      expectancy: optional('expectancy', 'Mean profit of a trade, as a fraction of the equity at entry.'),
      expectancyAbs: optional('expectancyAbs', 'Mean profit of a trade in quote currency.'),
      payoffRatio: optional('payoffRatio', 'Average win over average loss.'),
      sqn: optional('sqn', '√trades times mean over standard deviation of the profit ratios.'),
      exposure: always('exposure', 'Fraction of time in the market.'),
      volatility: optional('volatility', 'Standard deviation of the daily returns, times √365.'),
      tradeCount: t.int({ resolve: (metrics) => metrics.tradeCount! }),
      averageTradeDurationMs: optional('averageTradeDurationMs', 'From entry to exit.'),
      bestTrade: optional('bestTrade', 'Largest profit ratio.'),
      worstTrade: optional('worstTrade', 'Smallest profit ratio.'),
      feesPaid: always('feesPaid', 'In quote currency.', Number.MAX_VALUE),
      buyAndHoldRoi: always(
        'buyAndHoldRoi',
        'What buying at the first open and selling at the last close would have earned, costs included.',
      ),
      finalEquity: always('finalEquity', 'In quote currency, after the last position was closed.', Number.MAX_VALUE),
    }
  },
})

const BacktestTradeType = builder.objectRef<TradeRecord>('BacktestTrade').implement({
  description: 'One closed position.',
  fields: (t) => ({
    side: t.field({ type: SideEnum, resolve: (trade) => trade.side }),
    entryTime: t.field({ type: 'DateTime', resolve: (trade) => new Date(trade.entryTime) }),
    entryPrice: t.exposeFloat('entryPrice', { description: 'Slippage included.' }),
    exitTime: t.field({ type: 'DateTime', resolve: (trade) => new Date(trade.exitTime) }),
    exitPrice: t.exposeFloat('exitPrice', { description: 'Slippage included.' }),
    exitReason: t.field({ type: ExitReasonEnum, resolve: (trade) => trade.exitReason }),
    leverage: t.exposeFloat('leverage'),
    quantity: t.exposeFloat('quantity', { description: 'In base units.' }),
    fees: t.exposeFloat('fees', { description: 'In quote currency.' }),
    funding: t.exposeFloat('funding', { description: 'Paid in quote currency; negative where received.' }),
    profitRatio: t.exposeFloat('profitRatio', {
      description: 'Net of fees and slippage, as a fraction of the equity at entry.',
    }),
    profitAbs: t.exposeFloat('profitAbs', { description: 'Net, in quote currency.' }),
    maxAdverseExcursion: t.exposeFloat('maxAdverseExcursion', {
      description: 'Worst price seen while open, as a fraction of the entry price.',
    }),
    maxFavorableExcursion: t.exposeFloat('maxFavorableExcursion', {
      description: 'Best price seen while open, as a fraction of the entry price.',
    }),
  }),
})

/** Points of a curve in one answer. */
const MAX_POINTS = 10_000

interface EquityPoint {
  time: number
  equity: number
  drawdown: number
}

export const EquityPointType = builder.objectRef<EquityPoint>('EquityPoint').implement({
  fields: (t) => ({
    time: t.field({ type: 'DateTime', description: 'Close of the bar.', resolve: (point) => new Date(point.time) }),
    equity: t.exposeFloat('equity', { description: 'Cash plus what an open position is worth at the close.' }),
    drawdown: t.exposeFloat('drawdown', {
      description: 'Fall from the highest equity so far, as a positive fraction.',
    }),
  }),
})

export const BacktestType = builder.objectRef<BacktestReport>('Backtest').implement({
  description: 'One parameter set in full detail.',
  fields: (t) => ({
    parameters: t.field({ type: 'Parameters', resolve: (report) => report.parameters }),
    metrics: t.field({ type: MetricsType, resolve: (report) => report.metrics }),
    trades: t.field({ type: [BacktestTradeType], resolve: (report) => report.trades }),
    equity: t.field({
      type: [EquityPointType],
      description: 'The last point of each of at most maxPoints equal stretches.',
      args: { maxPoints: t.arg.int({ defaultValue: 1000, description: `1 to ${MAX_POINTS}.` }) },
      resolve: (report, { maxPoints }) => equityPoints(report, maxPoints ?? 1000),
    }),
    fingerprint: t.exposeString('fingerprint', {
      description: 'Hash of data, engine version, strategy, settings and parameters: equal hashes give equal bits.',
    }),
    durationMs: t.exposeFloat('durationMs'),
  }),
})

export const ExecutionSettingsType = builder.objectRef<ExecutionSettings>('ExecutionSettings').implement({
  description: 'How orders are filled and what they cost.',
  fields: (t) => ({
    initialCapital: t.exposeFloat('initialCapital'),
    feeRate: t.exposeFloat('feeRate', { description: 'Per side, as a fraction.' }),
    makerFeeRate: t.exposeFloat('makerFeeRate', {
      description: 'The same for take-profit exits, which rest in the book.',
    }),
    slippage: t.exposeFloat('slippage', {
      description: 'Fraction of the price, against us; not on take-profit exits.',
    }),
    leverage: t.exposeFloat('leverage'),
    positionFraction: t.exposeFloat('positionFraction', { description: 'Fraction of equity put into each position.' }),
    fundingRate: t.exposeFloat('fundingRate', { description: 'Per eight hours, as a fraction; 0 for spot.' }),
    fundingIntervalMs: t.exposeFloat('fundingIntervalMs'),
    maintenanceMarginRate: t.exposeFloat('maintenanceMarginRate'),
    riskPerTrade: t.exposeFloat('riskPerTrade', {
      description: 'Equity lost at the stop, at most; 0 = no such limit.',
    }),
  }),
})

export const ExecutionInput = builder.inputType('ExecutionInput', {
  description: 'How orders are filled and what they cost; what is left out takes its default.',
  fields: (t) => ({
    initialCapital: t.float({ defaultValue: 10_000 }),
    feeRate: t.float({ defaultValue: 0.001 }),
    makerFeeRate: t.float({ description: 'feeRate where not given.' }),
    slippage: t.float({ defaultValue: 0 }),
    leverage: t.float({ defaultValue: 1 }),
    positionFraction: t.float({ defaultValue: 1 }),
    fundingRate: t.float({ defaultValue: 0 }),
    fundingIntervalMs: t.float({ defaultValue: 28_800_000 }),
    maintenanceMarginRate: t.float({ defaultValue: 0.005 }),
    riskPerTrade: t.float({ defaultValue: 0 }),
  }),
})

const BacktestInputType = builder.inputType('BacktestInput', {
  fields: (t) => ({
    strategyId: t.id({ description: 'A stored strategy; this or strategy.' }),
    strategy: t.field({ type: StrategyInput, description: 'Rules that are not stored: to look before one saves.' }),
    marketId: t.id({ required: true }),
    timeframe: t.string({ description: "The market's own where not given; a coarser one is resampled." }),
    from: t.field({ type: 'DateTime', description: 'The whole market where not given.' }),
    to: t.field({ type: 'DateTime', description: 'Exclusive.' }),
    parameters: t.field({ type: 'Parameters', required: true }),
    execution: t.field({ type: ExecutionInput }),
  }),
})

builder.queryField('backtest', (t) =>
  t.field({
    type: BacktestType,
    authScopes: { role: 'VIEWER' },
    description:
      'One parameter set, in full detail. It counts as tried on its market (see Robustness.trialsEver), and changes nothing else.',
    args: { input: t.arg({ type: BacktestInputType, required: true }) },
    resolve: (_, { input: { strategy, ...input } }, ctx) =>
      runBacktest(ctx, { ...input, strategy: strategy && definitionOf(strategy) }),
  }),
)

function equityPoints({ equity, closeTime, execution }: BacktestReport, maxPoints: number): EquityPoint[] {
  if (maxPoints < 1 || maxPoints > MAX_POINTS) {
    throw ValidationError.at('maxPoints', `${maxPoints} is not a number of points; ask for 1 to ${MAX_POINTS}.`)
  }
  const points: EquityPoint[] = []
  const stretch = Math.max(1, Math.ceil(equity.length / maxPoints))
  let peak = execution.initialCapital
  for (let bar = 0; bar < equity.length; bar++) {
    peak = Math.max(peak, equity[bar])
    if ((bar + 1) % stretch !== 0 && bar !== equity.length - 1) continue
    points.push({ time: closeTime[bar], equity: equity[bar], drawdown: 1 - equity[bar] / peak })
  }
  return points
}
