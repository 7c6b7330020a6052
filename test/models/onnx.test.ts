import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { walkForest } from '../../src/models/flat-forest.ts'
import { rowOf } from '../../src/models/matrix.ts'
import { toOnnx } from '../../src/models/onnx.ts'
import { findPython, runPython } from './python.ts'
import { randomForestOf, randomRows } from './random-trees.ts'

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
function attributesOf(model: Uint8Array): Map<string, (number | string)[]> {
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

describe('the ONNX form of a forest', () => {
  const forest = randomForestOf({ columns: 5, trees: 7, depth: 6, seed: 2 })
  const rows = randomRows(5, 300, 3)
  rows.values.forEach((value, at) => (rows.values[at] = Math.fround(value)))

  test('predicts what the forest predicts when it is read by the rules of the operator', () => {
    const attributes = attributesOf(toOnnx({ forest, columns: 5, base: 0.25, aggregate: 'SUM' }))
    const list = (name: string): number[] => attributes.get(name) as number[]
    const at = new Map(list('nodes_nodeids').map((node, index) => [`${list('nodes_treeids')[index]} ${node}`, index]))
    const weights = new Map(
      list('target_nodeids').map((node, index) => [
        `${list('target_treeids')[index]} ${node}`,
        list('target_weights')[index],
      ]),
    )
    const expected = walkForest(forest, rows, 0.25)
    for (let row = 0; row < rows.rows; row++) {
      let sum = list('base_values')[0]
      for (let tree = 0; tree < 7; tree++) {
        let node = 0
        for (
          let index = at.get(`${tree} 0`)!;
          attributes.get('nodes_modes')![index] !== 'LEAF';
          index = at.get(`${tree} ${node}`)!
        ) {
          const isTrue = rowOf(rows, row)[list('nodes_featureids')[index]] < list('nodes_values')[index]
          node = list(isTrue ? 'nodes_truenodeids' : 'nodes_falsenodeids')[index]
        }
        sum += weights.get(`${tree} ${node}`)!
      }
      expect(sum).toBeCloseTo(expected[row], 6)
    }
    expect(attributes.get('aggregate_function')).toEqual(['SUM'])
  })

  const python = findPython('onnx')
  test.skipIf(!python)('is found valid by the checker of ONNX', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tunebook-onnx-'))
    try {
      const file = join(folder, 'model.onnx')
      writeFileSync(file, toOnnx({ forest, columns: 5, base: 0, aggregate: 'AVERAGE' }))
      const script =
        'import onnx, sys; onnx.checker.check_model(onnx.load(sys.argv[1]), full_check=True); print("valid")'
      expect(runPython(python!, script, [file]).trim()).toBe('valid')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
