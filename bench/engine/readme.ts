/** The table of the README: ratios of one run, with what they were measured on, between two markers. */
import { writeBetween } from '../markers.ts'
import { isReached, type Report, round, type Row } from './report.ts'
import { REAL_TABLE } from './side-by-side.ts'

const README = new URL('../../README.md', import.meta.url)

/** @throws Error where the README has lost its markers */
export function writeReadme(report: Report, dataName: string): void {
  writeBetween(README, 'speed', section(report, dataName))
}

export function section({ sections, machine, goals }: Report, dataName: string): string {
  const side = sections['side by side: 1,000 × 259,200, one core'] ?? []
  const real = sections[REAL_TABLE]?.[0]
  const scoring = sections['scoring 10,000 candidates × 12 features, depth 8, CPU ms on one core'] ?? []
  const requests = sections['10,000 candidates over HTTP, ms'] ?? []
  const jobs = sections['whole jobs, server running, wall time'] ?? []
  const start = sections['cold start of the server']?.[0]
  const lines = [
    '| 1,000 backtests of 259,200 bars, one core | × this engine | ns per bar and backtest |',
    '|---|---|---|',
    ...side.map(
      (row) => `| ${row.way as string} | ${cell(row, 'times this engine')} | ${cell(row, 'ns per bar × sample')} |`,
    ),
    ...(real ? [`| ${real.way as string}, real candles | | ${cell(real, 'ns per bar × sample')} |`] : []),
    '',
    '| scoring 10,000 candidates, depth 8 | × this engine, 100 / 300 trees |',
    '|---|---|',
    ...scoring.map((row) => `| ${row.way as string} | ${row['times this engine'] as string} |`),
    '',
    '| waiting time on a running server | ms |',
    '|---|---|',
    ...jobs.map(
      (row) => `| \`examples/${row.job as string}\`, ${row.samples as number} samples | ${cell(row, 'ms, median')} |`,
    ),
    ...requests
      .filter((row) => row.model === 'RANDOM_FOREST')
      .map(
        (row) =>
          `| 10,000 candidates as ${row.as as string}, p50 / p99 | ${cell(row, 'request p50')} / ${cell(row, 'request p99')} |`,
      ),
    ...(start
      ? [`| from the start of the process to its first answer | ${cell(start, 'ms until the first answer')} |`]
      : []),
    '',
    `Medians of one run of \`npm run bench\`: ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; ${dataName}. ` +
      `${goals.filter(isReached).length} of ${goals.length} of our own goals were reached.`,
  ]
  return lines.join('\n')
}

function cell(row: Row, name: string): string {
  return round(row[name] as number).toLocaleString('en-US')
}
