import type { ExecutionFragment, JobSettingsQuery } from '../../generated/graphql.ts'

/** A number of the job that is typed into an optional field. */
interface MoneyField<Name extends string> {
  name: Name
  label: string
  hint: string
  /** A fraction, typed as per cent. */
  isShare: boolean
  unit?: string
}

export type CostName = Exclude<keyof ExecutionFragment, '__typename' | 'fundingIntervalMs'>
export type LimitName = Exclude<keyof NonNullable<JobSettingsQuery['tuningJob']>['riskLimits'], '__typename'>

/** How orders are filled and what they cost; `usual` is the API's default. */
export const COSTS: readonly (MoneyField<CostName> & { usual: number | null })[] = [
  { name: 'initialCapital', label: 'Initial capital', hint: 'In quote currency', isShare: false, usual: 10_000 },
  { name: 'feeRate', label: 'Fee a side', hint: 'Of the traded amount', isShare: true, usual: 0.001 },
  {
    name: 'makerFeeRate',
    label: 'Fee of take-profit exits',
    hint: 'They rest in the book; the fee above where empty',
    isShare: true,
    usual: null,
  },
  { name: 'slippage', label: 'Slippage', hint: 'Of the price, against us', isShare: true, usual: 0 },
  { name: 'leverage', label: 'Leverage', hint: '1 is without', isShare: false, unit: '×', usual: 1 },
  { name: 'positionFraction', label: 'Equity in each position', hint: '100 % puts in all', isShare: true, usual: 1 },
  {
    name: 'riskPerTrade',
    label: 'Risk per trade',
    hint: 'Lost at the stop, at most; 0 is no limit',
    isShare: true,
    usual: 0,
  },
  { name: 'fundingRate', label: 'Funding', hint: 'Every eight hours; 0 for spot', isShare: true, usual: 0 },
  {
    name: 'maintenanceMarginRate',
    label: 'Maintenance margin',
    hint: 'Decides when a position is liquidated',
    isShare: true,
    usual: 0.005,
  },
]

/** What a candidate must keep in sample; none where empty. */
export const LIMITS: readonly MoneyField<LimitName>[] = [
  { name: 'maxDrawdown', label: 'Max. drawdown', hint: 'Not deeper than this', isShare: true },
  { name: 'minTrades', label: 'Trades', hint: 'At least so many', isShare: false },
  { name: 'minWinRate', label: 'Win rate', hint: 'At least this', isShare: true },
  { name: 'minProfitFactor', label: 'Profit factor', hint: 'At least this', isShare: false },
]
