import { z } from 'zod'
import { ValidationError } from '../errors.ts'
import { exactCut } from './binning.ts'
import { resolveHyperparameters } from './estimator.ts'
import { forestDepth } from './flat-forest.ts'
import { GradientBoosting, gradientBoosting } from './gradient-boosting.ts'
import type { WeightedForest } from './growth.ts'
import { singleDecimal } from './single-number.ts'
import { MAX_PATH_FEATURES } from './tree-shap.ts'

/** The version whose format is written; later ones read it as well. */
const VERSION = [1, 7, 4]

/** XGBoost's word for "no node" among the parents. */
const NO_PARENT = 2147483647

/**
 * A boosted model as XGBoost saves it in JSON. `Booster.load_model` and `XGBRegressor.load_model` read it, and what
 * they predict is to the bit what we predict.
 *
 * @param featureNames one per column; XGBoost wants them unique and without [ ] <
 */
export function toXgboostJson(model: GradientBoosting, featureNames: readonly string[]): string {
  const trees = Array.from(model.forest.roots, (_, tree) => treeJson(model, tree))
  const counts = { num_parallel_tree: '1', num_trees: String(trees.length), size_leaf_vector: '0' }
  const text = JSON.stringify({
    learner: {
      attributes: {},
      feature_names: featureNames,
      feature_types: featureNames.map(() => 'float'),
      gradient_booster: {
        model: { gbtree_model_param: counts, tree_info: trees.map(() => 0), trees: ['@trees'] },
        name: 'gbtree',
      },
      learner_model_param: {
        base_score: singleDecimal(model.baseScore),
        boost_from_average: '1',
        num_class: '0',
        num_feature: String(model.columns),
        num_target: '1',
      },
      objective: { name: 'reg:squarederror', reg_loss_param: { scale_pos_weight: '1' } },
    },
    version: VERSION,
  })
  return text.replace('"@trees"', () => trees.join(','))
}

/** Written by hand where numbers are floats: among those JSON.stringify would write integers. */
function treeJson(model: GradientBoosting, tree: number): string {
  const { roots, feature, number, left, cover } = model.forest
  const root = roots[tree]
  const end = roots[tree + 1] ?? feature.length
  const nodes = Array.from({ length: end - root }, (_, at) => root + at)
  const isLeaf = (node: number): boolean => feature[node] < 0
  const { weight, gain } = statistics(model, root, end)
  const parents = nodes.map(() => NO_PARENT)
  for (const node of nodes) if (!isLeaf(node)) parents[left[node] - root] = parents[left[node] + 1 - root] = node - root

  const integers = (values: number[]): string => `[${values.join(',')}]`
  const floats = (values: ArrayLike<number>): string => `[${Array.from(values, singleDecimal).join(',')}]`
  const zeros = integers(nodes.map(() => 0))
  const parameters = {
    num_deleted: '0',
    num_feature: String(model.columns),
    num_nodes: String(nodes.length),
    size_leaf_vector: '0',
  }
  const fields = {
    base_weights: floats(weight),
    categories: '[]',
    categories_nodes: '[]',
    categories_segments: '[]',
    categories_sizes: '[]',
    default_left: zeros, // a missing value goes right, as NaN < t is false
    id: String(tree),
    left_children: integers(nodes.map((node) => (isLeaf(node) ? -1 : left[node] - root))),
    loss_changes: floats(gain),
    parents: integers(parents),
    right_children: integers(nodes.map((node) => (isLeaf(node) ? -1 : left[node] + 1 - root))),
    split_conditions: floats(nodes.map((node) => number[node])),
    split_indices: integers(nodes.map((node) => Math.max(feature[node], 0))),
    split_type: zeros,
    sum_hessian: floats(nodes.map((node) => cover[node])),
    tree_param: JSON.stringify(parameters),
  }
  return `{${Object.entries(fields)
    .map(([name, json]) => `"${name}":${json}`)
    .join(',')}}`
}

/** What XGBoost notes beside the splits: the weight each node would have as a leaf, and the gain of each split. */
function statistics(model: GradientBoosting, root: number, end: number): { weight: Float64Array; gain: Float64Array } {
  const { feature, number, left, cover } = model.forest
  const { learningRate, lambda } = model.hyperparameters
  const sum = new Float64Array(end - root) // of the gradients, from the leaves up
  const weight = new Float64Array(end - root)
  const gain = new Float64Array(end - root)
  const score = (node: number): number => sum[node - root] ** 2 / (cover[node] + lambda)
  for (let node = end - 1; node >= root; node--) {
    const at = node - root
    const child = left[node]
    if (feature[node] < 0) sum[at] = (-number[node] * (cover[node] + lambda)) / learningRate
    else {
      sum[at] = sum[child - root] + sum[child + 1 - root]
      gain[at] = Math.max(0, score(child) + score(child + 1) - score(node))
    }
    weight[at] = (-sum[at] / (cover[node] + lambda)) * learningRate
  }
  return { weight, gain }
}

