/**
 * Everything that learns beside XGBoost, scikit-learn and ml-random-forest: same data, same settings, same base score,
 * one thread each, CPU time, in turns; medians over the seeds. Then deep trees, searching by expected improvement
 * beside a Latin hypercube, and what a whole job takes to learn. Prints what the goals are and whether they are kept,
 * each contest when it is over.
 *
 *     npm run bench:learning [-- --only boosting] [--rows 200,1000] [--json file] [--readme]
 *
 * `--only` takes a part of a contest's name, `deep trees`, `search` or `job`. Needs python3-xgboost and
 * python3-sklearn; without them only our own side is measured. `--readme` writes the tables of a whole run between the
 * markers in README.md.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { quantile } from '../../src/engine/statistics.ts'
import { gradientBoosting } from '../../src/models/gradient-boosting.ts'
import { writeBetween } from '../markers.ts'
import { bayesianSearches, type SearchResult } from './bayesian-search.ts'
import { compete, HELD_OUT, type Peers } from './compete.ts'
import { CONTESTS, type Contest } from './contests.ts'
import { JOB_GOAL_MS, learningOfAJob, type JobCost } from './job.ts'
import { here, predict, startPeer } from './peer.ts'
import { SURFACES, type SurfaceName } from './surfaces.ts'
import { contestTable, jobTable, searchTable, type Goal, type Result } from './table.ts'

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    rows: { type: 'string' },
    json: { type: 'string', default: 'bench/results/learning.json' },
    readme: { type: 'boolean', default: false },
  },
})
if (flags.readme && (flags.only || flags.rows))
  throw new Error('Only a whole run goes into the README: leave out --only and --rows.')
const README = new URL('../../README.md', import.meta.url)

/** Searches of ten in which expected improvement must find more than a Latin hypercube of the same size. */
const SEARCH_GOAL = 0.9

const started = performance.now()
const results: Result[] = []
const searches: SearchResult[] = []
const deepTreesMs: Record<number, number> = {}
let job: JobCost | null = null
const goals: (Goal & { of: string })[] = []
const machine = { cpu: cpus()[0].model, node: process.version }

const isWanted = (name: string): boolean => name.includes(flags.only)
const contests = CONTESTS.filter(({ name }) => isWanted(name))
if (contests.length > 0) await holdContests(contests)
if (isWanted('deep trees')) await section('deep trees', scoreDeepTrees)
if (isWanted('search')) await section('search', search)
if (isWanted('job')) await section('job', learnOnce)
if (goals.length + results.length + searches.length === 0)
  throw new Error(`--only ${flags.only}: no contest is called that.`)

const missed = goals.filter(({ kept }) => !kept)
console.log(
  `${missed.length} of ${goals.length} goals missed${missed.map(({ of, text }) => `\n  ${of}: ${text}`).join('')}`,
)
if (flags.readme) writeBetween(README, 'learning', readmeTables())

async function holdContests(all: readonly Contest[]): Promise<void> {
  const peers = {
    trees: startPeer('trees_peer.py', ['xgboost', 'sklearn']),
    dense: startPeer('dense_peer.py', ['sklearn']),
  }
  for (const contest of all) await section(contest.name, () => hold(contest, peers))
  peers.trees?.end()
  peers.dense?.end()
}

/** What has been found so far outlives whoever loses patience. */
async function section(name: string, work: () => Promise<void> | void): Promise<void> {
  const begin = performance.now()
  console.log(`\n${name}`)
  await work()
  console.log(`  ${((performance.now() - begin) / 1000).toFixed(1)} s`)
  mkdirSync(dirname(flags.json), { recursive: true })
  const seconds = (performance.now() - started) / 1000
  const found = { machine, results, deepTreesMs, searches, job, goals, seconds }
  writeFileSync(flags.json, `${JSON.stringify(found, null, 2)}\n`)
}

async function hold(contest: Contest, peers: Peers): Promise<void> {
  const sizes = flags.rows ? flags.rows.split(',').map(Number) : contest.rows
  console.log('  surface, rows | fit ms peers / ours | predict 10,000 ms peers / ours | R² peers / ours | goals')
  for (const surface of Object.keys(SURFACES) as SurfaceName[]) {
    for (const rows of sizes.filter((size) => contest.rows.includes(size))) {
      const result = await compete(contest, surface, rows, peers)
      results.push(result)
      judge(`${contest.name}, ${surface}, ${rows}`, result.goals)
      const { ours, others } = result
      const column = (key: 'fitMs' | 'predictMs' | 'r2', digits: number): string =>
        `${others.map((other) => other[key].toFixed(digits)).join(', ') || '–'} / ${ours[key].toFixed(digits)}`
      const figures = [column('fitMs', 1), column('predictMs', 2), column('r2', 3), verdicts(result.goals)]
      console.log(`  ${surface}, ${rows} | ${figures.join(' | ')}`)
    }
  }
}

/** The scoring goal: 10,000 candidates by 100 and 300 trees of depth 8, copies and codes included. */
async function scoreDeepTrees(): Promise<void> {
  const held = SURFACES.friedman(HELD_OUT, 999)
  const train = SURFACES.friedman(1000, 1)
  for (const [nEstimators, goal] of [
    [100, 3],
    [300, 9],
  ]) {
    const options = { nEstimators, maxDepth: 8, minChildWeight: 1, subsample: 1 }
    const model = await gradientBoosting.fit(train.x, train.y, options, 1, here)
    predict(model, held)
    const runs = Array.from({ length: 9 }, () => predict(model, held).predictMs)
    const ms = quantile(runs, 0.5)
    deepTreesMs[nEstimators] = ms
    const found = [{ text: `${nEstimators} trees of depth 8: ${ms.toFixed(2)} ms ≤ ${goal} ms`, kept: ms <= goal }]
    judge('10,000 candidates', found)
    console.log(`  10,000 candidates, ${verdicts(found)}`)
  }
}

function search(): void {
  for (const result of bayesianSearches()) {
    const { name, samples, wins, seeds } = result
    const text = `better in ${wins} of ${seeds} ≥ ${SEARCH_GOAL * seeds}`
    searches.push(result)
    judge(`BAYESIAN on ${name}, ${samples} samples`, [{ text, kept: wins >= SEARCH_GOAL * seeds }])
  }
  console.log(searchTable(searches).join('\n'))
}

async function learnOnce(): Promise<void> {
  job = await learningOfAJob()
  const found = [{ text: `${job.totalMs.toFixed(0)} ms ≤ ${JOB_GOAL_MS} ms`, kept: job.totalMs <= JOB_GOAL_MS }]
  judge('learning of a job', found)
  console.log([...jobTable(job), '', verdicts(found)].join('\n'))
}

function judge(of: string, found: readonly Goal[]): void {
  goals.push(...found.map((goal) => ({ of, ...goal })))
}

function verdicts(found: readonly Goal[]): string {
  return found.map(({ text, kept }) => `${text} ${kept ? 'kept' : 'MISSED'}`).join('; ') || '–'
}

function readmeTables(): string {
  const kept = goals.filter((goal) => goal.kept).length
  return [
    ...contestTable(CONTESTS, results),
    '',
    ...searchTable(searches),
    '',
    ...jobTable(job!),
    '',
    `CPU time of one run of \`npm run bench:learning\`: ${machine.cpu}, Node ${machine.node}. Contests: medians against the fastest of the peers at the same settings, of a smooth and a rough surface the one that is worse for us. ${kept} of ${goals.length} of our own goals were reached.`,
  ].join('\n')
}
