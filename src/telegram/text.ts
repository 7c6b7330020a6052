import type { PlaybookParameter } from '../playbook/play.ts'

/** Messages are Telegram's HTML: what comes from people passes through `plain` first. */
export type Html = string

/** Telegram takes 4096 characters after its markup is read; entities count as one. */
const LONGEST = 3900
const LONGEST_NAME = 80

/** Words of somebody else as they are: no markup, no line breaks, no marks that turn the writing direction. */
export function plain(text: string, longest = LONGEST_NAME): Html {
  const line = text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').trim()
  const letters = Array.from(line)
  const short = letters.length > longest ? `${letters.slice(0, longest - 1).join('')}…` : line
  return short.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;')
}

export const bold = (html: Html): Html => `<b>${html}</b>`

/** As many whole lines as a message holds; the rest is counted. Markup may not span lines. */
export function message(lines: readonly Html[]): Html {
  let length = 0
  const fits = lines.findIndex((line) => (length += line.length + 1) > LONGEST)
  if (fits < 0) return lines.join('\n')
  return [...lines.slice(0, fits), `… and ${lines.length - fits} more lines; the dashboard shows them.`].join('\n')
}

/** 4 significant digits. */
export function figure(value: number): string {
  return String(Number(value.toPrecision(4)))
}

export function percent(value: number, digits = 1): string {
  return `${(100 * value).toFixed(digits)} %`
}

/** With its sign: +12.0 %. */
export function signed(value: number, digits = 1): string {
  return `${value > 0 ? '+' : ''}${percent(value, digits)}`
}

const WORDS: Record<PlaybookParameter, string> = {
  LEVERAGE: 'leverage',
  RISK_REWARD_RATIO: 'risk/reward ratio',
  CONFIDENCE_THRESHOLD: 'confidence threshold',
  STOP_LOSS: 'stop loss',
  TAKE_PROFIT: 'take profit',
  STRATEGY_WEIGHT: 'weight',
}

/** A parameter in words, with the strategy where it is about one. */
export function parameterWords(parameter: PlaybookParameter, strategy: string | null): Html {
  return strategy === null ? WORDS[parameter] : `${WORDS[parameter]} of ${plain(strategy, 40)}`
}

/** A parameter's number with its unit. */
export function parameterFigure(parameter: PlaybookParameter, value: number): string {
  if (parameter === 'LEVERAGE') return `${figure(value)}×`
  const isShare = parameter === 'STOP_LOSS' || parameter === 'TAKE_PROFIT' || parameter === 'STRATEGY_WEIGHT'
  return isShare ? `${figure(100 * value)} %` : figure(value)
}

/** TRENDING_UP → trending up */
export function words(name: string): string {
  return name.toLowerCase().replaceAll('_', ' ')
}

/** 2026-01-01 12:00 UTC */
export function instant(time: Date): string {
  return `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
