import type { AppContext } from '../context.ts'
import { RateLimitedError, UnauthenticatedError } from '../errors.ts'
import { ROLES, type Channel, type Viewer } from '../viewer.ts'
import { Failures } from './failures.ts'
import type { JwtVerifier } from './jwt.ts'
import { RecentSessions } from './recent-sessions.ts'
import { hashOf, sameHash } from './secret.ts'
import { findByHash, markUsed, REVOKED_CHANNEL, stillValid } from './service.ts'

/** Somebody who is signed in, for as long as that counts. */
export interface Session {
  viewer: Viewer
  /** ms since epoch; null where it ends by revocation only */
  expiresAt: number | null
  /** can be revoked: a row of the table of tokens, whose id is the viewer's tokenId */
  revocable: boolean
}

/** What a request shows of who sent it. */
export interface Caller {
  /** the Authorization header, or what a WebSocket client sent in its place */
  authorization: string | undefined
  /** from which the connection comes */
  address: string
  channel: Channel
}

/** Longer ones are nobody's; a signed token with a dozen claims has about 1,000 characters. */
const MAX_TOKEN_LENGTH = 8192
/** How often it is looked whether those who are in may stay. */
const LOOK_EVERY_MS = 2000
/** Tokens whose bearers are let in even where somebody else at their address keeps guessing. */
const MAX_KNOWN = 1000

/** Where everybody signs in who comes by HTTP or WebSocket, and is put out again once a token is revoked or expires. */
export class Door {
  readonly #ctx: Pick<AppContext, 'db' | 'log'>
  readonly #adminHash: string | null
  readonly #jwt: JwtVerifier | null
  readonly #failures = new Failures()
  readonly #known = new Set<string>()
  readonly #recent = new RecentSessions()
  readonly #inside = new Map<object, { session: Session; putOut: () => void }>()
  readonly #timer: NodeJS.Timeout
  #stopListening: (() => Promise<void>) | undefined

  private constructor(ctx: Pick<AppContext, 'db' | 'log' | 'config'>, jwt: JwtVerifier | null) {
    const { adminToken } = ctx.config
    this.#ctx = ctx
    this.#adminHash = adminToken === undefined ? null : hashOf(adminToken)
    this.#jwt = jwt
    this.#timer = setInterval(() => void this.#look(), LOOK_EVERY_MS).unref()
  }

  /** @throws ValidationError the settings for signed tokens do not work */
  static async open(ctx: Pick<AppContext, 'db' | 'log' | 'config' | 'storage'>): Promise<Door> {
    const door = new Door(
      ctx,
      ctx.config.jwt ? await (await import('./jwt.ts')).JwtVerifier.open(ctx.config.jwt) : null,
    )
    door.#stopListening = await ctx.storage.listen(REVOKED_CHANNEL, () => {
      door.#recent.forget()
      void door.#look()
    })
    return door
  }

  close(): void {
    clearInterval(this.#timer)
    void this.#stopListening?.().catch(() => {}) // the database may be gone before us
  }

  /**
   * @throws UnauthenticatedError the same for no token, a wrong, a revoked and an expired one
   * @throws RateLimitedError     too many wrong ones from this address
   */
  async signIn({ authorization, address, channel }: Caller): Promise<Session> {
    const token = /^Bearer +(\S+)$/i.exec(authorization?.slice(0, MAX_TOKEN_LENGTH + 16) ?? '')?.[1]
    if (authorization === undefined) throw new UnauthenticatedError()
    const hash = token === undefined || token.length > MAX_TOKEN_LENGTH ? null : hashOf(token)
    const wait = this.#failures.waitSeconds(address)
    if (wait > 0 && !(hash !== null && this.#known.has(hash))) throw new RateLimitedError(TOO_MANY_FAILURES, wait)
    const session = hash === null ? null : await this.#sessionOf(token!, hash, channel)
    if (session) {
      this.#remember(hash!)
      return session
    }
    this.#failures.add(address)
    this.#known.delete(hash ?? '')
    this.#ctx.log.warn({ address }, 'a sign-in failed')
    throw new UnauthenticatedError()
  }

  /**
   * Put somebody out as soon as the session does not count any more.
   *
   * @returns how to end this, when they leave by themselves
   */
  watch(session: Session, putOut: () => void): () => void {
    const key = {}
    this.#inside.set(key, { session, putOut })
    return () => void this.#inside.delete(key)
  }

  async #sessionOf(token: string, hash: string, channel: Channel): Promise<Session | null> {
    if (this.#adminHash !== null && sameHash(this.#adminHash, hash)) {
      return { viewer: { name: 'admin', roles: ROLES, channel, tokenId: 'admin' }, expiresAt: null, revocable: false }
    }
    const isSigned = this.#jwt !== null && token.split('.').length === 3
    return this.#recent.find(`${channel} ${hash}`, () =>
      isSigned ? this.#signedSession(token, channel) : this.#storedSession(hash, channel),
    )
  }

  async #signedSession(token: string, channel: Channel): Promise<Session | null> {
    const claims = await this.#jwt!.verify(token)
    if (!claims) return null
    const { name, roles, expiresAt } = claims
    return { viewer: { name, roles, channel, tokenId: `jwt ${name}` }, expiresAt, revocable: false }
  }

  async #storedSession(hash: string, channel: Channel): Promise<Session | null> {
    const row = await findByHash(this.#ctx, hash)
    if (!row) return null
    await markUsed(this.#ctx, row).catch((error: unknown) => {
      // It is there to be read; a disk that is full keeps nobody from reading.
      this.#ctx.log.warn({ err: error }, 'the use of a token could not be noted')
    })
    const { id: tokenId, name, roles, playbookId, expiresAt } = row
    const viewer = { name, roles, channel, tokenId, ...(playbookId !== null && { playbookId }) }
    return { viewer, expiresAt: expiresAt?.getTime() ?? null, revocable: true }
  }

  #remember(hash: string): void {
    this.#known.delete(hash)
    this.#known.add(hash)
    if (this.#known.size > MAX_KNOWN) this.#known.delete(this.#known.values().next().value!)
  }

  async #look(): Promise<void> {
    const everybody = [...this.#inside.entries()]
    const ids = new Set(everybody.flatMap(([, { session }]) => (session.revocable ? session.viewer.tokenId! : [])))
    try {
      const valid = await stillValid(this.#ctx, [...ids])
      const now = Date.now()
      for (const [key, { session, putOut }] of everybody) {
        // a stored token expires by the clock of the database, whatever ours says
        const counts = session.revocable ? valid.has(session.viewer.tokenId!) : (session.expiresAt ?? Infinity) > now
        if (!counts && this.#inside.delete(key)) putOut()
      }
    } catch (error) {
      this.#ctx.log.warn({ err: error }, 'tokens could not be checked; trying again')
    }
  }
}

const TOO_MANY_FAILURES = 'Too many failed sign-ins from this address. Wait, then try again with the right token.'
