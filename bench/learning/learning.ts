/**
 * Everything that learns beside XGBoost, scikit-learn and ml-random-forest: same data, same settings, same base score,
 * one thread each, CPU time, taken in turns (peers, ours, ours, peers); medians over the seeds. Prints what the goals
 * are and whether they are kept.
 *
 *     npm run bench:learning [-- --only boosting] [--rows 200,1000] [--seeds 5] [--json file] [--readme]
 *
 * Needs python3-xgboost and python3-sklearn; without them only our own side is measured. `--readme` writes the table
 * of a whole run between the markers in README.md.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { quantile } from '../../src/engine/statistics.ts'
import { gradientBoosting } from '../../src/models/gradient-boosting.ts'
import { randomForest } from '../../src/models/random-forest.ts'
import { CONTESTS, type Contest } from './contests.ts'
import { here, measure, predict, startPeer, summary, type Outcome } from './peer.ts'
import { writeBetween } from '../markers.ts'
import { SURFACES, type Surface, type SurfaceName } from './surfaces.ts'
import { fastest, learningTable, type Result } from './table.ts'

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    rows: { type: 'string' },
    seeds: { type: 'string' },
    json: { type: 'string', default: 'bench/results/learning.json' },
    readme: { type: 'boolean', default: false },
  },
})
if (flags.readme && (flags.only || flags.rows || flags.seeds))
  throw new Error('Only a whole run goes into the README: leave out --only, --rows and --seeds.')
/** Small samples differ more from each other, and cost less. */
const SEEDS: Record<number, number> = { 200: 12, 1000: 4, 5000: 3 }
const README = new URL('../../README.md', import.meta.url)
const HELD_OUT = 10_000
const ML = 'ml-random-forest'

const trees = startPeer('trees_peer.py', ['xgboost', 'sklearn'])
const dense = startPeer('dense_peer.py', ['sklearn'])
const started = performance.now()
const results: Result[] = []
const missed: string[] = []

console.log('setting, surface, rows | fit ms peers / ours | predict 10,000 ms peers / ours | R² peers / ours | goals')
for (const contest of CONTESTS.filter(({ name }) => name.includes(flags.only))) {
  const sizes = flags.rows ? flags.rows.split(',').map(Number) : contest.rows
  for (const surface of Object.keys(SURFACES) as SurfaceName[]) {
    for (const rows of sizes.filter((size) => contest.rows.includes(size))) {
      results.push(await compete(contest, surface, rows))
    }
  }
}
const deepTreesMs = 'boosting'.includes(flags.only) ? await scoreDeepTrees() : null
trees?.end()
dense?.end()
const seconds = (performance.now() - started) / 1000
console.log(`${missed.length} goals missed${missed.map((goal) => `\n  ${goal}`).join('')}\n${seconds.toFixed(0)} s`)
mkdirSync(dirname(flags.json), { recursive: true })
const machine = { cpu: cpus()[0].model, node: process.version }
writeFileSync(flags.json, `${JSON.stringify({ machine, results, deepTreesMs, missed, seconds }, null, 2)}\n`)
if (flags.readme)
  writeBetween(README, 'learning', learningTable(CONTESTS, results, `${machine.cpu}, Node ${machine.node}`))

