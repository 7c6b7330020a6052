import { ConflictError, NotFoundError, ValidationError } from '../errors.ts'
import { builder } from '../graphql/builder.ts'
import { page } from '../graphql/connection.ts'
import { statesOf } from '../graphql/subscription.ts'
import { approveRecommendations, rejectRecommendations, type Decision } from './decide.ts'
import {
  ApprovalModeEnum,
  ForecastInputType,
  RegimePlayInput,
  TradeInputType,
  TuningSettingsInput,
} from './input-types.ts'
import { countPlaybooks, findPlaybook, findPlaybooks, findReview, findReviews, listPlaybooks } from './list.ts'
import './playbook-types.ts'
import { PlaybookType } from './playbook-ref.ts'
import { MAX_BATCH, recordForecasts, recordTrades, type Recorded } from './record.ts'
import { ReviewType } from './review-types.ts'
import { NEEDED } from './roles.ts'
import { createPlaybook, rollbackPlaybook, updatePlaybook, updateTuningSettings } from './service.ts'
import { startPlaybookReview } from './start-review.ts'
import type { PlaybookRow } from './table.ts'
import { getPlaybook, isReachable, PLAYBOOK_TOPIC, REVIEW_TOPIC } from './version.ts'

builder.queryFields((t) => ({
  playbooks: t.connection(
    {
      type: PlaybookType,
      authScopes: { role: 'VIEWER' },
      description: 'Oldest first.',
      resolve: (_, args, ctx) =>
        page(args, {
          key: (row: PlaybookRow) => [row.createdAt.toISOString(), row.id],
          read: (slice) => listPlaybooks(ctx, slice),
          count: () => countPlaybooks(ctx),
        }),
    },
    { name: 'PlaybookConnection' },
    { name: 'PlaybookEdge' },
  ),
  playbook: t.field({
    type: PlaybookType,
    nullable: true,
    authScopes: { role: ['VIEWER', 'BOT'] },
    description: 'By id or by name.',
    args: { id: t.arg.id(), name: t.arg.string() },
    resolve: (_, wanted, ctx) => findPlaybook(ctx, wanted),
  }),
  playbookReview: t.field({
    type: ReviewType,
    nullable: true,
    authScopes: { role: 'VIEWER' },
    args: { id: t.arg.id({ required: true }) },
    resolve: (_, { id }, ctx) => findReview(ctx, id),
  }),
}))

/** How a result union is named, and what its success carries. */
const answers = <Name extends string, Field extends string>(name: Name, field: Field) =>
  ({
    directResult: false,
    union: { name: `${name}Result` },
    result: { name: `${name}Success` },
    dataField: { name: field },
  }) as const

const DecisionType = builder.objectRef<Decision>('ApproveRecommendationsSuccess').implement({
  fields: (t) => ({
    review: t.field({ type: ReviewType, resolve: ({ review }) => review }),
    playbook: t.field({ type: PlaybookType, resolve: ({ playbook }) => playbook }),
  }),
})

const recordedType = (name: string) =>
  builder.objectRef<Recorded>(name).implement({
    fields: (t) => ({
      recorded: t.exposeInt('recorded', { description: 'Rows that are new.' }),
      duplicates: t.exposeInt('duplicates', { description: 'Rows that were there already, with the same content.' }),
    }),
  })
const RecordTradesSuccess = recordedType('RecordTradesSuccess')
const RecordForecastsSuccess = recordedType('RecordForecastsSuccess')

