import { bytesAsColumn, columnAsBytes, packArtifact, unpackModel, unreadable } from './artifact.ts'
import type { Algorithm, Estimator, FittedModel, Hyperparameters, Matrix } from './estimator.ts'

/** A model that is a part of another one. */
export interface Member {
  model: FittedModel
  /** 0…1; those of all members add up to 1 */
  weight: number
}

/** What cross-validation said of every algorithm that was tried, chosen or not. */
export type TriedScores = Readonly<Record<string, number | null>>

/** A weighted mean of models: what ENSEMBLE and AUTO fit. */
export class CombinedModel implements FittedModel {
  readonly algorithm: Algorithm
  readonly hyperparameters: Hyperparameters
  readonly columns: number
  readonly outOfBag: Float64Array
  readonly members: readonly Member[]
  readonly scores: TriedScores

  /** @param outOfBag f64[training rows], out-of-fold predictions of the combination */
  constructor(
    algorithm: Algorithm,
    hyperparameters: Hyperparameters,
    members: readonly Member[],
    scores: TriedScores,
    outOfBag: Float64Array,
  ) {
    this.algorithm = algorithm
    this.hyperparameters = hyperparameters
    this.columns = members[0].model.columns
    this.members = members
    this.scores = scores
    this.outOfBag = outOfBag
  }

  /** Who is in it, in descending order of weight: `XGBOOST 0.6, BAYESIAN 0.4`; a single one without its weight. */
  get chosen(): string {
    if (this.members.length === 1) return this.members[0].model.algorithm
    const sorted = [...this.members].sort((a, b) => b.weight - a.weight)
    return sorted.map(({ model, weight }) => `${model.algorithm} ${Number(weight.toFixed(2))}`).join(', ')
  }

  predict(features: Matrix): Float64Array {
    const sum = new Float64Array(features.rows)
    for (const { model, weight } of this.members) {
      model.predict(features).forEach((value, row) => (sum[row] += weight * value))
    }
    return sum
  }

  toBytes(): Uint8Array {
    const { algorithm, hyperparameters, members, scores, outOfBag } = this
    const parts = members.map(({ model }) => model.toBytes())
    const facts = {
      algorithm,
      hyperparameters,
      scores,
      members: members.map(({ model, weight }, at) => [model.algorithm, weight, parts[at].length]),
    }
    return packArtifact({
      facts,
      columns: { outOfBag, ...Object.fromEntries(parts.map((part, at) => [at, bytesAsColumn(part)])) },
    })
  }

  /** The weight of each member, and the cross-validated R² of everything that was tried. */
  describe(): Record<string, number> {
    const weights = this.members.map(({ model, weight }) => [`${model.algorithm} weight`, weight])
    const scores = Object.entries(this.scores).flatMap(([name, r2]) => (r2 === null ? [] : [[`${name} r2`, r2]]))
    return Object.fromEntries([...weights, ...scores, ['features', this.columns]]) as Record<string, number>
  }
}

/** Read back a combination of models of the given algorithms. @throws DomainError MODEL_UNREADABLE */
export function combinedFromBytes(
  algorithm: Algorithm,
  bytes: Uint8Array,
  candidates: readonly Estimator[],
): CombinedModel {
  const { facts, columns, hyperparameters } = unpackModel(bytes, algorithm)
  const members = (facts.members as [Algorithm, number, number][]).map(([name, weight, length], at) => {
    const estimator = candidates.find((candidate) => candidate.algorithm === name)
    if (!estimator) throw unreadable(`its member ${name} is unknown to this version`)
    return { model: estimator.fromBytes(columnAsBytes(columns[at], length)), weight }
  })
  const scores = facts.scores as TriedScores
  return new CombinedModel(algorithm, hyperparameters, members, scores, columns.outOfBag as Float64Array)
}

/** Which algorithm a model is of, for people: what AUTO and ENSEMBLE chose, or its own name. */
export function chosenAlgorithm(model: FittedModel): string {
  return model instanceof CombinedModel ? model.chosen : model.algorithm
}
