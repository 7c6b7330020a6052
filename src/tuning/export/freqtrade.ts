import { leavesOf } from '../../strategy/expression.ts'
import { parametersIn, readStrategy, type StrategyDefinition } from '../../strategy/strategy.ts'
import type { Parameters } from '../job.ts'
import type { TuningJobRow } from '../table.ts'
import { levelsOf, typedParameters } from './levels.ts'

/**
 * The best parameters as freqtrade keeps those of a strategy: a JSON file beside the strategy, named as it is.
 *
 * What an entry reads is under "buy", what only exits, stops or the leverage read is under "sell". freqtrade measures
 * stops and targets on the margin, so ours, which are fractions of the price, are multiplied by the leverage; its
 * targets are net of fees, and ours is written so that it is reached at the same price.
 *
 * @param finishedAt of the job: the same job gives the same file whenever it is exported
 */
export function freqtradeParameters(
  { strategy, execution }: Pick<TuningJobRow, 'strategy' | 'execution'>,
  parameters: Parameters,
  finishedAt: Date,
): string {
  const levels = levelsOf(strategy, parameters)
  const leverage = levels.leverage ?? execution.leverage
  const onMargin = (level: number): number => Number((level * leverage).toPrecision(PRECISION))
  const { stopLoss, takeProfit, trailingStop } = levels
  const stop = stopLoss ?? trailingStop
  const content = {
    strategy_name: className(strategy.name),
    params: {
      ...spaces(strategy, parameters),
      ...(takeProfit !== null && { roi: { '0': onMargin(netTarget(strategy, takeProfit, execution)) } }),
      ...(stop !== null && { stoploss: { stoploss: -onMargin(stop) } }),
      trailing: {
        trailing_stop: trailingStop !== null,
        trailing_stop_positive: trailingStop === null ? null : onMargin(trailingStop),
        trailing_stop_positive_offset: 0,
        trailing_only_offset_is_reached: false,
      },
    },
    ft_stratparam_v: 1,
    export_time: finishedAt.toISOString().replace('T', ' ').replace('Z', '000+00:00'),
  }
  return `${JSON.stringify(content, null, 2)}\n`
}

/** Digits that are left of a product, so that 0.05 × 3 is 0.15. */
const PRECISION = 15

/** A strategy's class in Python: "rsi-adx-volume" is RsiAdxVolume. */
export function className(name: string): string {
  const words = name.match(/[A-Za-z0-9]+/g) ?? []
  const joined = words.map((word) => word[0].toUpperCase() + word.slice(1)).join('')
  return /^[A-Z]/.test(joined) ? joined : `Strategy${joined}`
}

function spaces(strategy: StrategyDefinition, parameters: Parameters): Record<'buy' | 'sell', object> {
  const { signals } = readStrategy(strategy)
  const entries = [signals.enterLong, signals.enterShort].filter((signal) => signal !== null)
  const inEntries = new Set(entries.flatMap((signal) => [...leavesOf(signal)].flatMap(parametersIn)))
  const all = Object.entries(typedParameters(strategy, parameters))
  return {
    buy: Object.fromEntries(all.filter((_, at) => inEntries.has(at))),
    sell: Object.fromEntries(all.filter((_, at) => !inEntries.has(at))),
  }
}

/** Profit on the price, fees of both sides deducted, as freqtrade counts it where our target is reached. */
function netTarget(
  strategy: StrategyDefinition,
  target: number,
  { feeRate, makerFeeRate }: TuningJobRow['execution'],
): number {
  const fees = strategy.enterLong ? feeRate + makerFeeRate * (1 + target) : feeRate + makerFeeRate * (1 - target)
  return target - fees
}
