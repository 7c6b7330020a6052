import type { AppContext } from '../context.ts'
import { REGIME_SETTINGS, regimeSpans, regimeWarmup, type Regimes, type RegimeSpan } from './regimes.ts'
import { loadCandles } from './service.ts'
import type { MarketRow } from './table.ts'
import { parseTimeframe, TIMEFRAMES, type Timeframe } from './timeframe.ts'

/** The bar length on which regimes are told where nobody asks for another. */
const USUAL: Timeframe = '1h'

/** @returns an hour, or the market's own length where that is longer or does not divide an hour */
export function regimeTimeframe({ timeframe }: MarketRow): Timeframe {
  const own = parseTimeframe(timeframe)
  return TIMEFRAMES[USUAL] % TIMEFRAMES[own] === 0 ? USUAL : own
}

/** Bars in front of a period: by then the smoothed indicators have forgotten where they began. */
export const REGIME_LEAD_BARS = 2 * regimeWarmup(REGIME_SETTINGS)

/** The regimes at the close of each bar, computed in a compute thread. */
export function classifyInThread(
  ctx: AppContext,
  candles: Awaited<ReturnType<typeof loadCandles>>,
  timeframeMs: number,
): Promise<Regimes> {
  const module = new URL('./regimes.ts', import.meta.url).href
  return ctx.engine.call<Regimes>({ module, name: 'classifyTask', data: { candles, timeframeMs } })
}

/**
 * Runs of equal regimes of a market within a period.
 *
 * @throws ValidationError a timeframe that is no multiple of the market's own
 */
export async function marketRegimes(
  ctx: AppContext,
  market: MarketRow,
  range: { from?: Date | null | undefined; to?: Date | null | undefined; timeframe?: string | null | undefined },
): Promise<RegimeSpan[]> {
  const timeframe = range.timeframe ? parseTimeframe(range.timeframe) : regimeTimeframe(market)
  const timeframeMs = TIMEFRAMES[timeframe]
  const from = range.from?.getTime() ?? -Infinity
  const to = range.to?.getTime() ?? Infinity
  const candles = await loadCandles(ctx, market.id, {
    timeframe,
    warmupBars: REGIME_LEAD_BARS,
    ...(range.from && { from: from - timeframeMs }),
    ...(range.to && { to }),
  })
  const last = candles.openTime.at(-1)
  if (last === undefined) return []
  const { label } = await classifyInThread(ctx, candles, timeframeMs)
  return regimeSpans(candles.openTime, timeframeMs, label, from, Math.min(to, last + 2 * timeframeMs))
}
