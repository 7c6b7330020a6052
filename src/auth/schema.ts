import { NotFoundError, ValidationError } from '../errors.ts'
import { builder } from '../graphql/builder.ts'
import { page } from '../graphql/connection.ts'
import { allows, CHANNELS, ROLES, type Viewer } from '../viewer.ts'
import {
  auditId,
  countAuditEntries,
  findAuditEntry,
  listAuditEntries,
  verifyAuditLog,
  type AuditVerification,
} from './audit.ts'
import { createApiToken, findApiToken, listApiTokens, revokeApiToken, type CreatedToken } from './service.ts'
import type { ApiTokenRow, AuditRow } from './table.ts'

const AUDITORS = ['APPROVER', 'ADMIN'] as const

export const RoleEnum = builder.enumType('Role', {
  values: {
    VIEWER: { description: 'Reads everything but secrets.' },
    BOT: { description: 'A trading bot: posts trades and forecasts, reads its playbook, asks for predictions.' },
    TUNER: { description: 'Starts and cancels jobs and reviews; reads what a VIEWER reads.' },
    APPROVER: { description: 'Approves, rejects and rolls back playbook changes; does what a TUNER does.' },
    ADMIN: { description: 'Manages tokens and settings; does what a TUNER does, but does not approve.' },
  } satisfies Record<(typeof ROLES)[number], object>,
})

export const ChannelEnum = builder.enumType('Channel', {
  description: 'The door by which somebody came in.',
  values: CHANNELS,
})

const ViewerType = builder.objectRef<Viewer>('Viewer').implement({
  description: 'Who is asking.',
  fields: (t) => ({
    name: t.exposeString('name'),
    roles: t.field({ type: [RoleEnum], resolve: ({ roles }) => [...roles] }),
    may: t.field({
      type: [RoleEnum],
      description: 'The roles whose work these allow: fields that ask for one of them will answer.',
      resolve: (viewer) => ROLES.filter((role) => allows(viewer, role)),
    }),
  }),
})

