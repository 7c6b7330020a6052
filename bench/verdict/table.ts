import { wilsonInterval } from '../../src/evidence/statistics.ts'
import { EDGES, KINDS, type Kind } from './markets.ts'

/** What one market came to. */
export interface Line {
  index: number
  kind: Kind
  seed: number
  ready: boolean
  /** what the four plain criteria alone would have said */
  criteriaMet: boolean
  score: number
  failed: string[]
  figures: Record<string, number | null>
  ms: number
}

/** Shares with their 95 % Wilson interval, for each kind and for all markets without structure. */
export function verdictTable(lines: readonly Line[]): string[] {
  const rows = [
    ...KINDS.filter((kind) => EDGES[kind] === 0).map((kind) =>
      rowOf(
        kind,
        lines.filter((line) => line.kind === kind),
      ),
    ),
    rowOf(
      '**all without structure**',
      lines.filter(({ kind }) => EDGES[kind] === 0),
    ),
    ...KINDS.filter((kind) => EDGES[kind] > 0).map((kind) =>
      rowOf(
        kind,
        lines.filter((line) => line.kind === kind),
      ),
    ),
  ]
  return [
    '| market | markets | declared ready | the four criteria alone |',
    '|---|---|---|---|',
    ...rows.filter((row) => row !== null).map((cells) => `| ${cells.join(' | ')} |`),
  ]
}

function rowOf(name: string, lines: readonly Line[]): string[] | null {
  if (lines.length === 0) return null
  const share = (holds: (line: Line) => boolean): string => shareText(lines.filter(holds).length, lines.length)
  return [name, String(lines.length), share(({ ready }) => ready), share(({ criteriaMet }) => criteriaMet)]
}

function shareText(count: number, all: number): string {
  const { low, high } = wilsonInterval(count, all)!
  const percent = (value: number): string => (100 * value).toFixed(1)
  return `${percent(count / all)} % (${percent(low)} to ${percent(high)})`
}

/** How often each line of the verdict failed, by kind: what decides. */
export function failureTable(lines: readonly Line[]): string[] {
  const names = [...new Set(lines.flatMap(({ failed }) => failed))].sort()
  const kinds = KINDS.filter((kind) => lines.some((line) => line.kind === kind))
  const share = (name: string, kind: Kind): string => {
    const own = lines.filter((line) => line.kind === kind)
    return `${Math.round((100 * own.filter(({ failed }) => failed.includes(name)).length) / own.length)} %`
  }
  return [
    `| failed | ${kinds.join(' | ')} |`,
    `|---|${kinds.map(() => '---|').join('')}`,
    ...names.map((name) => `| ${name} | ${kinds.map((kind) => share(name, kind)).join(' | ')} |`),
  ]
}
