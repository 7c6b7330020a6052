import type { FlatForest } from './flat-forest.ts'
import { singleThreshold } from './single-number.ts'

/** A forest and what its leaves are put together to. */
export interface OnnxForest {
  forest: FlatForest
  columns: number
  /** added to what the trees give */
  base: number
  aggregate: 'SUM' | 'AVERAGE'
}

/**
 * A forest as an ONNX model: one TreeEnsembleRegressor (ai.onnx.ml 1) from `features` float[n × columns] to
 * `prediction` float[n × 1]. Runtimes add the leaves in an order of their own: expect the last digits to differ.
 */
export function toOnnx({ forest, columns, base, aggregate }: OnnxForest): Uint8Array {
  const tree = {
    ...nodeAttributes(forest),
    aggregate_function: text(aggregate),
    base_values: floats([base]),
    n_targets: integer(1),
    post_transform: text('NONE'),
  }
  const node = [
    field(1, 'features'),
    field(2, 'prediction'),
    field(3, 'trees'),
    field(4, 'TreeEnsembleRegressor'),
    ...Object.entries(tree).map(([name, attribute]) => field(5, concat([field(1, name), attribute]))),
    field(7, 'ai.onnx.ml'),
  ]
  const graph = [
    field(1, concat(node)),
    field(2, 'tunebook'),
    field(11, tensor('features', columns)),
    field(12, tensor('prediction', 1)),
  ]
  return concat([
    field(1, 7), // the version of the format that goes with operator set 12
    field(2, 'tunebook'),
    field(7, concat(graph)),
    field(8, concat([field(1, ''), field(2, 12)])),
    field(8, concat([field(1, 'ai.onnx.ml'), field(2, 1)])),
  ])
}

/** The operator's table of nodes, one entry each, numbered within their tree. */
function nodeAttributes({ roots, feature, number, left }: FlatForest): Record<string, Uint8Array> {
  const all = Array.from(feature.keys())
  const treeOf = new Int32Array(feature.length)
  roots.forEach((root, tree) => treeOf.fill(tree, root))
  const own = (node: number): number => node - roots[treeOf[node]]
  const isLeaf = (node: number): boolean => feature[node] < 0
  const leaves = all.filter(isLeaf)
  return {
    nodes_falsenodeids: integers(all.map((node) => (isLeaf(node) ? 0 : own(left[node] + 1)))),
    nodes_featureids: integers(all.map((node) => Math.max(feature[node], 0))),
    nodes_missing_value_tracks_true: integers(all.map(() => 0)),
    nodes_modes: texts(all.map((node) => (isLeaf(node) ? 'LEAF' : 'BRANCH_LT'))),
    nodes_nodeids: integers(all.map(own)),
    nodes_treeids: integers([...treeOf]),
    nodes_truenodeids: integers(all.map((node) => (isLeaf(node) ? 0 : own(left[node])))),
    nodes_values: floats(all.map((node) => (isLeaf(node) ? 0 : singleThreshold(number[node])))),
    target_ids: integers(leaves.map(() => 0)),
    target_nodeids: integers(leaves.map(own)),
    target_treeids: integers(leaves.map((node) => treeOf[node])),
    target_weights: floats(leaves.map((node) => number[node])),
  }
}

/** A float tensor of any number of rows, as the description of an input or an output. */
function tensor(name: string, columns: number): Uint8Array {
  const shape = concat([field(1, concat([field(2, 'rows')])), field(1, concat([field(1, columns)]))])
  const type = concat([field(1, concat([field(1, 1), field(2, shape)]))])
  return concat([field(1, name), field(2, type)])
}

// Attributes: the value in the field of its type, and the type in field 20.

function integer(value: number): Uint8Array {
  return concat([field(3, value), field(20, 2)])
}

function text(value: string): Uint8Array {
  return concat([field(4, value), field(20, 3)])
}

function floats(values: readonly number[]): Uint8Array {
  return concat([field(7, new Uint8Array(Float32Array.from(values).buffer)), field(20, 6)])
}

function integers(values: readonly number[]): Uint8Array {
  return concat([field(8, concat(values.map(varint))), field(20, 7)])
}

function texts(values: readonly string[]): Uint8Array {
  return concat([...values.map((value) => field(9, value)), field(20, 8)])
}

/** One field of a protocol buffer: a number as a varint, anything else with its length in front. */
function field(id: number, value: number | string | Uint8Array): Uint8Array {
  if (typeof value === 'number') return concat([varint(id << 3), varint(value)])
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value
  return concat([varint((id << 3) | 2), varint(bytes.length), bytes])
}

/** @param value whole, 0 … 2³¹ − 1 */
function varint(value: number): Uint8Array {
  const bytes = []
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 128) return Uint8Array.from([...bytes, rest])
    bytes.push((rest & 127) | 128)
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
