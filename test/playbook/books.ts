import type { AppContext } from '../../src/context.ts'
import { Random } from '../../src/engine/random.ts'
import { MARKET_REGIMES, type MarketRegime } from '../../src/market/regimes.ts'
import { createPlaybook, type CreatePlaybookInput, type RegimePlayInput } from '../../src/playbook/service.ts'
import type { PlaybookRow } from '../../src/playbook/table.ts'
import type { LoggedTrade } from '../../src/playbook/trade-log.ts'
import type { TradeInput } from '../../src/playbook/trade.ts'
import { NOW } from '../helpers.ts'

const HOUR = 3_600_000

export function play(changes: Partial<RegimePlayInput> = {}): RegimePlayInput {
  return { regime: 'RANGING', leverage: 3, riskRewardRatio: 2, confidenceThreshold: 60, ...changes }
}

let books = 0

/** A playbook with a play for every regime. */
export function newPlaybook(ctx: AppContext, changes: Partial<CreatePlaybookInput> = {}): Promise<PlaybookRow> {
  const regimes = MARKET_REGIMES.map((regime) => play({ regime }))
  return createPlaybook(ctx, { name: `book ${++books}`, regimes, ...changes })
}

export interface LogOptions {
  count?: number
  seed?: number
  /** chance to win, by regime */
  winRate?: Partial<Record<MarketRegime, number>>
  /** mean size of a win over that of a loss */
  payoff?: number
  regimes?: readonly MarketRegime[]
  strategies?: readonly string[]
  days?: number
  prefix?: string
}

/** Trades that ended within the last days, evenly spread, as a bot would report them. */
export function trades({
  count = 240,
  seed = 1,
  winRate = {},
  payoff = 1,
  regimes = MARKET_REGIMES,
  strategies = ['trend'],
  days = 40,
  prefix = 'trade',
}: LogOptions = {}): TradeInput[] {
  const random = new Random(seed)
  return Array.from({ length: count }, (_, at): TradeInput => {
    const regime = regimes[random.int(regimes.length)]
    const exit = NOW - Math.floor(((count - at) / count) * days * 24 * HOUR)
    const won = random.float() < (winRate[regime] ?? 0.5)
    const move = (won ? payoff : -1) * 0.01 * (0.5 + random.float())
    const leverage = 3
    return {
      externalId: `${prefix}-${at}`,
      symbol: 'NONE/USDT',
      side: 'LONG',
      strategy: strategies[random.int(strategies.length)],
      regime,
      confidence: 60 + Math.floor(random.float() * 40),
      leverage,
      entryTime: new Date(exit - HOUR),
      exitTime: new Date(exit),
      entryPrice: 100,
      exitPrice: 100 * (1 + move),
      profitRatio: leverage * move,
      profitAbs: 1000 * leverage * move,
    }
  })
}

/** The same as an analysis reads them, without candles. */
export function loggedTrades(options: LogOptions): LoggedTrade[] {
  return trades(options).map(({ entryTime, exitTime, regime, ...trade }) => ({
    ...trade,
    regime: regime!,
    regimeAtExit: null,
    volatilityPercentile: null,
    entryTime: entryTime.getTime(),
    exitTime: exitTime.getTime(),
    stopLoss: null,
    minPrice: null,
    maxPrice: null,
  }))
}
