import type { SearchResult } from './bayesian-search.ts'
import type { Contest } from './contests.ts'
import type { JobCost } from './job.ts'
import type { Outcome } from './peer.ts'

export interface Goal {
  text: string
  kept: boolean
}

/** One contest on one surface and size. */
export interface Result {
  name: string
  surface: string
  rows: number
  ours: Outcome
  others: (Outcome & { peer: string })[]
  goals: Goal[]
}

/** What one run found, for the README: of both surfaces the one that is worse for us. */
export function contestTable(contests: readonly Contest[], results: readonly Result[]): string[] {
  const compared = contests.filter(({ name }) => results.some((each) => each.name === name && each.others.length > 0))
  return [
    '| learning, 13 columns, one core | rows | fit, × ours | predict 10,000, × ours | R² on unseen rows, ours less theirs |',
    '|---|---|---|---|---|',
    ...compared.map(({ name }) => line(name, results)),
  ]
}

/** How far the best of a search is from what is possible, by either way. */
export function searchTable(searches: readonly SearchResult[]): string[] {
  return [
    '| searching a test function | samples | best possible | best found, Latin hypercube | best found, BAYESIAN | better in |',
    '|---|---|---|---|---|---|',
    ...searches.map(({ name, samples, best, hypercube, proposals, wins, seeds }) =>
      tableRow([name, samples, best.toFixed(3), hypercube.toFixed(3), proposals.toFixed(3), `${wins} of ${seeds}`]),
    ),
  ]
}

export function jobTable({ parts, totalMs }: JobCost): string[] {
  return [
    '| learning of an ENSEMBLE job, 1,000 samples, one core | ms |',
    '|---|---|',
    ...parts.toSorted((a, b) => b.ms - a.ms).map(({ name, ms }) => tableRow([name, ms.toFixed(0)])),
    tableRow(['all', totalMs.toFixed(0)]),
  ]
}

function line(name: string, results: readonly Result[]): string {
  const own = results.filter((each) => each.name === name && each.others.length > 0)
  const sizes = [...new Set(own.map(({ rows }) => rows))]
  const worst = (of: (result: Result) => number, digits: number): string =>
    sizes.map((rows) => figure(Math.min(...own.filter((each) => each.rows === rows).map(of)), digits)).join(' / ')
  const peers = [...new Set(own.flatMap(({ others }) => others.map(({ peer }) => peerName(peer))))].join(', ')
  const cells = [
    `${name} (${peers})`,
    sizes.map((rows) => rows.toLocaleString('en-US')).join(' / '),
    worst(({ ours, others }) => fastest(others, 'fitMs').fitMs / ours.fitMs, 1),
    worst(({ ours, others }) => fastest(others, 'predictMs').predictMs / ours.predictMs, 1),
    worst(({ ours, others }) => ours.r2 - fastest(others, 'fitMs').r2, 3),
  ]
  return tableRow(cells)
}

function tableRow(cells: readonly (string | number)[]): string {
  return `| ${cells.join(' | ')} |`
}

/** A zero has no sign. */
function figure(value: number, digits: number): string {
  return value.toFixed(digits).replace(/^-(0\.0*)$/, '$1')
}

/** Some of scikit-learn's go by the name of our algorithm. */
function peerName(peer: string): string {
  return peer === peer.toUpperCase() ? 'scikit-learn' : peer
}

export function fastest<T extends Outcome>(others: readonly T[], key: 'fitMs' | 'predictMs'): T {
  return others.reduce((a, b) => (b[key] < a[key] ? b : a))
}