const ApiTokenType = builder.objectRef<ApiTokenRow>('ApiToken')
builder.node(ApiTokenType, {
  description: 'What a program or a person signs in with. Its secret is kept by nobody but its owner.',
  authScopes: { role: 'ADMIN' },
  id: { resolve: (row) => row.id },
  loadOne: (id, ctx) => findApiToken(ctx, id),
  isTypeOf: (row) => typeof row === 'object' && row !== null && 'secretHash' in row,
  fields: (t) => ({
    name: t.exposeString('name'),
    prefix: t.exposeString('prefix', { description: 'The first characters of the secret, to recognise it by.' }),
    roles: t.field({ type: [RoleEnum], resolve: ({ roles }) => roles }),
    playbookId: t.exposeID('playbookId', { nullable: true, description: 'The one playbook that this bot may see.' }),
    createdBy: t.exposeString('createdBy'),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    lastUsedAt: t.expose('lastUsedAt', { type: 'DateTime', nullable: true, description: 'To the minute.' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', nullable: true }),
    revokedAt: t.expose('revokedAt', { type: 'DateTime', nullable: true }),
  }),
})

const CreateApiTokenSuccess = builder.objectRef<CreatedToken>('CreateApiTokenSuccess').implement({
  fields: (t) => ({
    token: t.field({ type: ApiTokenType, resolve: ({ token }) => token }),
    secret: t.exposeString('secret', { description: 'Send it as "Authorization: Bearer <secret>". Shown once, here.' }),
  }),
})

const AuditEntryType = builder.objectRef<AuditRow>('AuditEntry')
builder.node(AuditEntryType, {
  description:
    'Who changed what; each entry carries the hash of the one before. A hash is the SHA-256 of previousHash, a line feed, and id, time, actor, channel, action, subject and detail as JSON with sorted keys.',
  authScopes: { role: AUDITORS },
  id: { resolve: (row) => auditId(row.sequence) },
  loadOne: (id, ctx) => findAuditEntry(ctx, id),
  isTypeOf: (row) => typeof row === 'object' && row !== null && 'previousHash' in row,
  fields: (t) => ({
    time: t.expose('time', { type: 'DateTime' }),
    actor: t.exposeString('actor', { description: 'Name of the token, or of the person, that acted.' }),
    channel: t.field({ type: ChannelEnum, resolve: ({ channel }) => channel }),
    action: t.exposeString('action', { description: 'What was done, as TOKEN_CREATED.' }),
    subject: t.exposeID('subject', { nullable: true, description: 'What it was done to.' }),
    detail: t.field({ type: 'JSON', resolve: ({ detail }) => detail }),
    hash: t.exposeString('hash'),
    previousHash: t.exposeString('previousHash'),
  }),
})

const AuditVerificationType = builder.objectRef<AuditVerification>('AuditVerification').implement({
  description: 'Whether the audit log is as it was written.',
  fields: (t) => ({
    intact: t.exposeBoolean('intact'),
    entries: t.exposeInt('entries', {
      description: 'Entries that are as they were written, up to the first that is not.',
    }),
    brokenId: t.exposeID('brokenId', { nullable: true, description: 'The first entry that is not as it was written.' }),
    problem: t.exposeString('problem', { nullable: true }),
    head: t.exposeString('head', {
      description: 'Hash of the last good entry. Kept elsewhere, it proves that nothing was cut off the end.',
    }),
  }),
})

builder.queryFields((t) => ({
  viewer: t.field({
    type: ViewerType,
    authScopes: { role: ROLES },
    description: 'Who is asking, and with which roles.',
    resolve: (_, __, ctx) => ctx.viewer,
  }),
  apiTokens: t.field({
    type: [ApiTokenType],
    authScopes: { role: 'ADMIN' },
    description: 'All tokens, newest first. That of the first start, or of TUNEBOOK_ADMIN_TOKEN, is not among them.',
    resolve: (_, __, ctx) => listApiTokens(ctx),
  }),
  auditLog: t.connection(
    {
      type: AuditEntryType,
      authScopes: { role: AUDITORS },
      description: 'The audit log, newest first.',
      args: { action: t.arg.string() },
      resolve: (_, { action, ...args }, ctx) =>
        page(args, {
          key: (row: AuditRow) => [row.sequence, String(row.sequence)],
          read: (slice) => listAuditEntries(ctx, action ?? null, slice),
          count: () => countAuditEntries(ctx, action ?? null),
        }),
    },
    { name: 'AuditEntryConnection' },
    { name: 'AuditEntryEdge' },
  ),
  auditVerification: t.field({
    type: AuditVerificationType,
    authScopes: { role: AUDITORS },
    description: 'Computes every hash of the audit log again.',
    resolve: (_, __, ctx) => verifyAuditLog(ctx),
  }),
}))

builder.mutationFields((t) => ({
  createApiToken: t.field({
    type: CreateApiTokenSuccess,
    authScopes: { role: 'ADMIN' },
    description: 'Make a token for a program or a person. The secret is shown once, here.',
    errors: { types: [ValidationError], union: { name: 'CreateApiTokenResult' } },
    args: {
      name: t.arg.string({ required: true }),
      roles: t.arg({ type: [RoleEnum], required: true }),
      expiresAt: t.arg({ type: 'DateTime', description: 'Never where not given.' }),
      playbookId: t.arg.id({ description: 'Bind a BOT to one playbook: it sees no other.' }),
    },
    resolve: (_, input, ctx) => createApiToken(ctx, input),
  }),
  revokeApiToken: t.field({
    type: ApiTokenType,
    authScopes: { role: 'ADMIN' },
    description: 'End a token. Its open sockets and streams are closed within five seconds.',
    errors: {
      types: [NotFoundError],
      directResult: false,
      union: { name: 'RevokeApiTokenResult' },
      result: { name: 'RevokeApiTokenSuccess' },
      dataField: { name: 'token' },
    },
    args: { id: t.arg.id({ required: true }) },
    resolve: (_, { id }, ctx) => revokeApiToken(ctx, id),
  }),
}))
