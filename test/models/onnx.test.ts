import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { walkForest } from '../../src/models/flat-forest.ts'
import { toOnnx } from '../../src/models/onnx.ts'
import { attributesOf, readOnnxForest } from './onnx-reader.ts'
import { findPython, runPython } from './python.ts'
import { randomForestOf, randomRows } from './random-trees.ts'

describe('the ONNX form of a forest', () => {
  const forest = randomForestOf({ columns: 5, trees: 7, depth: 6, seed: 2 })
  const rows = randomRows(5, 300, 3)
  rows.values.forEach((value, at) => (rows.values[at] = Math.fround(value)))

  test('predicts what the forest predicts when it is read by the rules of the operator', () => {
    const bytes = toOnnx({ forest, columns: 5, base: 0.25, aggregate: 'SUM' })
    const expected = walkForest(forest, rows, 0.25)
    readOnnxForest(bytes)(rows).forEach((value, row) => expect(value).toBeCloseTo(expected[row], 6))
    expect(attributesOf(bytes).get('aggregate_function')).toEqual(['SUM'])
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
