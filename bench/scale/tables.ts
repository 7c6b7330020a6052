/** The tables of docs/scale.md. */
import { round } from '../engine/report.ts'
import { BARS } from './measure.ts'
import { blockCost, type Costs, type Idle, type Load, loadOf, type Run, saturated } from './model.ts'

export interface Measured {
  lines: { run: Run; predicted: number; error: number }[]
  costs: Costs
  idle: Idle
  shared: { cores: number; crowding: number }
  machine: { cpu: string; node: string }
}

/** A large job of the kind that is spread: a year of minutes, blocks as TUNEBOOK_SHARE_FROM cuts them by default. */
const LARGE = { threads: 8, bars: 525_600, samples: 1903, parameters: 6, databaseCores: 16 }
const MACHINES = [1, 10, 100, 1000]

export function scaleTables({ lines, costs, idle, shared, machine }: Measured): string {
  const { fixed, perSample } = costs
  const worst = Math.max(...lines.map(({ error }) => Math.abs(error)))
  const perBarSample = perSample.worker / BARS
  const load = (machines: number): Load => loadOf(costs, idle, perBarSample, { ...LARGE, machines })
  return [
    '| workers | samples a block | blocks/s | the model says | worker CPU, ms | database CPU, ms | log, ms | cycle, ms | others, cores |',
    '|---|---|---|---|---|---|---|---|---|',
    ...lines.map(({ run, predicted, error }) =>
      row([
        run.workers,
        run.samples,
        round(run.blocksPerSecond),
        `${round(predicted)} (${error >= 0 ? '+' : '−'}${Math.abs(Math.round(100 * error))} %)`,
        round(run.cost.worker),
        round(run.cost.database),
        round(run.cost.log),
        round(run.cost.cycle),
        round(run.background, 2),
      ]),
    ),
    '',
    `Worker, database and bench shared ${shared.cores} cores of ${machine.cpu}, Node ${machine.node}; where all cores pack and ask each takes ${shared.crowding.toFixed(2)} times as long. The model is at most ${Math.round(100 * worst)} % off.`,
    '',
    '| a block costs | fixed, ms | for each sample, µs |',
    '|---|---|---|',
    row(['worker, CPU', round(fixed.worker), micro(perSample.worker)]),
    row(['database, CPU', round(fixed.database), micro(perSample.database)]),
    row(["database's log", round(fixed.log), micro(perSample.log)]),
    row(['cycle of a lone worker', round(fixed.cycle), micro(perSample.cycle)]),
    '',
    `Of the worker's time for a sample, ${(1e6 * perBarSample).toFixed(2)} ns are for each bar. An idle worker costs the database ${round(idle.database)} ms of CPU a second and holds ${idle.connections} connections.`,
    '',
    `| machines of ${LARGE.threads} threads | blocks/s | overhead | busy cores of the database | log | connections | MB/s | what is full, and what to change |`,
    '|---|---|---|---|---|---|---|---|',
    ...MACHINES.map((machines) => {
      const each = load(machines)
      const { blocksPerSecond, overhead, databaseCores, log, connections, megabytes } = each
      const percent = `${round(100 * overhead, 2)} %`
      return row([
        machines.toLocaleString('en-US'),
        round(blocksPerSecond),
        percent,
        round(databaseCores, 2),
        `${round(100 * log, 2)} %`,
        connections.toLocaleString('en-US'),
        round(megabytes),
        saturated(each, LARGE.databaseCores).join('; ') || 'nothing',
      ])
    }),
    '',
    `Blocks of ${LARGE.samples.toLocaleString('en-US')} samples over a year of minutes, ${LARGE.parameters} parameters. The database has a machine of ${LARGE.databaseCores} cores like these, the usual 100 connections and a network of 1 Gbit/s; a block costs it ${round(blockCost(costs, LARGE.samples).database)} ms.`,
  ].join('\n')
}

function row(cells: readonly (string | number)[]): string {
  return `| ${cells.join(' | ')} |`
}

function micro(ms: number): number {
  return round(1000 * ms)
}
