import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fromNative, type NativeModel } from '../../src/models/download.ts'
import { modelFromBytes } from '../../src/models/algorithms.ts'
import type { Algorithm } from '../../src/models/estimator.ts'
import { fromXgboostJson } from '../../src/models/xgboost-json.ts'
import { loadModel, scoreCandidates } from '../../src/models/service.ts'
import { featureSet } from '../../src/models/features.ts'
import { selectColumns } from '../../src/models/matrix.ts'
import { drawSamples } from '../../src/strategy/sampling.ts'
import type { TuningJobRow } from '../../src/tuning/table.ts'
import { startWorker } from '../../src/tuning/worker.ts'
import { answered, asker, type Ask } from '../graphql/ask.ts'
import { testContext, type TestContext } from '../helpers.ts'
import { runJob } from '../tuning/jobs.ts'
import { readOnnxForest } from './onnx-reader.ts'
import { findPython, runPython } from './python.ts'

const QUICK: [Algorithm, Record<string, number>][] = [
  ['XGBOOST', { nEstimators: 40 }],
  ['RANDOM_FOREST', { nEstimators: 20 }],
  ['SVR', {}],
  ['NEURAL_NETWORK', { epochs: 5 }],
  ['BAYESIAN', { restarts: 1 }],
  ['ENSEMBLE', { folds: 2 }],
]

let ctx: TestContext
let ask: Ask
const jobs = new Map<Algorithm, TuningJobRow>()
beforeAll(async () => {
  ctx = await testContext()
  ask = asker(ctx)
  await startWorker(ctx)
  for (const [algorithm, hyperparameters] of QUICK) {
    jobs.set(algorithm, await runJob(ctx, { algorithm, hyperparameters, sampleCount: 70 }))
  }
})
afterAll(() => ctx.close())

const ARTIFACT =
  'query ($id: ID!, $format: ModelFormat) { model(id: $id) { checksum featureNames artifact(format: $format) } }'

interface Download {
  checksum: string
  featureNames: string[]
  artifact: unknown
}

async function download(algorithm: Algorithm, format?: string): Promise<Download> {
  return (await answered(ask(ARTIFACT, { id: jobs.get(algorithm)!.modelId, format }))).model as Download
}

/** Parameter sets from the space of the jobs. */
function candidates(count: number): Float64Array {
  const specs = jobs.get('XGBOOST')!.strategy.parameterSpace
  return drawSamples({ specs, sampler: 'RANDOM', count, seed: 6, violated: () => null }).rows
}

/** The same as the features that a model of these jobs takes. */
async function featureRows(algorithm: Algorithm, count: number) {
  const { row, strategy } = await loadModel(ctx, jobs.get(algorithm)!.modelId!)
  const features = featureSet(strategy, row.features)
  const names = features.features.map(({ name }) => name)
  return selectColumns(
    features.matrix(candidates(count)),
    Int32Array.from(row.featureNames, (name) => names.indexOf(name)),
  )
}

