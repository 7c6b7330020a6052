/**
 * How often reviews of trades without any effect ask for more risk, how often they find a planted effect, and how long
 * a hundred thousand trades take.
 *
 * npm run bench:playbook [-- logs per row]
 */
import { Random } from '../../src/engine/random.ts'
import { MARKET_REGIMES, type MarketRegime } from '../../src/market/regimes.ts'
import { analyse, type AnalysisInput } from '../../src/playbook/analysis.ts'
import { NO_FORECASTS } from '../../src/playbook/forecasts.ts'
import { directionOf } from '../../src/playbook/risk-class.ts'
import { DEFAULT_SETTINGS } from '../../src/playbook/settings.ts'
import { tradeLog, type LoggedTrade } from '../../src/playbook/trade-log.ts'

const logs = Number(process.argv[2] ?? 500)
const print = (line: string): boolean => process.stdout.write(`${line}\n`)

interface Kind {
  name: string
  winRate: number
  /** size of a win over that of a loss */
  payoff: number
  /** where a planted effect holds; everywhere where not given */
  regime?: MarketRegime
  trades: number
}

function log(kind: Kind, seed: number): LoggedTrade[] {
  const random = new Random(seed, kind.trades)
  const spanMs = 80 * 86_400_000
  return Array.from({ length: kind.trades }, (_, at) => {
    const regime = MARKET_REGIMES[random.int(5)]
    const planted = kind.regime === undefined || kind.regime === regime
    const [winRate, payoff] = planted ? [kind.winRate, kind.payoff] : [0.5, 1]
    const move = (random.float() < winRate ? payoff : -1) * 0.01 * (0.3 + 1.4 * random.float())
    const exitTime = (at / kind.trades) * spanMs + random.int(1000)
    return {
      side: 'LONG',
      strategy: random.int(2) ? 'a' : 'b',
      regime,
      regimeAtExit: null,
      volatilityPercentile: random.float() * 0.9,
      confidence: 50 + random.int(50),
      leverage: 3,
      entryTime: exitTime - 3_600_000,
      exitTime,
      entryPrice: 100,
      exitPrice: 100 * (1 + move),
      stopLoss: null,
      minPrice: null,
      maxPrice: null,
      profitRatio: 3 * move,
      profitAbs: 300 * move,
    }
  })
}

function input(trades: LoggedTrade[]): AnalysisInput {
  return {
    log: tradeLog(trades),
    plays: MARKET_REGIMES.map((regime) => ({
      regime,
      leverage: 3,
      riskRewardRatio: 2,
      confidenceThreshold: 65,
      stopLoss: null,
      takeProfit: null,
      strategyWeights: [
        { strategy: 'a', weight: 0.5 },
        { strategy: 'b', weight: 0.5 },
      ],
    })),
    settings: DEFAULT_SETTINGS,
    forecasts: NO_FORECASTS,
    // The bot took trades from 50 on at some time, so lower thresholds can be compared: the hardest case.
    lowestThreshold: Object.fromEntries(MARKET_REGIMES.map((regime) => [regime, 50])),
    references: [],
    models: [],
    seed: 14,
  }
}

/** Shares of reviews that ask for more risk and for less. */
function shares(kind: Kind): { more: number; less: number } {
  let more = 0
  let less = 0
  for (let seed = 1; seed <= logs; seed++) {
    const { changes } = analyse(input(log(kind, seed)))
    const directions = changes.map(({ parameter, current, recommended }) =>
      directionOf(parameter, current, recommended),
    )
    if (directions.includes('raises_risk')) more++
    if (directions.includes('lowers_risk')) less++
  }
  return { more: more / logs, less: less / logs }
}

const percent = (share: number): string => `${(100 * share).toFixed(1).padStart(5)} %`

print(`Without any effect, ${logs} logs a row: share of reviews that ask for more risk (at most 5 %)`)
const NOTHING: Omit<Kind, 'trades'>[] = [
  { name: 'a coin', winRate: 0.5, payoff: 1 },
  { name: 'small wins, rare large losses', winRate: 0.7, payoff: 3 / 7 },
  { name: 'rare large wins', winRate: 0.35, payoff: 65 / 35 },
]
let failed = false
for (const kind of NOTHING) {
  for (const trades of [150, 400, 1000]) {
    const { more } = shares({ ...kind, trades })
    failed ||= more > 0.05
    print(`  ${kind.name.padEnd(32)} ${String(trades).padStart(5)} trades  ${percent(more)}`)
  }
}

print('\nWith an effect planted in TRENDING_UP: share of reviews that find it')
for (const winRate of [0.15, 0.25, 0.35, 0.65, 0.75, 0.85]) {
  const row = [150, 400, 1000].map((trades) => {
    const { more, less } = shares({ name: '', winRate, payoff: 1, regime: 'TRENDING_UP', trades })
    return `${trades} trades ${percent(winRate > 0.5 ? more : less)}`
  })
  print(`  win rate ${winRate} (${winRate > 0.5 ? 'more' : 'less'} risk)   ${row.join('   ')}`)
}

const large = log({ name: '', winRate: 0.55, payoff: 1, trades: 100_000 }, 1)
const times = Array.from({ length: 5 }, () => {
  const started = process.cpuUsage()
  analyse(input(large))
  const { user, system } = process.cpuUsage(started)
  return (user + system) / 1e6
}).sort((a, b) => a - b)
print(`\n100,000 trades: ${times[2].toFixed(2)} s of processor time (median of 5; at most 2 s)`)
process.exitCode = failed || times[2] > 2 ? 1 : 0
