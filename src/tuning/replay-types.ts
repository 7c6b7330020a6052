import { ConflictError, NotFoundError } from '../errors.ts'
import { builder } from '../graphql/builder.ts'
import type { Replay } from './replay.ts'
import { findReplay, startReplay } from './replay-queue.ts'
import type { ReplayRow } from './table.ts'

const ReplayStatusEnum = builder.enumType('ReplayStatus', { values: ['PENDING', 'COMPLETED', 'FAILED'] as const })

const ReplayPartType = builder.objectRef<Replay['parts'][number]>('ReplayPart').implement({
  fields: (t) => ({
    name: t.exposeString('name', { description: 'samples, model, predictions or verdict.' }),
    same: t.exposeBoolean('same', { nullable: true, description: 'Null: no longer stored, nothing to compare with.' }),
  }),
})

const ReplayType = builder.objectRef<ReplayRow>('Replay').implement({
  description: 'A stored job, run again from its settings by a worker, and its bits compared.',
  fields: (t) => ({
    id: t.exposeID('id'),
    jobId: t.exposeID('jobId'),
    status: t.field({ type: ReplayStatusEnum, resolve: ({ status }) => status }),
    error: t.exposeString('error', { nullable: true, description: 'Why it could not be run.' }),
    same: t.boolean({ nullable: true, resolve: ({ outcome }) => outcome?.same ?? null }),
    storedDigest: t.string({ nullable: true, resolve: ({ outcome }) => outcome?.storedDigest ?? null }),
    digest: t.string({ nullable: true, resolve: ({ outcome }) => outcome?.digest ?? null }),
    parts: t.field({ type: [ReplayPartType], resolve: ({ outcome }) => outcome?.parts ?? [] }),
    durationMs: t.float({ nullable: true, resolve: ({ outcome }) => outcome?.durationMs ?? null }),
  }),
})

builder.queryField('replay', (t) =>
  t.field({
    type: ReplayType,
    authScopes: { role: 'VIEWER' },
    nullable: true,
    args: { id: t.arg.id({ required: true }) },
    resolve: (_, { id }, ctx) => findReplay(ctx, id),
  }),
)

builder.mutationField('replayTuningJob', (t) =>
  t.field({
    type: ReplayType,
    authScopes: { role: 'TUNER' },
    description: 'Have a worker run a completed job again and compare the bits; ask `replay` for what came out.',
    errors: {
      types: [NotFoundError, ConflictError],
      directResult: false,
      union: { name: 'ReplayTuningJobResult' },
      result: { name: 'ReplayTuningJobSuccess' },
      dataField: { name: 'replay' },
    },
    args: { id: t.arg.id({ required: true }) },
    resolve: (_, { id }, ctx) => startReplay(ctx, id),
  }),
)
