import { readFileSync } from 'node:fs'
import {
  createRemoteJWKSet,
  errors,
  importSPKI,
  jwtVerify,
  type CryptoKey,
  type JWTVerifyGetKey,
  type JWTPayload,
} from 'jose'
import type { JwtSettings } from '../config.ts'
import { UnavailableError, ValidationError } from '../errors.ts'
import { ROLES, type Role } from '../viewer.ts'

/** What a signed token says of its bearer. */
export interface Claims {
  name: string
  roles: Role[]
  /** ms since epoch */
  expiresAt: number
}

const CLOCK_TOLERANCE_SECONDS = 5
const MAX_NAME = 100
const JWKS_WITHIN_MS = 3000

/** Checks signed tokens of somebody else's sign-in service. The algorithm is the configured one, never the token's. */
export class JwtVerifier {
  readonly #settings: JwtSettings
  readonly #key: CryptoKey | JWTVerifyGetKey

  private constructor(settings: JwtSettings, key: CryptoKey | JWTVerifyGetKey) {
    this.#settings = settings
    this.#key = key
  }

  /** @throws ValidationError the key cannot be read, or does not fit the algorithm */
  static async open(settings: JwtSettings): Promise<JwtVerifier> {
    if ('jwksUrl' in settings.source) {
      const url = new URL(settings.source.jwksUrl)
      return new JwtVerifier(settings, createRemoteJWKSet(url, { timeoutDuration: JWKS_WITHIN_MS }))
    }
    const { keyFile } = settings.source
    try {
      return new JwtVerifier(settings, await importSPKI(readFileSync(keyFile, 'utf8'), settings.algorithm))
    } catch (error) {
      throw ValidationError.at(
        'TUNEBOOK_JWT_KEY',
        `${keyFile} does not hold a public key for ${settings.algorithm} in PEM form (-----BEGIN PUBLIC KEY-----): ${(error as Error).message}`,
      )
    }
  }

  /**
   * @returns null for a token that does not count, whatever the reason
   * @throws UnavailableError the service that publishes the keys does not answer
   */
  async verify(token: string): Promise<Claims | null> {
    const { algorithm, issuer, audience } = this.#settings
    const options = {
      algorithms: [algorithm],
      issuer,
      audience,
      requiredClaims: ['exp', 'sub'],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
    }
    try {
      const { payload } =
        typeof this.#key === 'function'
          ? await jwtVerify(token, this.#key, options)
          : await jwtVerify(token, this.#key, options)
      return this.#claimsOf(payload)
    } catch (error) {
      if (error instanceof errors.JWKSTimeout || isNetworkError(error)) {
        throw new UnavailableError('The keys of TUNEBOOK_JWT_JWKS cannot be read now. Try again later.')
      }
      return null
    }
  }

  #claimsOf(payload: JWTPayload): Claims | null {
    const named = payload[this.#settings.rolesClaim]
    const roles = ROLES.filter((role) => Array.isArray(named) && named.includes(role))
    const isWhole = roles.length > 0 && !(roles.includes('BOT') && roles.includes('APPROVER'))
    if (!isWhole || !payload.sub || payload.sub.length > MAX_NAME) return null
    return { name: payload.sub, roles, expiresAt: payload.exp! * 1000 }
  }
}

/** Everything that jose refuses is a JOSEError; what fetch throws is not. */
function isNetworkError(error: unknown): boolean {
  return error instanceof TypeError && error.message === 'fetch failed'
}
