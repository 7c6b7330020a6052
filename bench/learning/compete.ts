import { randomForest } from '../../src/models/random-forest.ts'
import type { Contest } from './contests.ts'
import { measure, summary, type Outcome, type Peer } from './peer.ts'
import { SURFACES, type Surface, type SurfaceName } from './surfaces.ts'
import { fastest, type Goal, type Result } from './table.ts'

/** The Python processes; null where one is missing. */
export interface Peers {
  trees: Peer | null
  dense: Peer | null
}

export const HELD_OUT = 10_000
const ML = 'ml-random-forest'
/** Small samples differ more from each other, and cost less. */
const SEEDS: Record<number, number> = { 200: 12, 1000: 5, 5000: 3 }

/** One contest on one surface and size: on every seed once each, in turns who begins. */
export async function compete(contest: Contest, surface: SurfaceName, rows: number, peers: Peers): Promise<Result> {
  const { name, estimator, ours: options } = contest
  const there = contest.peers.filter((peer) => peer === ML || peerOf(peers, peer) !== null)
  const theirs = new Map<string, Outcome[]>(there.map((peer) => [peer, []]))
  const own: Outcome[] = []
  for (let seed = 1; seed <= (contest.seeds?.[rows] ?? SEEDS[rows]); seed++) {
    const train = SURFACES[surface](rows, seed)
    const held = SURFACES[surface](HELD_OUT, 1000 + seed)
    const turns = [
      async () => {
        for (const peer of there) theirs.get(peer)!.push(await asked(contest, peer, peers, train, held, seed))
      },
      async () => void own.push(await measure(estimator, train, held, options, seed)),
    ]
    for (const turn of seed % 2 === 1 ? turns : turns.toReversed()) await turn()
  }
  const ours = summary(own)
  const others = [...theirs].map(([peer, all]) => ({ peer, ...summary(all) }))
  return { name, surface, rows, ours, others, goals: judged(contest, rows, ours, others) }
}

function peerOf({ trees, dense }: Peers, name: string): Peer | null {
  return /xgboost|scikit-learn/.test(name) ? trees : dense
}

function asked({ ours, theirs }: Contest, peer: string, peers: Peers, train: Surface, held: Surface, seed: number) {
  if (peer === ML) return measure(randomForest, train, held, { ...ours, engine: 1 }, seed)
  return peerOf(peers, peer)!.ask(peer, train, held, { ...ours, ...theirs, seed })
}

/** What a contest asks of us, and whether it is so. Without a peer there is nothing to be faster than. */
function judged({ goals }: Contest, rows: number, ours: Outcome, others: Result['others']): Goal[] {
  const times = (key: 'fitMs' | 'predictMs', goal: number | undefined): Goal[] => {
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