describe('a downloaded model', () => {
  test.each(QUICK.map(([algorithm]) => algorithm))(
    '%s as NATIVE is whole: read again it says the same to the bit, confidence and all',
    async (algorithm) => {
      const { artifact, checksum } = await download(algorithm)
      const native = JSON.parse(JSON.stringify(artifact)) as NativeModel
      expect(native).toMatchObject({ format: 'tunebook model', algorithm, checksum })
      expect(createHash('sha256').update(Buffer.from(native.artifact, 'base64')).digest('hex')).toBe(checksum)
      const { predictor, strategy } = fromNative(native)
      const packed = candidates(500)
      const {
        ranking: _,
        kernelMs: __,
        totalMs: ___,
        ...here
      } = await scoreCandidates(ctx, jobs.get(algorithm)!.modelId!, { names: [...strategy.parameterNames], packed })
      expect(predictor.judge(packed)).toEqual(here)
    },
  )

  test('is not read where it was changed on its way', async () => {
    const native = (await download('XGBOOST')).artifact as NativeModel
    const bytes = Buffer.from(native.artifact, 'base64')
    bytes[bytes.length - 5] ^= 1
    expect(() => fromNative({ ...native, artifact: bytes.toString('base64') })).toThrow('its checksum does not match')
    expect(() => fromNative({ ...native, formatVersion: 99 })).toThrow('its format has version 99')
    expect(() => fromNative({} as NativeModel)).toThrow('it is no tunebook model')
  })

  test('as XGBOOST_JSON is text that predicts 10,000 rows to the bit', async () => {
    const { artifact, featureNames } = await download('XGBOOST', 'XGBOOST_JSON')
    const read = fromXgboostJson(artifact as string)
    expect(read.featureNames).toEqual(featureNames)
    const rows = await featureRows('XGBOOST', 10_000)
    const { predictor } = await loadModel(ctx, jobs.get('XGBOOST')!.modelId!)
    expect(read.model.predict(rows)).toEqual(predictor.predict(candidates(10_000)))
  })

  test.each<Algorithm>(['XGBOOST', 'RANDOM_FOREST'])(
    '%s as ONNX predicts the same within 32 bits',
    async (algorithm) => {
      const { artifact } = await download(algorithm, 'ONNX')
      const predict = readOnnxForest(new Uint8Array(Buffer.from(artifact as string, 'base64')))
      const rows = await featureRows(algorithm, 300)
      rows.values.forEach((value, at) => (rows.values[at] = Math.fround(value)))
      const { row } = await loadModel(ctx, jobs.get(algorithm)!.modelId!)
      const expected = modelFromBytes(row.artifact).predict(rows)
      predict(rows).forEach((value, at) => expect(Math.abs(value - expected[at])).toBeLessThan(1e-6))
    },
  )

  test.each<[Algorithm, string, string]>([
    ['RANDOM_FOREST', 'XGBOOST_JSON', 'XGBOOST has it.'],
    ['SVR', 'XGBOOST_JSON', 'XGBOOST has it.'],
    ['SVR', 'ONNX', 'XGBOOST and RANDOM_FOREST have it.'],
    ['ENSEMBLE', 'ONNX', 'XGBOOST and RANDOM_FOREST have it.'],
  ])('%s is not written as %s, and the refusal says what is', async (algorithm, format, remedy) => {
    const { errors } = await ask(ARTIFACT, { id: jobs.get(algorithm)!.modelId, format })
    expect(errors).toMatchObject([
      {
        message: `format: This ${algorithm} model cannot be written as ${format}. ${remedy} NATIVE always works.`,
        extensions: { code: 'BAD_USER_INPUT', fieldErrors: [{ path: ['format'] }] },
      },
    ])
  })
})

const python = findPython('numpy', 'xgboost')

const XGBOOST = `
import json, sys, numpy, xgboost
folder = sys.argv[1]
names = json.load(open(folder + '/names.json'))
rows = xgboost.DMatrix(numpy.fromfile(folder + '/x').reshape(-1, len(names)), feature_names=names)
booster = xgboost.Booster()
booster.load_model(folder + '/model.json')
booster.predict(rows).astype(float).tofile(folder + '/predictions')
`

describe.skipIf(!python)('XGBoost itself', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tunebook-download-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('predicts 10,000 rows with the downloaded model to the bit as we do', async () => {
    const { artifact, featureNames } = await download('XGBOOST', 'XGBOOST_JSON')
    writeFileSync(join(folder, 'model.json'), artifact as string)
    writeFileSync(join(folder, 'names.json'), JSON.stringify(featureNames))
    writeFileSync(join(folder, 'x'), (await featureRows('XGBOOST', 10_000)).values)
    runPython(python!, XGBOOST, [folder])
    const theirs = new Float64Array(new Uint8Array(readFileSync(join(folder, 'predictions'))).buffer)
    const { predictor } = await loadModel(ctx, jobs.get('XGBOOST')!.modelId!)
    expect(theirs).toEqual(predictor.predict(candidates(10_000)))
  })
})
