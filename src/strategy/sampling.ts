import { ValidationError } from '../errors.ts'
import { Random } from '../engine/random.ts'
import { centredDiscrepancy, latinHypercube, MAXIMIN_POINTS, random, sobol } from './designs.ts'
import { grid } from './grid.ts'
import { inverseCdf } from './inverse-cdf.ts'
import type { ParameterSpec } from './parameter-space.ts'
import { isVaried, levels } from './parameter-space.ts'

/** How parameter sets are drawn. Names are those of the API. */
export const SAMPLERS = ['LATIN_HYPERCUBE', 'SOBOL', 'RANDOM', 'GRID'] as const
export type Sampler = (typeof SAMPLERS)[number]

/** How many samples are wanted, and how they are drawn. */
export interface Design {
  sampler: Sampler
  /** rows asked for, ≥ 1; the most that GRID makes */
  count: number
  seed: number
  /** take the first Latin hypercube, at a tenth of the cost, where the samples need not be spread as well as can be */
  anyDesign?: boolean
}

export interface SampleRequest extends Design {
  /** in order (`checkParameterSpace`) */
  specs: readonly ParameterSpec[]
  /** The constraint that a row violates, as the user wrote it; null where it satisfies all. */
  violated?: (row: Float64Array) => string | null
}

export interface Samples {
  /** f64[count × parameters], all different, all within the constraints */
  rows: Float64Array
  /** fewer than asked where the space or the grid has no more; more where SOBOL rounds up */
  count: number
  /** draws that violated a constraint */
  rejected: number
  /** draws that repeated an earlier row */
  duplicates: number
  /** The design is the best of 50 Latin hypercubes, not just the first. */
  maximin: boolean
  /** centred L2 discrepancy of the design before anything was redrawn; null for a grid, a large one, and where any would do */
  discrepancy: number | null
  /** what a user should know about how the rows came about */
  notes: string[]
}

/** Draws thrown away, for each of the two reasons, before giving up: this times the count. */
const REDRAWS_PER_SAMPLE = 100
/** A space with no more combinations than this can be searched whole where drawing finds too few. */
const ENUMERABLE = 50_000
/** Multiplications that the discrepancy of a design may cost. */
const DISCREPANCY_WORK = 50_000_000

/**
 * Draw different parameter sets within the constraints. A draw that violates a constraint, or repeats an earlier row,
 * is replaced by a fresh random one, never moved to the nearest fit, and counted.
 *
 * @throws ValidationError after 100 × count draws in vain, naming the constraint that refused most
 */
export function drawSamples(request: SampleRequest): Samples {
  const { specs, sampler } = request
  if (sampler === 'GRID') return drawGrid(request)
  const notes: string[] = []
  const count = sampler === 'SOBOL' ? powerOfTwo(request.count, notes) : request.count
  if (combinations(specs) <= count) return drawEverything(request, count, notes)

  const d = specs.filter(isVaried).length
  const design = makeDesign(request, count, d)
  const accepted = new Acceptance(request)
  const redrawSeed = substream(request.seed, 'redraw')
  for (let i = 0; i < count; i++) {
    let row = rowOf(specs, (j) => design[i * d + j])
    const redraw = new Random(redrawSeed, i)
    while (!accepted.offer(row)) {
      if (accepted.isHopeless(count)) return searchEverything(request, accepted, count, notes)
      row = rowOf(specs, () => redraw.float())
    }
  }
  noteRedraws(accepted, sampler, notes)
  const discrepancy =
    !request.anyDesign && count * count * d <= DISCREPANCY_WORK ? centredDiscrepancy(design, count, d) : null
  const maximin = sampler === 'LATIN_HYPERCUBE' && !request.anyDesign && count <= MAXIMIN_POINTS
  return { ...accepted.samples(notes), maximin, discrepancy }
}

/** How many different rows there are; Infinity with a continuous parameter. */
export function combinations(specs: readonly ParameterSpec[]): number {
  return specs.reduce((product, spec) => product * levels(spec), 1)
}

/** The rows accepted so far, and why others were not. */
class Acceptance {
  readonly #violated: (row: Float64Array) => string | null
  readonly #seen = new Set<string>()
  readonly #values: number[] = []
  readonly #refusals = new Map<string, number>()
  rejected = 0
  duplicates = 0

  constructor({ violated }: SampleRequest) {
    this.#violated = violated ?? (() => null)
  }

  get count(): number {
    return this.#seen.size
  }

  /** @returns whether the row is new and within the constraints, and so was taken */
  offer(row: Float64Array): boolean {
    const constraint = this.#violated(row)
    if (constraint !== null) {
      this.rejected++
      this.#refusals.set(constraint, (this.#refusals.get(constraint) ?? 0) + 1)
      return false
    }
    const key = row.join()
    if (this.#seen.has(key)) {
      this.duplicates++
      return false
    }
    this.#seen.add(key)
    this.#values.push(...row)
    return true
  }