async function compete(contest: Contest, surface: SurfaceName, rows: number): Promise<Result> {
  const { name, estimator, ours: options } = contest
  const peers = contest.peers.filter((peer) => peer === ML || peerOf(peer) !== null)
  const theirs = new Map<string, Outcome[]>(peers.map((peer) => [peer, []]))
  const own: Outcome[] = []
  const seeds = Math.min(Number(flags.seeds ?? SEEDS[rows]), contest.seeds?.[rows] ?? Infinity)
  for (let seed = 1; seed <= seeds; seed++) {
    const train = SURFACES[surface](rows, seed)
    const held = SURFACES[surface](HELD_OUT, 1000 + seed)
    const ask = async (): Promise<void> => {
      for (const peer of peers) theirs.get(peer)!.push(await asked(contest, peer, train, held, seed))
    }
    await ask()
    own.push(await measure(estimator, train, held, options, seed))
    own.push(await measure(estimator, train, held, options, seed))
    if (contest.seeds?.[rows] === undefined) await ask()
  }
  const ours = summary(own)
  const others = [...theirs].map(([peer, all]) => ({ peer, ...summary(all) }))
  const goals = judged(contest, rows, ours, others)
  const label = `${name}, ${surface}, ${rows}`
  missed.push(...goals.filter(({ kept }) => !kept).map(({ text }) => `${label}: ${text}`))
  const column = (key: keyof Outcome, digits: number): string =>
    `${others.map((other) => other[key].toFixed(digits)).join(', ') || '–'} / ${ours[key].toFixed(digits)}`
  const verdicts = goals.map(({ text, kept }) => `${text} ${kept ? 'kept' : 'MISSED'}`).join('; ') || '–'
  console.log(`${label} | ${column('fitMs', 1)} | ${column('predictMs', 2)} | ${column('r2', 3)} | ${verdicts}`)
  return { name, surface, rows, ours, others, goals }
}

function peerOf(name: string) {
  return /xgboost|scikit-learn/.test(name) ? trees : dense
}

function asked({ ours, theirs }: Contest, peer: string, train: Surface, held: Surface, seed: number) {
  if (peer === ML) return measure(randomForest, train, held, { ...ours, engine: 1 }, seed)
  return peerOf(peer)!.ask(peer, train, held, { ...ours, ...theirs, seed })
}

/** What a contest asks of us, and whether it is so. Without a peer there is nothing to be faster than. */
function judged(
  { goals }: Contest,
  rows: number,
  ours: Outcome,
  others: Result['others'],
): { text: string; kept: boolean }[] {
  const times = (key: 'fitMs' | 'predictMs', goal: number | undefined) => {
    if (goal === undefined || others.length === 0) return []
    const ratio = fastest(others, key)[key] / ours[key]
    const what = key === 'fitMs' ? 'fit' : 'predict'
    return [{ text: `${what} ${ratio.toFixed(1)}× ≥ ${goal}×`, kept: ratio >= goal }]
  }
  const limit = goals.fitMs?.[rows]
  const below = others.length > 0 ? fastest(others, 'fitMs').r2 - ours.r2 : 0
  return [
    ...times('fitMs', goals.fit?.[rows]),
    ...(limit ? [{ text: `fit ${ours.fitMs.toFixed(0)} ms ≤ ${limit} ms`, kept: ours.fitMs <= limit }] : []),
    ...times('predictMs', goals.predict),
    ...(goals.r2 !== undefined && others.length > 0
      ? [{ text: `R² below by ${below.toFixed(3)} ≤ ${goals.r2}`, kept: below <= goals.r2 }]
      : []),
  ]
}

/** The scoring goal: 10,000 candidates by 100 and 300 trees of depth 8, copies and codes included. */
async function scoreDeepTrees(): Promise<Record<number, number>> {
  const held = SURFACES.friedman(HELD_OUT, 999)
  const train = SURFACES.friedman(1000, 1)
  const times: Record<number, number> = {}
  for (const [nEstimators, goal] of [
    [100, 3],
    [300, 9],
  ]) {
    const options = { nEstimators, maxDepth: 8, minChildWeight: 1, subsample: 1 }
    const model = await gradientBoosting.fit(train.x, train.y, options, 1, here)
    predict(model, held)
    const runs = Array.from({ length: 9 }, () => predict(model, held).predictMs)
    times[nEstimators] = quantile(runs, 0.5)
    const text = `10,000 candidates, ${nEstimators} trees of depth 8: ${times[nEstimators].toFixed(2)} ms ≤ ${goal} ms`
    if (times[nEstimators] > goal) missed.push(text)
    console.log(`${text} ${times[nEstimators] > goal ? 'MISSED' : 'kept'}`)
  }
  return times
}
