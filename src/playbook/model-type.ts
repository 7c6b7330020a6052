import { builder } from '../graphql/builder.ts'
import { findPlaybookModel, modelAsXgboost, type PlaybookModelInfo } from './model-store.ts'
import { OPTIMIZERS } from './play.ts'
import type { ModelFit } from './review.ts'

export const OptimizerEnum = builder.enumType('PlaybookOptimizer', { values: OPTIMIZERS })

type Types = typeof builder.$inferSchemaTypes

/** How well a model predicts, of a stored one and of one that a review heard alike. */
export const fitFields = (t: PothosSchemaTypes.ObjectFieldBuilder<Types, ModelFit>) => ({
  r2: t.exposeFloat('r2', { nullable: true, description: 'On the trades it learned from.' }),
  mae: t.exposeFloat('mae', { nullable: true, description: 'On trades of other times, in units of the target.' }),
  crossValidationR2: t.exposeFloat('crossValidationR2', {
    nullable: true,
    description: 'On trades of other times than those it learned from; above 0 it has skill.',
  }),
  trainedOn: t.exposeInt('trainedOn', { description: 'Trades.' }),
})

export const PlaybookModelType = builder.objectRef<PlaybookModelInfo>('PlaybookModel')

builder.node(PlaybookModelType, {
  authScopes: { role: 'VIEWER' },
  description: 'What an optimizer has learned from the trades of a playbook. It is trained by schedule and kept.',
  id: { resolve: (row) => row.id },
  loadOne: (id, ctx) => findPlaybookModel(ctx, id),
  isTypeOf: (row) => typeof row === 'object' && row !== null && 'optimizer' in row && 'checksum' in row,
  fields: (t) => ({
    optimizer: t.field({ type: OptimizerEnum, resolve: ({ optimizer }) => optimizer }),
    version: t.exposeInt('version', { description: '1, 2, 3 … for each optimizer of a playbook.' }),
    algorithm: t.exposeString('algorithm'),
    hyperparameters: t.field({ type: 'JSON', resolve: ({ hyperparameters }) => hyperparameters }),
    featureNames: t.exposeStringList('featureNames', { description: 'What was known when a trade was opened.' }),
    ...fitFields(t),
    firstTradeAt: t.expose('firstTradeAt', { type: 'DateTime', description: 'When the first of them closed.' }),
    lastTradeAt: t.expose('lastTradeAt', { type: 'DateTime' }),
    checksum: t.exposeString('checksum', { description: 'SHA-256 of the stored bytes, hexadecimal.' }),
    sizeBytes: t.exposeInt('sizeBytes'),
    xgboostJson: t.string({
      description: 'The model as a file of XGBoost, which predicts the same bits from the same features.',
      resolve: (row, _, ctx) => modelAsXgboost(ctx, row),
    }),
    trainedAt: t.expose('trainedAt', { type: 'DateTime' }),
  }),
})
