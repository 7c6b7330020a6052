import { DEFAULT_EXECUTION, type ExecutionSettings } from '../engine/execution.ts'
import type { FieldError } from '../errors.ts'

/** What a caller may set; the rest is the default. */
export type ExecutionInput = { [K in keyof ExecutionSettings]?: number | null | undefined }

/** What each setting may be: [low, high], and whether low itself is allowed. */
const RANGES: Record<keyof ExecutionSettings, { low: number; high: number; lowAllowed: boolean; hint: string }> = {
  initialCapital: { low: 0, high: 1e12, lowAllowed: false, hint: 'in quote currency' },
  feeRate: { low: 0, high: 0.1, lowAllowed: true, hint: '0.001 is 0.1 % a side' },
  makerFeeRate: { low: -0.01, high: 0.1, lowAllowed: true, hint: '0.001 is 0.1 % a side' },
  slippage: { low: 0, high: 0.1, lowAllowed: true, hint: '0.0005 is 0.05 % of the price' },
  leverage: { low: 1, high: 125, lowAllowed: true, hint: '1 is without leverage' },
  positionFraction: { low: 0, high: 1, lowAllowed: false, hint: '1 puts the whole equity into each position' },
  fundingRate: { low: -0.05, high: 0.05, lowAllowed: true, hint: '0.0001 is 0.01 % every eight hours' },
  fundingIntervalMs: { low: 60_000, high: 86_400_000, lowAllowed: true, hint: '28800000 is eight hours' },
  maintenanceMarginRate: { low: 0, high: 0.5, lowAllowed: true, hint: '0.005 is 0.5 %' },
  riskPerTrade: { low: 0, high: 1, lowAllowed: true, hint: '0.01 risks 1 % of the equity; 0 is off' },
}

/**
 * Fill in the defaults and check the ranges.
 *
 * @param problems every setting out of its range is added to it
 */
export function executionSettings(input: ExecutionInput | null | undefined, problems: FieldError[]): ExecutionSettings {
  const settings: ExecutionSettings = { ...DEFAULT_EXECUTION }
  for (const [name, range] of Object.entries(RANGES) as [keyof ExecutionSettings, (typeof RANGES)['feeRate']][]) {
    const value = input?.[name]
    if (value === undefined || value === null) continue
    if (!(range.lowAllowed ? value >= range.low : value > range.low) || value > range.high) {
      const from = range.lowAllowed ? `from ${range.low}` : `above ${range.low}`
      problems.push({
        path: ['execution', name],
        message: `${value} is not allowed: ${from} up to ${range.high} (${range.hint}).`,
      })
    }
    settings[name] = value
  }
  if (input?.makerFeeRate === undefined || input.makerFeeRate === null) settings.makerFeeRate = settings.feeRate
  return settings
}
