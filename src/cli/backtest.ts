import type { GraphQLObjectType } from 'graphql'
import type { Metrics } from '../backtest/metrics.ts'
import { readConfig } from '../config.ts'
import { schema } from '../server/schema.ts'
import { Client } from './client.ts'
import { EXIT } from './failure.ts'
import { readJsonObject } from './json-file.ts'
import { print } from './output.ts'
import { backtestInput } from './run-file.ts'
import { selectionOf } from './selection.ts'
import { duration, figure, minute, percent, price, table } from './text.ts'

interface Trade {
  side: string
  entryTime: string
  entryPrice: number
  exitTime: string
  exitPrice: number
  exitReason: string
  profitRatio: number
}

interface Backtest {
  parameters: Record<string, number>
  metrics: Metrics
  trades: Trade[]
  fingerprint: string
  durationMs: number
}

const LAST_TRADES = 10

/** Backtest the one parameter set that a file describes, and print its figures. */
export async function backtest(
  path: string,
  options: { url?: string; token?: string; json?: boolean },
): Promise<number> {
  const file = readJsonObject(path)
  const client = await Client.open(readConfig(process.env), options)
  try {
    const input = await backtestInput(client, path, file)
    const selection = selectionOf(schema.getType('Backtest') as GraphQLObjectType)
    const document = `query ($input: BacktestInput!) { backtest(input: $input) ${selection} }`
    const { backtest: result } = await client.query<{ backtest: Backtest }>(document, { input })
    if (options.json) print(JSON.stringify(result, null, 2))
    else [...figures(result), ...trades(result)].forEach((line) => print(line))
    return EXIT.ready
  } finally {
    await client.close()
  }
}

function figures({ metrics, durationMs, fingerprint }: Backtest): string[] {
  return [
    ...table(
      [
        ['ROI', percent(metrics.roi), 'buy and hold', percent(metrics.buyAndHoldRoi)],
        ['Sharpe', figure(metrics.sharpeRatio), 'Sortino', figure(metrics.sortinoRatio)],
        ['drawdown', percent(metrics.maxDrawdown), 'Calmar', figure(metrics.calmarRatio)],
        ['trades', figure(metrics.tradeCount), 'win rate', percent(metrics.winRate)],
        ['profit factor', figure(metrics.profitFactor), 'expectancy', percent(metrics.expectancy, 3)],
        ['exposure', percent(metrics.exposure), 'fees paid', figure(metrics.feesPaid)],
        [
          'mean trade',
          metrics.averageTradeDurationMs === null ? '–' : duration(metrics.averageTradeDurationMs),
          'SQN',
          figure(metrics.sqn),
        ],
      ],
      'lrlr',
    ),
    `  ${duration(durationMs)}, fingerprint ${fingerprint}`,
  ]
}

function trades({ trades: all }: Backtest): string[] {
  if (all.length === 0)
    return ['', '  No trade: the entry conditions never held. Loosen them, or take a longer period.']
  const rows = all
    .slice(-LAST_TRADES)
    .map((trade) => [
      trade.side,
      minute(trade.entryTime),
      price(trade.entryPrice),
      minute(trade.exitTime),
      price(trade.exitPrice),
      trade.exitReason,
      percent(trade.profitRatio, 2),
    ])
  return [
    '',
    `The last ${rows.length} of ${all.length} trades`,
    ...table([['', 'entry', 'price', 'exit', 'price', 'reason', 'profit'], ...rows], 'llrlrlr'),
  ]
}
