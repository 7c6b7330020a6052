import type { Contest } from './contests.ts'
import type { Outcome } from './peer.ts'

/** One contest on one surface and size. */
export interface Result {
  name: string
  surface: string
  rows: number
  ours: Outcome
  others: (Outcome & { peer: string })[]
  goals: { text: string; kept: boolean }[]
}

/** What one run found, for the README: of both surfaces the one that is worse for us. */
export function learningTable(contests: readonly Contest[], results: readonly Result[], machine: string): string {
  const compared = contests.filter(({ name }) => results.some((each) => each.name === name && each.others.length > 0))
  const goals = results.flatMap((each) => each.goals)
  return [
    '| learning, 13 columns, one core | rows | fit, × ours | predict 10,000, × ours | R² on unseen rows, ours less theirs |',
    '|---|---|---|---|---|',
    ...compared.map(({ name }) => line(name, results)),
    '',
    `The fastest of the peers at the same settings, CPU time, medians of one run of \`npm run bench:learning\`: ${machine}. Of a smooth and a rough surface the one that is worse for us. ${goals.filter(({ kept }) => kept).length} of ${goals.length} of our own goals were reached.`,
  ].join('\n')
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