const Tree = z.object({
  left_children: z.array(z.int()),
  right_children: z.array(z.int()),
  split_conditions: z.array(z.number()),
  split_indices: z.array(z.int()),
  split_type: z.array(z.int()).default([]),
  sum_hessian: z.array(z.number()),
})
type Tree = z.infer<typeof Tree>

const Model = z.object({
  learner: z.object({
    feature_names: z.array(z.string()).default([]),
    gradient_booster: z.object({
      name: z.literal('gbtree', { error: 'must be "gbtree": other boosters cannot be read.' }),
      model: z.object({ trees: z.array(Tree).min(1) }),
    }),
    learner_model_param: z.object({
      base_score: z.string(),
      num_class: z.string().default('0'),
      num_feature: z.string(),
      num_target: z.string().default('1'),
    }),
    objective: z.object({
      name: z.literal('reg:squarederror', {
        error: 'must be "reg:squarederror": only such models predict a plain sum.',
      }),
    }),
  }),
})

/**
 * Read a regression model that XGBoost (or `toXgboostJson`) saved in JSON. What it was trained with is not in the
 * file: its hyperparameters are the defaults but for the number of trees.
 *
 * A missing value goes right; features that we predict from are never missing.
 *
 * @throws ValidationError anything that is not a gbtree with squared error on plain numbers
 */
export function fromXgboostJson(text: string): { model: GradientBoosting; featureNames: string[] } {
  const parsed = Model.safeParse(parseJson(text))
  if (!parsed.success) {
    throw new ValidationError(
      parsed.error.issues.map(({ path, message }) => ({ path: ['model', ...path.map(String)], message })),
    )
  }
  const { gradient_booster, learner_model_param: parameters, feature_names: featureNames } = parsed.data.learner
  const columns = Number(parameters.num_feature)
  if (Number(parameters.num_class) > 1 || Number(parameters.num_target) > 1) {
    throw refuse(
      'learner_model_param',
      'The model predicts several numbers a row; only those that predict one can be read.',
    )
  }
  const { trees } = gradient_booster.model
  const forest = flatten(trees, columns)
  if (forestDepth(forest) > MAX_PATH_FEATURES) {
    throw refuse(
      'trees',
      `The deepest tree has ${forestDepth(forest)} levels; at most ${MAX_PATH_FEATURES} can be read.`,
    )
  }
  const settings = resolveHyperparameters(gradientBoosting.hyperparameters, {})
  const hyperparameters = { ...settings, nEstimators: trees.length, maxDepth: forestDepth(forest), minChildWeight: 1 }
  const baseScore = Math.fround(Number(parameters.base_score.replace(/^\[|\]$/g, ''))) // in brackets since XGBoost 3
  if (!Number.isFinite(baseScore)) throw refuse('base_score', `${parameters.base_score} is not a number.`)
  return { model: new GradientBoosting(hyperparameters, columns, forest, baseScore), featureNames }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw refuse('', `Not JSON: ${(cause as Error).message}. Save the model with save_model('model.json').`)
  }
}

function refuse(where: string, message: string): ValidationError {
  return ValidationError.at(where === '' ? 'model' : ['model', where], message)
}

/** Bring the trees into our form, breadth first: nodes that XGBoost has pruned away are not met. */
function flatten(trees: readonly Tree[], columns: number): WeightedForest {
  const roots: number[] = []
  const feature: number[] = []
  const number: number[] = []
  const left: number[] = []
  const cover: number[] = []
  trees.forEach((tree, at) => {
    if (tree.split_type.some((type) => type !== 0))
      throw refuse('trees', `Tree ${at} splits on categories; only numbers can be read.`)
    const base = feature.length
    roots.push(base)
    const order = [0] // it grows while it is walked
    for (let i = 0; i < order.length; i++) {
      const node = order[i]
      const [child, other] = [tree.left_children[node], tree.right_children[node]]
      const condition = tree.split_conditions[node]
      if (
        condition === undefined ||
        child === undefined ||
        other === undefined ||
        order.length > tree.left_children.length
      ) {
        throw refuse('trees', `Tree ${at} is damaged at node ${node}.`)
      }
      const isLeaf = child === -1
      if (!isLeaf && !(tree.split_indices[node] >= 0 && tree.split_indices[node] < columns)) {
        throw refuse('trees', `Tree ${at} splits on feature ${tree.split_indices[node]}; the model has ${columns}.`)
      }
      feature.push(isLeaf ? -1 : tree.split_indices[node])
      number.push(isLeaf ? Math.fround(condition) : exactCut(Math.fround(condition)))
      left.push(base + (isLeaf ? i - 1 : order.length))
      cover.push(tree.sum_hessian[node] ?? 0)
      if (!isLeaf) order.push(child, other)
    }
  })
  return {
    roots: Int32Array.from(roots),
    feature: Int32Array.from(feature),
    number: Float64Array.from(number),
    left: Int32Array.from(left),
    cover: Float64Array.from(cover),
  }
}
