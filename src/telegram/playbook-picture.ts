import type { AppContext } from '../context.ts'
import { rangeOf } from '../picture/axis.ts'
import { plot, type Line } from '../picture/plot.ts'
import { png, WIDTH } from '../picture/png.ts'
import { COLOURS, LINE_COLOURS, text, type Svg } from '../picture/svg.ts'
import {
  placesOf,
  valueAt,
  withChanges,
  type Place,
  type PlaybookParameter,
  type RegimePlay,
} from '../playbook/play.ts'
import { replayedEquity, type ReplayedEquity } from '../playbook/replayed-equity.ts'
import type { PlaybookRow, RecommendationRow } from '../playbook/table.ts'
import { readTrades } from '../playbook/trade-list.ts'
import { tradeLog } from '../playbook/trade-log.ts'
import { readPlays } from '../playbook/version.ts'
import { day } from './job-picture.ts'
import type { ReviewStory } from './review-message.ts'
import { parameterFigure, parameterWords, signed, words } from './text.ts'

const MARGIN = 40
const HEAD = 90
const EQUITY_HEIGHT = 380
const PANEL_HEIGHT = 250
/** More would not be told apart. */
const MOST_PANELS = 6
const VERSIONS_SHOWN = 30
const DAY_MS = 86_400_000

/** A number of a playbook by its version, and what a review would make of it. */
interface Track {
  name: string
  parameter: PlaybookParameter
  strategy: string | null
  regimes: { name: string; values: [version: number, value: number][]; proposed: number | null }[]
}

/**
 * A review that waits: the logged trades as they were and with all that is recommended, and the history of each number
 * that would change.
 */
export async function reviewPicture(ctx: AppContext, story: ReviewStory): Promise<Buffer | null> {
  const { review, playbook, recommendations } = story
  const waiting = recommendations.filter(({ status }) => status === 'PENDING')
  const from = new Date(ctx.clock() - playbook.settings.lookbackDays * DAY_MS)
  const log = tradeLog(await readTrades(ctx, playbook.id, { from }))
  if (waiting.length === 0 || log.count < 2) return null
  const versions = await readVersions(ctx, playbook, review.baseVersion)
  const equity = replayedEquity(log, waiting)
  const top = HEAD + EQUITY_HEIGHT
  const { drawing, height } = history(tracksOf(versions, waiting), top)
  return png(height, title(playbook.name, 'what the review would change') + equityPlot(equity) + drawing)
}

/** How each number that was ever changed came to be what it is; null where none was. */
export async function historyPicture(ctx: AppContext, playbook: PlaybookRow): Promise<Buffer | null> {
  const tracks = tracksOf(await readVersions(ctx, playbook, playbook.version), []).filter(({ regimes }) =>
    regimes.some(({ values }) => values.some(([, value]) => value !== values[0][1])),
  )
  if (tracks.length === 0) return null
  const { drawing, height } = history(tracks, HEAD)
  return png(height, title(playbook.name, 'its numbers, version by version') + drawing)
}

type Version = [version: number, plays: RegimePlay[]]

async function readVersions(ctx: AppContext, { id }: PlaybookRow, last: number): Promise<Version[]> {
  const first = Math.max(1, last - VERSIONS_SHOWN + 1)
  const numbers = Array.from({ length: last - first + 1 }, (_, at) => first + at)
  return Promise.all(numbers.map(async (version): Promise<Version> => [version, await readPlays(ctx.db, id, version)]))
}

/** @param proposed where there are any, only what they change; else everything */
function tracksOf(versions: Version[], proposed: RecommendationRow[]): Track[] {
  const last = versions[versions.length - 1][1]
  const next = withChanges(
    last,
    proposed.map(({ recommended, ...place }) => ({ ...place, after: recommended })),
  )
  const places: Place[] = proposed.length > 0 ? proposed : last.flatMap((play) => placesOf(play))
  const groups = Map.groupBy(places, ({ parameter, strategy }) => `${parameter} ${strategy ?? ''}`)
  return [...groups.values()].map((group) => ({
    name: parameterWords(group[0].parameter, null),
    parameter: group[0].parameter,
    strategy: group[0].strategy,
    regimes: group.map((place) => ({
      name: words(place.regime),
      values: versions.flatMap(([version, plays]): [number, number][] => {
        const value = valueAt(plays, place)
        return value === null ? [] : [[version, value]]
      }),
      proposed: proposed.length > 0 ? valueAt(next, place) : null,
    })),
  }))
}

function title(name: string, what: string): Svg {
  return (
    text(MARGIN, 48, name, { size: 28, bold: true, width: WIDTH - 2 * MARGIN }) +
    text(MARGIN, 78, what, { colour: COLOURS.muted })
  )
}

function equityPlot({ time, before, after }: ReplayedEquity): Svg {
  const points = (values: Float64Array) => Array.from(values, (value, at): [number, number] => [time[at], value])
  const gain = (values: Float64Array): string => signed(values[values.length - 1] - 1)
  return plot({
    title: 'The logged trades, replayed',
    top: HEAD,
    height: EQUITY_HEIGHT,
    lines: [
      { name: `as it was ${gain(before)}`, colour: COLOURS.second, points: points(before) },
      { name: `with all changes ${gain(after)}`, colour: COLOURS.first, points: points(after) },
    ],
    formatX: day,
    formatY: (value) => value.toFixed(2),
  })
}

/** A panel for each number, a line for each regime; dashed, what is proposed. */
function history(tracks: Track[], top: number): { drawing: Svg; height: number } {
  const shown = tracks.slice(0, MOST_PANELS)
  const panels = shown.map(({ name, parameter, strategy, regimes }, at) => {
    const numbers = [...new Set(regimes.flatMap(({ values }) => values.map(([version]) => version)))]
    const proposed = Math.max(...numbers) + 1
    const isProposed = regimes.some((regime) => regime.proposed !== null)
    const lines = regimes.flatMap(linesOf)
    return plot({
      title: strategy === null ? name : `${name} of ${strategy}`,
      top: top + at * PANEL_HEIGHT,
      height: PANEL_HEIGHT,
      lines,
      y: rangeOf(
        lines.flatMap(({ points }) => points.map(([, value]) => value)),
        0.15,
      ),
      formatX: (version) => (version === proposed ? 'proposed' : `v${version}`),
      formatY: (value) => parameterFigure(parameter, value),
      ticksX: [
        ...numbers.filter((version) => numbers.length <= 10 || version % 5 === 0),
        ...(isProposed ? [proposed] : []),
      ],
    })
  })
  return { drawing: panels.join(''), height: top + shown.length * PANEL_HEIGHT + 10 }
}

function linesOf({ name, values, proposed }: Track['regimes'][number], place: number): Line[] {
  if (values.length === 0) return []
  const style = { colour: LINE_COLOURS[place % LINE_COLOURS.length], stepped: true, shift: 4 * place - 8 }
  const [version, value] = values[values.length - 1]
  const past: Line = { name, points: [...values, [version + 1, value]], ...style }
  if (proposed === null) return [past]
  const next: Line['points'] = [
    [version + 1, value],
    [version + 1, proposed],
    [version + 2, proposed],
  ]
  return [past, { name: '', points: next, dashed: true, ...style }]
}
