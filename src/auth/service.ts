import { and, desc, eq, inArray, isNull, lt, or, sql } from 'drizzle-orm'
import type { AppContext } from '../context.ts'
import { sqlState } from '../db.ts'
import { NotFoundError, ValidationError, type FieldError } from '../errors.ts'
import { newId } from '../ids.ts'
import type { Role } from '../viewer.ts'
import { audit } from './audit.ts'
import { hashOf, newSecret, prefixOf, sameHash } from './secret.ts'
import { apiTokens, type ApiTokenRow } from './table.ts'

export interface NewToken {
  name: string
  roles: readonly Role[]
  expiresAt?: Date | null | undefined
  playbookId?: string | null | undefined
}

/** A token with its secret, which is nowhere else: it is shown once. */
export interface CreatedToken {
  token: ApiTokenRow
  secret: string
}

const MAX_NAME = 100

/** @throws ValidationError that names every offending field */
export async function createApiToken(ctx: AppContext, input: NewToken): Promise<CreatedToken> {
  const problems = problemsOf(input, ctx.clock())
  if (problems.length > 0) throw new ValidationError(problems)
  const secret = newSecret()
  const row = {
    id: newId('token'),
    name: input.name.trim(),
    prefix: prefixOf(secret),
    secretHash: hashOf(secret),
    roles: [...new Set(input.roles)],
    playbookId: input.playbookId ?? null,
    createdBy: ctx.viewer.name,
    expiresAt: input.expiresAt ?? null,
  }
  return ctx.db
    .transaction(async (tx) => {
      const [token] = await tx.insert(apiTokens).values(row).returning()
      const { name, prefix, roles, playbookId, expiresAt } = token
      await audit(tx, ctx.viewer, 'TOKEN_CREATED', token.id, { name, prefix, roles, playbookId, expiresAt })
      return { token, secret }
    })
    .catch((error: unknown) => {
      if (sqlState(error) !== NO_SUCH_ROW) throw error
      const message = `${row.playbookId} is no playbook. Query.playbooks lists those there are.`
      throw ValidationError.at('playbookId', message)
    })
}

/** The table of playbooks is below this one in the house, so the database looks there. */
const NO_SUCH_ROW = '23503'

function problemsOf({ name, roles, expiresAt, playbookId }: NewToken, now: number): FieldError[] {
  const problems: FieldError[] = []
  const wrong = (field: string, message: string) => problems.push({ path: [field], message })
  const length = name.trim().length
  if (length === 0 || length > MAX_NAME || /\p{Cc}/u.test(name)) {
    wrong('name', `must be a name of 1 to ${MAX_NAME} characters on one line, such as "grafana" or "bot on the VPS".`)
  }
  if (roles.length === 0) wrong('roles', 'must name at least one role.')
  if (roles.includes('BOT') && roles.includes('APPROVER')) {
    wrong(
      'roles',
      'may not hold both BOT and APPROVER: whoever proposes a change does not decide on it. Make two tokens.',
    )
  }
  if (playbookId && (roles.length !== 1 || roles[0] !== 'BOT')) {
    wrong('playbookId', 'binds a bot to its playbook; leave it out, or give BOT as the only role.')
  }
  if (expiresAt && expiresAt.getTime() <= now) {
    wrong(
      'expiresAt',
      `${expiresAt.toISOString()} is not in the future. Leave it out for a token that does not expire.`,
    )
  }
  return problems
}

/** What all processes that let somebody in listen to; a payload is the id of a token. */
export const REVOKED_CHANNEL = 'tunebook_revoked'

/** Nobody gets in with it any more, and who is in is put out within seconds. Revoking twice changes nothing. */
export async function revokeApiToken(ctx: AppContext, id: string): Promise<ApiTokenRow> {
  return ctx.db.transaction(async (tx) => {
    const revoked = { revokedAt: sql`now()` }
    const open = and(eq(apiTokens.id, id), isNull(apiTokens.revokedAt))
    const [token] = await tx.update(apiTokens).set(revoked).where(open).returning()
    if (token) {
      await audit(tx, ctx.viewer, 'TOKEN_REVOKED', id, { name: token.name, prefix: token.prefix })
      await tx.execute(sql`select pg_notify(${REVOKED_CHANNEL}, ${id})`)
      return token
    }
    const [before] = await tx.select().from(apiTokens).where(eq(apiTokens.id, id))
    if (before) return before
    throw new NotFoundError('token', id)
  })
}

/** All tokens, newest first. There are as many as people and programs, so they come at once. */
export function listApiTokens(ctx: AppContext): Promise<ApiTokenRow[]> {
  return ctx.db.select().from(apiTokens).orderBy(desc(apiTokens.createdAt), desc(apiTokens.id))
}

export async function findApiToken(ctx: AppContext, id: string): Promise<ApiTokenRow | null> {
  const [token] = await ctx.db.select().from(apiTokens).where(eq(apiTokens.id, id))
  return token ?? null
}

const isValid = and(isNull(apiTokens.revokedAt), or(isNull(apiTokens.expiresAt), sql`${apiTokens.expiresAt} > now()`))

/** The token whose secret has this hash, where it is neither revoked nor expired by the database's clock. */
export async function findByHash({ db }: Pick<AppContext, 'db'>, hash: string): Promise<ApiTokenRow | null> {
  const [token] = await db
    .select()
    .from(apiTokens)
    .where(and(eq(apiTokens.secretHash, hash), isValid))
  return token && sameHash(token.secretHash, hash) ? token : null
}

/** Which of these tokens still let somebody in. */
export async function stillValid({ db }: Pick<AppContext, 'db'>, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set()
  const rows = await db
    .select({ id: apiTokens.id })
    .from(apiTokens)
    .where(and(inArray(apiTokens.id, [...ids]), isValid))
  return new Set(rows.map(({ id }) => id))
}

const USE_EVERY_MS = 60_000

/** Keep when a token was last used, to the minute: a write for each request would cost more than it tells. */
export async function markUsed({ db }: Pick<AppContext, 'db'>, token: ApiTokenRow): Promise<void> {
  if (token.lastUsedAt && Date.now() - token.lastUsedAt.getTime() < USE_EVERY_MS) return
  const before = or(isNull(apiTokens.lastUsedAt), lt(apiTokens.lastUsedAt, sql`now() - interval '1 minute'`))
  await db
    .update(apiTokens)
    .set({ lastUsedAt: sql`now()` })
    .where(and(eq(apiTokens.id, token.id), before))
}
