/**
 * `npm run drill -- <name> [--seed N]`: mistreat Tunebook and see whether it keeps its promises. Each drill has its own
 * PostgreSQL, ends within three minutes, prints its seed and one line of JSON, and exits with 1 where a promise broke.
 */
import { parseArgs } from 'node:util'
import { Random } from '../src/engine/random.ts'
import { abuse } from './abuse.ts'
import { busy } from './busy.ts'
import { disk } from './disk.ts'
import { database } from './database.ts'
import { drain } from './drain.ts'
import { guessing } from './guessing.ts'
import { kill } from './kill.ts'
import { leaks } from './leaks.ts'
import { load } from './load.ts'
import { memory } from './memory.ts'
import { poison } from './poison.ts'
import { races } from './races.ts'
import { skew } from './skew.ts'
import { subscribers } from './subscribers.ts'
import { upgrade } from './upgrade.ts'

export interface DrillTools {
  /** 0 ≤ x < 1, seeded */
  random: () => number
  /** what is to stand in the line of JSON */
  report: (facts: Record<string, unknown>) => void
}

/** @returns whether all promises were kept */
export type Drill = (tools: DrillTools) => Promise<boolean>

const DRILLS: Record<string, Drill> = {
  abuse,
  kill,
  poison,
  races,
  database,
  disk,
  memory,
  upgrade,
  subscribers,
  drain,
  leaks,
  guessing,
  busy,
  load,
  skew,
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string', default: '1' } },
})
const names = positionals.length > 0 ? positionals : Object.keys(DRILLS)
let kept = true
for (const name of names) {
  const drill = DRILLS[name]
  if (!drill) throw new Error(`There is no drill "${name}". There are: ${Object.keys(DRILLS).join(', ')}.`)
  const seed = Number(values.seed)
  console.error(`drill ${name}, seed ${seed} …`)
  const source = new Random(seed, 0)
  const facts: Record<string, unknown> = {}
  const good = await drill({ random: () => source.float(), report: (more) => Object.assign(facts, more) })
  console.log(JSON.stringify({ drill: name, seed, kept: good, ...facts }))
  kept &&= good
}
process.exit(kept ? 0 : 1)
