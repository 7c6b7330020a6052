import { z } from 'zod'
import { ValidationError } from '../errors.ts'
import { resolveHyperparameters } from './estimator.ts'
import { flattenTrees, type CartNode } from './flat-forest.ts'
import { RandomForest, randomForest } from './random-forest.ts'

const Node: z.ZodType<CartNode> = z.object({
  splitColumn: z.number().nullish(),
  splitValue: z.number().nullish(),
  distribution: z.number().nullish(),
  get left() {
    return Node.optional()
  },
  get right() {
    return Node.optional()
  },
}) as never

const Saved = z.object({
  name: z.literal('RFRegression', { error: 'must be "RFRegression": a classifier cannot be read.' }),
  baseModel: z.object({
    indexes: z.array(z.array(z.int().min(0))).min(1),
    estimators: z.array(z.object({ root: Node })).min(1),
  }),
  selectionMethod: z.literal('mean', { error: 'must be "mean": another selection cannot be read.' }).default('mean'),
})

/**
 * Read a regression forest that ml-random-forest saved by `JSON.stringify(forest.toJSON())`. Its trees are scored by
 * our own scorer, to the bit as the package scores them. What it was trained with is not all in the file: the
 * hyperparameters are the defaults but for the number of trees and the engine.
 *
 * @param columns features of a row; as many as the trees mention where it is left out
 * @throws ValidationError anything that is no such forest, or averages its trees in another way than by the mean
 */
export function fromMlRandomForestJson(text: string, columns?: number): RandomForest {
  const parsed = Saved.safeParse(parseJson(text))
  if (!parsed.success) {
    throw new ValidationError(
      parsed.error.issues.map(({ path, message }) => ({ path: ['model', ...path.map(String)], message })),
    )
  }
  const { indexes, estimators } = parsed.data.baseModel
  if (indexes.length !== estimators.length) {
    throw refuse(`has ${estimators.length} trees and features for ${indexes.length}.`)
  }
  const mentioned = indexes.flat().reduce((most, column) => Math.max(most, column + 1), 1)
  const width = columns ?? mentioned
  if (mentioned > width) throw refuse(`reads feature ${mentioned - 1}, but a row has ${width}.`)
  estimators.forEach(({ root }, tree) => checkTree(root, indexes[tree].length, tree))
  const forest = flattenTrees(
    estimators.map(({ root }) => root),
    indexes,
  )
  const hyperparameters = {
    ...resolveHyperparameters(randomForest.hyperparameters, {}),
    nEstimators: estimators.length,
    engine: 1,
  }
  return new RandomForest(hyperparameters, width, forest, null, null)
}

/** @throws ValidationError a split without a place, a leaf without a value */
function checkTree(root: CartNode, features: number, tree: number): void {
  const nodes = [root] // it grows while it is walked
  for (let at = 0; at < nodes.length; at++) {
    const { left, right, splitColumn, splitValue, distribution } = nodes[at]
    const isInner = left && right
    const isWhole = isInner
      ? Number.isInteger(splitColumn) && splitColumn! >= 0 && splitColumn! < features && Number.isFinite(splitValue)
      : Number.isFinite(distribution)
    if (!isWhole) throw refuse(`is damaged in tree ${tree}.`)
    if (isInner) nodes.push(left, right)
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw refuse(`is not JSON: ${(cause as Error).message}. Save it by JSON.stringify(forest.toJSON()).`)
  }
}

function refuse(message: string): ValidationError {
  return ValidationError.at('model', `The forest ${message}`)
}
