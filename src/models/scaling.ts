import { mean, ZERO_DEVIATION } from '../engine/statistics.ts'
import type { Matrix } from './estimator.ts'
import { columnOf } from './matrix.ts'

/** How the columns of a training set are brought to one scale: (x − shift) · factor. It is part of the model. */
export interface Scaling {
  /** f64[columns] */
  shift: Float64Array
  /** f64[columns]; 0 for a column that never varied, which then says nothing */
  factor: Float64Array
}

/** To mean 0 and population standard deviation 1. */
export function standardScaling(features: Matrix): Scaling {
  return scalingOf(features, (column) => {
    const { centre, deviation } = standardisation(column)
    return { shift: centre, width: deviation }
  })
}

/** To 0…1, from the smallest to the largest value. */
export function unitScaling(features: Matrix): Scaling {
  return scalingOf(features, (column) => {
    const low = column.reduce((least, value) => Math.min(least, value), Infinity)
    const high = column.reduce((most, value) => Math.max(most, value), -Infinity)
    return { shift: low, width: high - low }
  })
}

export function applyScaling({ shift, factor }: Scaling, { rows, columns, values }: Matrix): Matrix {
  const scaled = new Float64Array(values.length)
  for (let row = 0, cell = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, cell++) {
      scaled[cell] = (values[cell] - shift[column]) * factor[column]
    }
  }
  return { rows, columns, values: scaled }
}

/** How a target is brought to mean 0 and population standard deviation 1; the deviation of a constant is 0. */
export interface Standardisation {
  centre: number
  deviation: number
}

export function standardisation(values: Float64Array): Standardisation {
  const centre = mean(values)
  const square = values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / values.length
  const deviation = Math.sqrt(square)
  return { centre, deviation: deviation <= ZERO_DEVIATION ? 0 : deviation }
}

/** All zeros for a constant. */
export function standardise({ centre, deviation }: Standardisation, values: Float64Array): Float64Array {
  return values.map((value) => (deviation === 0 ? 0 : (value - centre) / deviation))
}

export function unstandardise({ centre, deviation }: Standardisation, values: Float64Array): Float64Array {
  return values.map((value) => centre + deviation * value)
}

function scalingOf(features: Matrix, of: (column: Float64Array) => { shift: number; width: number }): Scaling {
  const shift = new Float64Array(features.columns)
  const factor = new Float64Array(features.columns)
  for (let column = 0; column < features.columns; column++) {
    const { shift: from, width } = of(columnOf(features, column))
    shift[column] = from
    factor[column] = width > ZERO_DEVIATION * Math.max(1, Math.abs(from)) ? 1 / width : 0
  }
  return { shift, factor }
}
