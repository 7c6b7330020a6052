/** The tables of docs/scale.md. */
import { round } from '../engine/report.ts'
import { BARS } from './measure.ts'
import { blockCost, type Costs, type Idle, type Load, loadOf, type Machine, type Run } from './model.ts'

export interface Measured {
  lines: { run: Run; predicted: number; error: number }[]
  costs: Costs
  idle: Idle
  shared: Machine
  machine: { cpu: string; node: string }
}

/** A large job of the kind that is spread: a year of minutes, blocks as TUNEBOOK_SHARE_FROM cuts them by default. */
const LARGE = { threads: 8, bars: 525_600, samples: 1903, parameters: 6 }
const MACHINES = [1, 10, 100, 1000]
/** A database server of some size. */
const DATABASE_CORES = 16

export function scaleTables({ lines, costs, idle, shared, machine }: Measured): string {
  const { fixed, perSample } = costs
  const worst = Math.max(...lines.map(({ error }) => Math.abs(error)))
  const perBarSample = perSample.worker / BARS
  const load = (machines: number): Load => loadOf(costs, idle, perBarSample, { ...LARGE, machines })
  const most = Math.floor((DATABASE_CORES / load(1000).databaseCores) * 1000)
  return [
    '| workers | samples a block | blocks/s | the model says | worker CPU, ms | database CPU, ms | waiting, ms |',
    '|---|---|---|---|---|---|---|',
    ...lines.map(({ run, predicted, error }) =>
      row([
        run.workers,
        run.samples,
        round(run.blocksPerSecond),
        `${round(predicted)} (${error >= 0 ? '+' : '−'}${Math.abs(Math.round(100 * error))} %)`,
        round(run.cost.worker),
        round(run.cost.database),
        round(run.cost.waiting),
      ]),
    ),
    '',
    `Worker, database and bench shared ${shared.cores} cores of ${machine.cpu}, Node ${machine.node}, of which others kept ${shared.background.toFixed(2)} busy; where all cores are busy each takes ${shared.crowding.toFixed(2)} times as long. The model is at most ${Math.round(100 * worst)} % off.`,
    '',
    '| a block costs | fixed, ms | for each sample, µs |',
    '|---|---|---|',
    row(['worker, CPU', round(fixed.worker), micro(perSample.worker)]),
    row(['database, CPU', round(fixed.database), micro(perSample.database)]),
    row(['waiting for answers', round(fixed.waiting), micro(perSample.waiting)]),
    '',
    `Of the worker's time for a sample, ${(1e6 * perBarSample).toFixed(2)} ns are for each bar. An idle worker costs the database ${round(idle.database)} ms of CPU a second and holds ${idle.connections} connections.`,
    '',
    `| machines of ${LARGE.threads} threads | blocks/s | overhead | busy cores of the database | connections | MB/s to the database |`,
    '|---|---|---|---|---|---|',
    ...MACHINES.map((machines) => {
      const { blocksPerSecond, overhead, databaseCores, connections, megabytes } = load(machines)
      const percent = `${round(100 * overhead, 2)} %`
      return row([
        machines.toLocaleString('en-US'),
        round(blocksPerSecond),
        percent,
        round(databaseCores, 2),
        connections.toLocaleString('en-US'),
        round(megabytes),
      ])
    }),
    '',
    `Blocks of ${LARGE.samples.toLocaleString('en-US')} samples over a year of minutes, ${LARGE.parameters} parameters. A database of ${DATABASE_CORES} cores like these is busy with ${most.toLocaleString('en-US')} machines; its connections are used up long before. A block costs it ${round(blockCost(costs, LARGE.samples).database)} ms.`,
  ].join('\n')
}

function row(cells: readonly (string | number)[]): string {
  return `| ${cells.join(' | ')} |`
}

function micro(ms: number): number {
  return round(1000 * ms)
}