builder.mutationFields((t) => ({
  createPlaybook: t.field({
    type: PlaybookType,
    authScopes: { role: NEEDED.CREATE },
    description: 'Create a playbook; what it is created with is its version 1. Role: TUNER.',
    errors: { types: [ValidationError, ConflictError], ...answers('CreatePlaybook', 'playbook') },
    args: {
      name: t.arg.string({ required: true }),
      regimes: t.arg({ type: [RegimePlayInput], required: true }),
      settings: t.arg({ type: TuningSettingsInput }),
      strategyId: t.arg.id({ description: 'With marketId: what reviews backtest their changes on.' }),
      marketId: t.arg.id(),
    },
    resolve: (_, input, ctx) => createPlaybook(ctx, input),
  }),
  updatePlaybook: t.field({
    type: PlaybookType,
    authScopes: { role: NEEDED.EDIT },
    description: 'Replace the plays by hand, as a new version. Role: APPROVER.',
    errors: { types: [ValidationError, NotFoundError, ConflictError], ...answers('UpdatePlaybook', 'playbook') },
    args: {
      id: t.arg.id({ required: true }),
      expectedVersion: t.arg.int({ required: true, description: 'The version that the change was made from.' }),
      regimes: t.arg({ type: [RegimePlayInput], required: true }),
    },
    resolve: (_, input, ctx) => updatePlaybook(ctx, input),
  }),
  updateTuningSettings: t.field({
    type: PlaybookType,
    authScopes: { role: NEEDED.SETTINGS },
    description: 'Change how a playbook may tune itself; what is left out stays. Role: APPROVER or ADMIN.',
    errors: { types: [ValidationError, NotFoundError], ...answers('UpdateTuningSettings', 'playbook') },
    args: {
      playbookId: t.arg.id({ required: true }),
      settings: t.arg({ type: TuningSettingsInput, required: true }),
    },
    resolve: (_, input, ctx) => updateTuningSettings(ctx, input),
  }),
  recordTrades: t.field({
    type: RecordTradesSuccess,
    authScopes: { role: NEEDED.RECORD },
    description: `Add up to ${MAX_BATCH} closed trades: all of them, or none. The same trade again changes nothing. Role: BOT or ADMIN.`,
    errors: { types: [ValidationError, NotFoundError], union: { name: 'RecordTradesResult' } },
    args: {
      playbookId: t.arg.id({ required: true }),
      trades: t.arg({ type: [TradeInputType], required: true }),
    },
    resolve: (_, input, ctx) => recordTrades(ctx, input),
  }),
  recordForecasts: t.field({
    type: RecordForecastsSuccess,
    authScopes: { role: NEEDED.RECORD },
    description: `Add up to ${MAX_BATCH} forecasts, or say what came of them: all of them, or none. Role: BOT or ADMIN.`,
    errors: { types: [ValidationError, NotFoundError], union: { name: 'RecordForecastsResult' } },
    args: {
      playbookId: t.arg.id({ required: true }),
      forecasts: t.arg({ type: [ForecastInputType], required: true }),
    },
    resolve: (_, input, ctx) => recordForecasts(ctx, input),
  }),
  startPlaybookReview: t.field({
    type: ReviewType,
    authScopes: { role: NEEDED.REVIEW },
    description: 'Look at the trades of the lookback period now, and recommend what they speak for. Role: TUNER.',
    errors: { types: [NotFoundError, ConflictError], ...answers('StartPlaybookReview', 'review') },
    args: { playbookId: t.arg.id({ required: true }) },
    resolve: (_, { playbookId }, ctx) => startPlaybookReview(ctx, playbookId),
  }),
  approveRecommendations: t.field({
    type: DecisionType,
    authScopes: { role: NEEDED.DECIDE },
    description:
      'Apply a pending review to its playbook; what is not chosen is rejected. Exactly one of concurrent decisions wins. Role: APPROVER.',
    errors: {
      types: [ValidationError, NotFoundError, ConflictError],
      union: { name: 'ApproveRecommendationsResult' },
    },
    args: {
      reviewId: t.arg.id({ required: true }),
      mode: t.arg({ type: ApprovalModeEnum, required: true }),
      recommendationIds: t.arg.idList({ description: 'For SELECTED.' }),
    },
    resolve: (_, input, ctx) => approveRecommendations(ctx, input),
  }),
  rejectRecommendations: t.field({
    type: ReviewType,
    authScopes: { role: NEEDED.DECIDE },
    description:
      'Reject a pending review, or some of its recommendations; the review then waits with the others. Role: APPROVER.',
    errors: { types: [NotFoundError, ConflictError], ...answers('RejectRecommendations', 'review') },
    args: {
      reviewId: t.arg.id({ required: true }),
      recommendationIds: t.arg.idList({ description: 'All where not given.' }),
      reason: t.arg.string(),
    },
    resolve: (_, input, ctx) => rejectRecommendations(ctx, input),
  }),
  rollbackPlaybook: t.field({
    type: PlaybookType,
    authScopes: { role: NEEDED.ROLL_BACK },
    description: 'Go back to an earlier version, as a new version equal to it. Role: APPROVER.',
    errors: { types: [NotFoundError, ConflictError], ...answers('RollbackPlaybook', 'playbook') },
    args: {
      id: t.arg.id({ required: true }),
      toVersion: t.arg.int({ required: true }),
      expectedVersion: t.arg.int({ required: true }),
    },
    resolve: (_, input, ctx) => rollbackPlaybook(ctx, input),
  }),
}))

builder.subscriptionFields((t) => ({
  playbookReviewChanged: t.field({
    type: ReviewType,
    authScopes: { role: 'VIEWER' },
    description: 'Any review that is made or changes, of one playbook or of all.',
    args: { playbookId: t.arg.id() },
    subscribe: async (_, { playbookId }, ctx) => {
      if (playbookId) await getPlaybook(ctx, playbookId)
      const read = async (id: string) => {
        const review = await ctx.events.read(REVIEW_TOPIC, id, (ids) => findReviews(ctx, ids))
        if (!review || !isReachable(ctx.viewer, review.playbookId)) return null
        return !playbookId || review.playbookId === playbookId ? review : null
      }
      return statesOf(ctx.events.subscribe(REVIEW_TOPIC), read, { versionOf: ({ revision }) => revision })
    },
    resolve: (review) => review,
  }),
  playbookChanged: t.field({
    type: PlaybookType,
    authScopes: { role: ['VIEWER', 'BOT'] },
    description: 'A playbook now and at every change; without an id any playbook that changes.',
    args: { id: t.arg.id() },
    subscribe: async (_, { id }, ctx) => {
      if (id) await getPlaybook(ctx, id)
      const read = (one: string) =>
        isReachable(ctx.viewer, one)
          ? ctx.events.read(PLAYBOOK_TOPIC, one, (ids) => findPlaybooks(ctx, ids))
          : Promise.resolve(null)
      return statesOf(ctx.events.subscribe(PLAYBOOK_TOPIC, id ?? undefined), read, {})
    },
    resolve: (playbook) => playbook,
  }),
}))
