import { bytesAsColumn, columnAsBytes, packArtifact, unpackModel, unreadable } from '../models/artifact.ts'
import type { FittedModel, Matrix } from '../models/estimator.ts'
import { gradientBoosting } from '../models/gradient-boosting.ts'
import { selectRows } from '../models/matrix.ts'

/**
 * What an optimizer has learned from a playbook's trades: one model of all of them, and one for each fold that has not
 * seen the times of that fold. So a trade that was learned from can still be asked about: by the part that has not
 * seen it. One from before or after the lesson is asked of the whole.
 */
export class OptimizerModel {
  /** those that have a feature of their own */
  readonly strategies: readonly string[]
  /** f64[blocks + 1], ms: exit times at which blocks begin, ascending, and the last one of the lesson */
  readonly bounds: Float64Array
  /** i32[blocks]: the part that has not seen it */
  readonly partOf: Int32Array
  readonly whole: FittedModel
  readonly parts: readonly FittedModel[]

  constructor(
    strategies: readonly string[],
    bounds: Float64Array,
    partOf: Int32Array,
    whole: FittedModel,
    parts: readonly FittedModel[],
  ) {
    this.strategies = strategies
    this.bounds = bounds
    this.partOf = partOf
    this.whole = whole
    this.parts = parts
  }

  /**
   * @param exitTimes f64[rows], ms
   * @returns f64[rows], in units of what was learned; no row by a part that has seen its time
   */
  predict(features: Matrix, exitTimes: Float64Array): Float64Array {
    const predictions = new Float64Array(features.rows)
    const parts = exitTimes.map((time) => this.#partFor(time))
    for (const [part, model] of [this.whole, ...this.parts].entries()) {
      const rows = Int32Array.from(parts.keys()).filter((row) => parts[row] === part - 1)
      if (rows.length === 0) continue
      const answers = model.predict(selectRows(features, rows))
      rows.forEach((row, at) => (predictions[row] = answers[at]))
    }
    return predictions
  }

  /** −1: the whole */
  #partFor(time: number): number {
    const { bounds } = this
    if (time < bounds[0] || time > bounds[bounds.length - 1]) return -1
    return this.partOf[blockOf(bounds, time)]
  }

  toBytes(): Uint8Array {
    const { strategies, bounds, partOf, whole } = this
    const members = [whole, ...this.parts].map((model) => model.toBytes())
    return packArtifact({
      facts: {
        algorithm: whole.algorithm,
        hyperparameters: whole.hyperparameters,
        strategies,
        members: members.map(({ length }) => length),
      },
      columns: { bounds, partOf, ...Object.fromEntries(members.map((bytes, at) => [at, bytesAsColumn(bytes)])) },
    })
  }
}

/** Read back what `toBytes` wrote. @throws DomainError MODEL_UNREADABLE */
export function optimizerModelFrom(bytes: Uint8Array): OptimizerModel {
  const { facts, columns } = unpackModel(bytes, gradientBoosting.algorithm)
  const { strategies, members } = facts as { strategies: string[]; members: number[] }
  const { bounds, partOf } = columns as { bounds: Float64Array; partOf: Int32Array }
  const [whole, ...parts] = members.map((length, at) => gradientBoosting.fromBytes(columnAsBytes(columns[at], length)))
  if (bounds.length !== partOf.length + 1 || partOf.some((part) => !parts[part])) {
    throw unreadable('its parts do not cover its lesson')
  }
  return new OptimizerModel(strategies, bounds, partOf, whole, parts)
}

/** The block of a time within the lesson. @param bounds as in `OptimizerModel` */
export function blockOf(bounds: Float64Array, time: number): number {
  const next = bounds.subarray(0, -1).findIndex((begin) => begin > time)
  return (next < 0 ? bounds.length - 1 : next) - 1
}
