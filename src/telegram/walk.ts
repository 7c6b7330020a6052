import type { ExpectedEffect } from '../playbook/review.ts'
import type { RecommendationRow } from '../playbook/table.ts'
import type { Keyboard, PressDetail } from './press.ts'
import { recommendationLine, technicalLines, type ReviewStory } from './review-message.ts'
import { bold, figure, message, percent, plain, signed, type Html } from './text.ts'

/** One step of going through a review: recommendations that are decided on together. */
export type Step = RecommendationRow[]

/** Each recommendation that waits is a step; the weights of a regime add up to 1 only together, so they are one. */
export function stepsOf(recommendations: readonly RecommendationRow[]): Step[] {
  const steps = new Map<string, Step>()
  for (const row of recommendations) {
    if (row.status !== 'PENDING') continue
    const key = row.parameter === 'STRATEGY_WEIGHT' ? `weights of ${row.regime}` : row.id
    steps.set(key, [...(steps.get(key) ?? []), row])
  }
  return [...steps.values()]
}

/** What a message shows, and the buttons below it. */
export interface Page {
  html: Html
  keyboard: Keyboard
}

/** The page of a step; after the last one, what was taken and a button to apply it. */
export function walkPage(story: ReviewStory, { step = 0, taken = [] }: PressDetail): Page {
  const steps = stepsOf(story.recommendations)
  return step < steps.length ? stepPage(story, steps, step, taken) : summaryPage(story, taken)
}

function stepPage(story: ReviewStory, steps: Step[], step: number, taken: string[]): Page {
  const html = message([
    bold(`${plain(story.playbook.name)}: ${step + 1} of ${steps.length}`),
    ...steps[step].flatMap((row) => ['', recommendationLine(row), plain(row.rationale, 400), ...evidenceLines(row)]),
    '',
    ...technicalLines(story.review),
  ])
  const next = step + 1
  const withThese = [...taken, ...steps[step].map(({ id }) => id)]
  return {
    html,
    keyboard: [
      [
        { label: '✅ Take', action: 'TAKE', detail: { step: next, taken: withThese } },
        { label: '⏭ Leave out', action: 'LEAVE', detail: { step: next, taken } },
      ],
      [{ label: '↩️ Back to all', action: 'BACK' }],
    ],
  }
}

function evidenceLines({ evidence, expectedEffect }: RecommendationRow): Html[] {
  const { trades, winRate, winRateInterval, meanProfit, volatility, forecastAccuracy } = evidence
  const forecast = forecastAccuracy === null ? '' : `, forecasts right ${percent(forecastAccuracy)}`
  return [
    `Evidence: ${trades} trades, won ${percent(winRate)} (${percent(winRateInterval.low)} to ${percent(winRateInterval.high)}), mean profit ${signed(meanProfit, 2)}, volatility ${figure(volatility)}${forecast}`,
    ...(expectedEffect ? [effectLine(expectedEffect)] : []),
  ]
}

function effectLine({ metric, before, after, interval }: ExpectedEffect): Html {
  return `Replayed: ${plain(metric)} ${figure(before)} → ${figure(after)}, difference ${figure(interval.low)} to ${figure(interval.high)}`
}

function summaryPage({ playbook, recommendations }: ReviewStory, taken: string[]): Page {
  const chosen = recommendations.filter(({ id, status }) => status === 'PENDING' && taken.includes(id))
  const waiting = recommendations.filter(({ status }) => status === 'PENDING').length
  const again: Keyboard[number] = [
    { label: '🔍 Again', action: 'WALK' },
    { label: '↩️ Back to all', action: 'BACK' },
  ]
  return {
    html: message([
      bold(`${plain(playbook.name)}: ${chosen.length} of ${waiting} taken`),
      '',
      ...(chosen.length > 0 ? chosen.map(recommendationLine) : ['Nothing was taken.']),
      '',
      'What is not taken will be rejected.',
    ]),
    keyboard:
      chosen.length > 0
        ? [[{ label: `✅ Apply these ${chosen.length}`, action: 'APPLY_TAKEN', detail: { taken } }], again]
        : [again],
  }
}
