import { ConflictError, NotFoundError, ValidationError } from '../errors.ts'
import { builder } from '../graphql/builder.ts'
import { deleteModel, removeModelAlias, saveModel, setModelActive, setModelAlias } from './lifecycle.ts'
import { predictWith, verifyPrediction } from './predictions.ts'
import { ModelType, PredictionType } from './schema.ts'

/** How a mutation called `Name` answers: with NameSuccess and its one field, or with an error that it names. */
function answers<Field extends string>(name: string, field: Field) {
  return {
    directResult: false,
    union: { name: `${name}Result` },
    result: { name: `${name}Success` },
    dataField: { name: field },
  } as const
}

builder.mutationFields((t) => ({
  saveModel: t.field({
    type: ModelType,
    authScopes: { role: 'TUNER' },
    description:
      'Keep the model of a job under a name, as its next version; it then outlives the job. All models of a name predict the same objective of the same strategy on the same market.',
    errors: { types: [ValidationError, NotFoundError, ConflictError], ...answers('SaveModel', 'model') },
    args: { jobId: t.arg.id({ required: true }), name: t.arg.string({ required: true }) },
    resolve: (_, { jobId, name }, ctx) => saveModel(ctx, jobId, name),
  }),
  setModelActive: t.field({
    type: ModelType,
    authScopes: { role: 'TUNER' },
    description: 'Whether the model may answer where none is named. An active model outlives its job.',
    errors: { types: [NotFoundError], ...answers('SetModelActive', 'model') },
    args: { id: t.arg.id({ required: true }), active: t.arg.boolean({ required: true }) },
    resolve: (_, { id, active }, ctx) => setModelActive(ctx, id, active),
  }),
  setModelAlias: t.field({
    type: ModelType,
    authScopes: { role: 'TUNER' },
    description:
      'Give a model an alias such as champion, and take it from the other model of the same strategy, market and objective that had it.',
    errors: { types: [ValidationError, NotFoundError], ...answers('SetModelAlias', 'model') },
    args: { id: t.arg.id({ required: true }), alias: t.arg.string({ required: true }) },
    resolve: (_, { id, alias }, ctx) => setModelAlias(ctx, id, alias),
  }),
  removeModelAlias: t.field({
    type: ModelType,
    authScopes: { role: 'TUNER' },
    description: 'Take an alias away from a model; without effect where it does not have it.',
    errors: { types: [NotFoundError], ...answers('RemoveModelAlias', 'model') },
    args: { id: t.arg.id({ required: true }), alias: t.arg.string({ required: true }) },
    resolve: (_, { id, alias }, ctx) => removeModelAlias(ctx, id, alias),
  }),
  deleteModel: t.field({
    type: 'ID',
    authScopes: { role: 'TUNER' },
    description: 'Delete a model with its predictions, unless it is active or has an alias.',
    errors: { types: [NotFoundError, ConflictError], ...answers('DeleteModel', 'deletedId') },
    args: { id: t.arg.id({ required: true }) },
    resolve: (_, { id }, ctx) => deleteModel(ctx, id),
  }),
  predict: t.field({
    type: PredictionType,
    authScopes: { role: ['TUNER', 'BOT'] },
    description:
      'Predict the objective of one parameter set with a model, with the model of a job, or, where neither is named, with the one active champion. The prediction is kept.',
    errors: { types: [ValidationError, NotFoundError], ...answers('Predict', 'prediction') },
    args: {
      modelId: t.arg.id(),
      jobId: t.arg.id(),
      parameters: t.arg({ type: 'Parameters', required: true }),
    },
    resolve: (_, { modelId, jobId, parameters }, ctx) => predictWith(ctx, { modelId, jobId }, parameters),
  }),
  verifyPrediction: t.field({
    type: PredictionType,
    authScopes: { role: ['TUNER', 'BOT'] },
    description:
      'Backtest what was predicted over the period that the model learned from, and note what really comes out. Saying it twice changes nothing.',
    errors: { types: [NotFoundError], ...answers('VerifyPrediction', 'prediction') },
    args: { id: t.arg.id({ required: true }) },
    resolve: (_, { id }, ctx) => verifyPrediction(ctx, id),
  }),
}))