  isHopeless(count: number): boolean {
    return Math.max(this.rejected, this.duplicates) >= REDRAWS_PER_SAMPLE * count
  }

  samples(notes: string[]): Samples {
    const { count, rejected, duplicates } = this
    const rows = Float64Array.from(this.#values)
    return { rows, count, rejected, duplicates, maximin: false, discrepancy: null, notes }
  }

  /** Nothing, or too little, was found. The constraint that refused most draws is to blame. */
  failure(wanted: number): ValidationError {
    const [constraint, refusals] = [...this.#refusals].reduce((worst, each) => (each[1] > worst[1] ? each : worst))
    const draws = this.count + this.rejected + this.duplicates
    return ValidationError.at(
      'constraints',
      `only ${this.count} of ${wanted} parameter sets found in ${draws} draws: ${JSON.stringify(constraint)} refused ` +
        `${refusals} of them. Loosen it, or change the ranges so that more sets satisfy it.`,
    )
  }
}

/** A full factorial grid of at most `count` points. A point that violates a constraint is left out. */
function drawGrid(request: SampleRequest): Samples {
  const { levels, rows, count } = grid(request.specs, request.count)
  const accepted = accept(request, rows, count)
  const notes = [
    `A grid of ${levels.join(' × ')} levels (${request.specs.map((spec) => spec.name).join(', ')}): ${count} points.`,
  ]
  if (accepted.rejected > 0) notes.push(`${accepted.rejected} of them violate a constraint and are left out.`)
  return accepted.samples(notes)
}

/** The space has no more rows than were asked for: take them all. */
function drawEverything(request: SampleRequest, wanted: number, notes: string[]): Samples {
  const all = grid(request.specs, Infinity)
  const accepted = accept(request, all.rows, all.count)
  notes.push(noMore(accepted.count, wanted))
  return accepted.samples(notes)
}

function accept(request: SampleRequest, rows: Float64Array, count: number): Acceptance {
  const accepted = new Acceptance(request)
  const d = request.specs.length
  for (let i = 0; i < count; i++) accepted.offer(rows.slice(i * d, (i + 1) * d))
  if (accepted.count === 0) throw accepted.failure(request.count)
  return accepted
}

/**
 * Drawing no longer finds anything. Where the space can be searched whole, the rows that are still missing are taken
 * in random order from all there are. Where it cannot, repetitions say that nothing is left, and refusals that the
 * constraints leave too little.
 */
function searchEverything(request: SampleRequest, accepted: Acceptance, count: number, notes: string[]): Samples {
  const { specs, seed } = request
  const { rejected, duplicates } = accepted
  if (combinations(specs) <= ENUMERABLE) {
    const all = grid(specs, Infinity)
    for (const i of new Random(substream(seed, 'search')).permutation(all.count)) {
      if (accepted.count === count) break
      accepted.offer(all.rows.slice(i * specs.length, (i + 1) * specs.length))
    }
    if (accepted.count === 0) throw accepted.failure(count)
  } else if (rejected > duplicates) throw accepted.failure(count)
  notes.push(
    accepted.count < count
      ? noMore(accepted.count, count)
      : 'So few sets satisfy the constraints that all were searched.',
  )
  return { ...accepted.samples(notes), rejected, duplicates }
}

function noMore(count: number, wanted: number): string {
  return `Within its constraints the space has no more different parameter sets than ${count}; ${wanted} were asked for.`
}

/** Unit points for the parameters that vary: a constant takes part in no distance. */
function makeDesign({ sampler, seed, anyDesign }: SampleRequest, count: number, d: number): Float64Array {
  if (sampler === 'RANDOM') return random(count, d, seed)
  if (sampler === 'SOBOL') return sobol(count, d, seed)
  return latinHypercube(count, d, seed, { maximin: !anyDesign })
}

/** @param share 0 … 1 for each parameter that varies, asked for in order */
function rowOf(specs: readonly ParameterSpec[], share: (varied: number) => number): Float64Array {
  let varied = 0
  return Float64Array.from(specs, (spec) => inverseCdf(spec, isVaried(spec) ? share(varied++) : 0.5))
}

function powerOfTwo(count: number, notes: string[]): number {
  let power = 1
  while (power < count) power *= 2
  if (power > count) notes.push(`Sobol' points are balanced in powers of 2 only: ${count} samples became ${power}.`)
  return power
}

function noteRedraws({ rejected, duplicates }: Acceptance, sampler: Sampler, notes: string[]): void {
  if (rejected > 0) {
    const loss = sampler === 'RANDOM' ? '' : ' The even spread of the design holds only before that.'
    notes.push(`${rejected} draws violated a constraint and were drawn again.${loss}`)
  }
  if (duplicates > 0) notes.push(`${duplicates} draws repeated an earlier parameter set and were drawn again.`)
}

/** A seed for one of the other uses of randomness, unrelated to the design's own. */
function substream(seed: number, use: 'redraw' | 'search'): number {
  return new Random(seed, use === 'redraw' ? -1 : -2).uint32()
}
