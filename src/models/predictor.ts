import { baseConfidence, judge, type Calibration, type Judgement } from './confidence.ts'
import type { FittedModel, Matrix } from './estimator.ts'
import type { FeatureSet } from './features.ts'
import { selectColumns } from './matrix.ts'

/** What a predictor says of a batch of candidates, one entry per row. */
export interface Verdicts extends Judgement {
  /** f64, 0…100; below 50 residuals the share of all results that reach the reference, the same for every row */
  confidence: Float64Array
}

/** A model together with what turns raw parameters into its features and its predictions into a judgement. */
export class Predictor {
  readonly calibration: Calibration
  readonly #model: FittedModel
  readonly #features: FeatureSet
  readonly #columns: Int32Array

  /** @param featureNames those of the set that the model was trained on, in its order */
  constructor(model: FittedModel, features: FeatureSet, featureNames: readonly string[], calibration: Calibration) {
    const names = features.features.map(({ name }) => name)
    this.calibration = calibration
    this.#model = model
    this.#features = features
    this.#columns = Int32Array.from(featureNames, (name) => names.indexOf(name))
    const strange = featureNames.filter((name) => !names.includes(name))
    if (strange.length > 0)
      throw new Error(`The model knows features that its strategy has not: ${strange.join(', ')}.`)
  }

  /** @param rows f64[count × parameters] @returns f64[count], the model's own word */
  predict(rows: Float64Array): Float64Array {
    return this.#model.predict(selectColumns(this.#features.matrix(rows), this.#columns))
  }

  /** Prediction, interval, confidence and whether the model has to extrapolate, for each row. */
  judge(rows: Float64Array, predicted = this.predict(rows)): Verdicts {
    const columns = this.calibration.domain.low.length
    const parameters: Matrix = { rows: rows.length / columns, columns, values: rows }
    const judgement = judge(this.calibration, predicted, parameters)
    const confidence = judgement.confidence ?? new Float64Array(parameters.rows).fill(baseConfidence(this.calibration))
    return { ...judgement, confidence }
  }
}
