import type { MarketRegime, PlayFragment, RegimePlayInput } from '../../generated/graphql.ts'
import type { FieldError } from '../../failure.ts'
import { numberIn } from '../../number-in.ts'

type PlayNumber = 'leverage' | 'riskRewardRatio' | 'confidenceThreshold' | 'stopLoss' | 'takeProfit'

/** Numbers of a play that are typed, with what they are multiplied by to be read. */
export const PLAY_NUMBERS: readonly (readonly [name: PlayNumber, label: string, scale: number])[] = [
  ['leverage', 'Leverage', 1],
  ['riskRewardRatio', 'Reward to risk', 1],
  ['confidenceThreshold', 'Min. confidence', 1],
  ['stopLoss', 'Stop loss, %', 100],
  ['takeProfit', 'Take profit, %', 100],
]

/** The play of a regime as it is typed. */
export interface PlayDraft {
  regime: MarketRegime
  numbers: Record<PlayNumber, string>
  /** "trend 60, dip 40", in per cent. */
  weights: string
}

export function draftsOf(plays: readonly PlayFragment[]): PlayDraft[] {
  return plays.map((play) => ({
    regime: play.regime,
    numbers: Object.fromEntries(
      PLAY_NUMBERS.map(([name, , scale]) => [name, play[name] === null ? '' : written(play[name] * scale)]),
    ) as PlayDraft['numbers'],
    weights: play.strategyWeights.map(({ strategy, weight }) => `${strategy} ${written(weight * 100)}`).join(', '),
  }))
}

/** As short as it is exact: 0.07 × 100 is 7. */
function written(value: number): string {
  return String(Number(value.toPrecision(12)))
}

/** What is sent, and what cannot be read; whatever else is wrong the server says. */
export function playsIn(drafts: readonly PlayDraft[]): { plays: RegimePlayInput[]; unread: FieldError[] } {
  const unread: FieldError[] = []
  const plays = drafts.map(({ regime, numbers, weights }, at) => {
    const number = (name: PlayNumber, scale: number) => {
      const value = numberIn(numbers[name])
      const mayBeEmpty = name === 'stopLoss' || name === 'takeProfit'
      if (value === null && !(mayBeEmpty && numbers[name].trim() === '')) {
        unread.push({ path: ['regimes', String(at), name], message: 'Type a number.' })
      }
      return value === null ? null : Number((value / scale).toPrecision(12))
    }
    const [leverage, riskRewardRatio, confidenceThreshold, stopLoss, takeProfit] = PLAY_NUMBERS.map(([name, , scale]) =>
      number(name, scale),
    )
    const strategyWeights = weightsIn(weights)
    if (strategyWeights === null) {
      unread.push({
        path: ['regimes', String(at), 'strategyWeights'],
        message: 'Write “trend 60, dip 40”, in per cent.',
      })
    }
    return {
      regime,
      leverage: leverage ?? 0,
      riskRewardRatio: riskRewardRatio ?? 0,
      confidenceThreshold: confidenceThreshold ?? 0,
      stopLoss,
      takeProfit,
      strategyWeights: strategyWeights ?? [],
    }
  })
  return { plays, unread }
}

/** @returns null where it cannot be read */
function weightsIn(text: string): { strategy: string; weight: number }[] | null {
  const parts = text.split(',').filter((part) => part.trim() !== '')
  const weights = parts.map((part) => {
    const [, strategy, share] = /^\s*(.+?)\s+([\d.]+)\s*%?\s*$/.exec(part) ?? []
    const value = numberIn(share ?? '')
    return strategy === undefined || value === null ? null : { strategy, weight: Number((value / 100).toPrecision(12)) }
  })
  return weights.includes(null) ? null : (weights as { strategy: string; weight: number }[])
}
