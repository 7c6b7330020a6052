import { createHash } from 'node:crypto'
import { ValidationError } from '../errors.ts'
import { compileStrategy, type CompiledStrategy } from '../strategy/plan.ts'
import { modelFromBytes } from './algorithms.ts'
import { unreadable } from './artifact.ts'
import { CombinedModel } from './combined-model.ts'
import type { FittedModel } from './estimator.ts'
import { featureSet } from './features.ts'
import { GradientBoosting } from './gradient-boosting.ts'
import { toOnnx } from './onnx.ts'
import { Predictor } from './predictor.ts'
import { RandomForest } from './random-forest.ts'
import { checkScale } from './scale.ts'
import type { ModelRow } from './table.ts'
import { toXgboostJson } from './xgboost-json.ts'

export const MODEL_FORMATS = ['NATIVE', 'XGBOOST_JSON', 'ONNX'] as const
export type ModelFormat = (typeof MODEL_FORMATS)[number]

/** What it takes to predict: the row of a model has it, and so has the native format. */
export type ModelParts = Pick<
  ModelRow,
  'strategy' | 'features' | 'featureNames' | 'calibration' | 'artifact' | 'checksum'
>

/** A model that predicts from raw parameters. */
export interface OpenModel {
  strategy: CompiledStrategy
  predictor: Predictor
}

/** @throws DomainError MODEL_UNREADABLE, if the bytes are not those that were written */
export function openModel({
  strategy,
  features,
  featureNames,
  calibration,
  artifact,
  checksum,
}: ModelParts): OpenModel {
  if (checksumOf(artifact) !== checksum) throw unreadable('its checksum does not match')
  checkScale(calibration.scale)
  const compiled = compileStrategy(strategy)
  const predictor = new Predictor(modelFromBytes(artifact), featureSet(compiled, features), featureNames, calibration)
  return { strategy: compiled, predictor }
}

/** SHA-256, hexadecimal. */
export function checksumOf(artifact: Uint8Array): string {
  return createHash('sha256').update(artifact).digest('hex')
}

/**
 * A model as it leaves the house. XGBOOST_JSON is text, since XGBoost tells 1.0 from 1 and JSON values do not; ONNX is
 * base64.
 *
 * @throws ValidationError the algorithm has no such form
 */
export function modelAs(format: ModelFormat, row: ModelRow): NativeModel | string {
  if (format === 'NATIVE') return toNative(row)
  const model = innermost(modelFromBytes(row.artifact))
  if (format === 'XGBOOST_JSON') {
    if (!(model instanceof GradientBoosting)) throw noSuchForm(row, format, 'XGBOOST has it.')
    return toXgboostJson(model, row.featureNames)
  }
  return Buffer.from(toOnnx(onnxForest(model, row))).toString('base64')
}

function onnxForest(model: FittedModel, row: ModelRow): Parameters<typeof toOnnx>[0] {
  const { columns } = model
  if (model instanceof GradientBoosting)
    return { forest: model.forest, columns, base: model.baseScore, aggregate: 'SUM' }
  if (model instanceof RandomForest) return { forest: model.forest, columns, base: 0, aggregate: 'AVERAGE' }
  throw noSuchForm(row, 'ONNX', 'XGBOOST and RANDOM_FOREST have it.')
}

/** The model behind an AUTO or ENSEMBLE that settled on one alone. */
function innermost(model: FittedModel): FittedModel {
  return model instanceof CombinedModel && model.members.length === 1 ? model.members[0].model : model
}

function noSuchForm({ algorithm }: ModelRow, format: ModelFormat, remedy: string): ValidationError {
  return ValidationError.at(
    'format',
    `This ${algorithm} model cannot be written as ${format}. ${remedy} NATIVE always works.`,
  )
}

/** A whole model as JSON: parameters in, predictions with confidence out. */
export interface NativeModel extends Omit<ModelParts, 'artifact'> {
  format: 'tunebook model'
  formatVersion: number
  name: string
  version: number
  algorithm: string
  objective: string
  hyperparameters: Record<string, number>
  /** base64 of the bytes that the checksum is of */
  artifact: string
}

const FORMAT = 'tunebook model'
const FORMAT_VERSION = 1

function toNative({ artifact, ...row }: ModelRow): NativeModel {
  const { name, version, algorithm, objective, hyperparameters } = row
  const { strategy, features, featureNames, calibration, checksum } = row
  return {
    format: FORMAT,
    formatVersion: FORMAT_VERSION,
    name,
    version,
    algorithm,
    objective,
    hyperparameters,
    strategy,
    features,
    featureNames,
    calibration,
    checksum,
    artifact: Buffer.from(artifact).toString('base64'),
  }
}

/** Read a model that was downloaded as NATIVE; it predicts the same bits. @throws DomainError MODEL_UNREADABLE */
export function fromNative(model: NativeModel): OpenModel {
  if (model?.format !== FORMAT) throw unreadable('it is no tunebook model')
  if (model.formatVersion !== FORMAT_VERSION) {
    throw unreadable(`its format has version ${model.formatVersion}, this program knows ${FORMAT_VERSION}`)
  }
  return openModel({ ...model, artifact: Buffer.from(model.artifact, 'base64') })
}
