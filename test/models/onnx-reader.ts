import { expect } from 'vitest'
import type { Matrix } from '../../src/models/estimator.ts'
import { rowOf } from '../../src/models/matrix.ts'

type Field = { id: number; value: number | Uint8Array }

/** The fields of a protocol buffer, as the format defines them. */
function fieldsOf(bytes: Uint8Array): Field[] {
  const fields: Field[] = []
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]
      value += (byte & 127) * 2 ** shift
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const key = varint()
    if ((key & 7) === 0) fields.push({ id: key >> 3, value: varint() })
    else {
      expect(key & 7).toBe(2)
      const length = varint()
      fields.push({ id: key >> 3, value: bytes.subarray(at, (at += length)) })
    }
  }
  return fields
}

const only = (bytes: Uint8Array, id: number): Uint8Array =>
  fieldsOf(bytes).find((field) => field.id === id)!.value as Uint8Array
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** The attributes of the operator by name: numbers as a list, texts as a list. */
export function attributesOf(model: Uint8Array): Map<string, (number | string)[]> {
  const node = only(only(model, 7), 1)
  expect(text(only(node, 4))).toBe('TreeEnsembleRegressor')
  expect(text(only(node, 7))).toBe('ai.onnx.ml')
  const attributes = fieldsOf(node).filter(({ id }) => id === 5)
  return new Map(
    attributes.map(({ value }) => {
      const attribute = value as Uint8Array
      const values = fieldsOf(attribute).filter(({ id }) => id !== 1 && id !== 20)
      return [text(only(attribute, 1)), values.flatMap(decode)]
    }),
  )
}

function decode({ id, value }: Field): (number | string)[] {
  if (typeof value === 'number') return [value]
  if (id === 7) return [...new Float32Array(value.slice().buffer)]
  if (id === 8) {
    const numbers: number[] = []
    let rest = 0
    let shift = 0
    for (const byte of value) {
      rest += (byte & 127) * 2 ** shift
      shift += 7
      if (byte < 128) [rest, shift] = [(numbers.push(rest), 0), 0]
    }
    return numbers
  }
  return [text(value)]
}

/** A forest read by the rules of the operator, without a line of what wrote it. @returns how it predicts rows */
export function readOnnxForest(model: Uint8Array): (rows: Matrix) => Float64Array {
  const attributes = attributesOf(model)
  const list = (name: string): number[] => attributes.get(name) as number[]
  const trees = new Set(list('nodes_treeids'))
  const at = new Map(list('nodes_nodeids').map((node, index) => [`${list('nodes_treeids')[index]} ${node}`, index]))
  const weights = new Map(
    list('target_nodeids').map((node, index) => [
      `${list('target_treeids')[index]} ${node}`,
      list('target_weights')[index],
    ]),
  )
  const leafOf = (tree: number, x: Float64Array): number => {
    for (let node = 0; ;) {
      const index = at.get(`${tree} ${node}`)!
      if (attributes.get('nodes_modes')![index] === 'LEAF') return weights.get(`${tree} ${node}`)!
      const isTrue = x[list('nodes_featureids')[index]] < list('nodes_values')[index]
      node = list(isTrue ? 'nodes_truenodeids' : 'nodes_falsenodeids')[index]
    }
  }
  const share = attributes.get('aggregate_function')![0] === 'AVERAGE' ? 1 / trees.size : 1
  const predict = (x: Float64Array): number =>
    [...trees].reduce((sum, tree) => sum + share * leafOf(tree, x), list('base_values')[0])
  return (rows) => Float64Array.from({ length: rows.rows }, (_, row) => predict(rowOf(rows, row)))
}
