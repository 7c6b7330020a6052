import { isIP } from 'node:net'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { z } from 'zod'
import { ValidationError } from './errors.ts'
import { ROLES as VIEWER_ROLES, type Role } from './viewer.ts'

/** `all` serves and computes, `api` only serves, `worker` only computes. */
export const ROLES = ['all', 'api', 'worker'] as const

/** How a signed token may be signed: with a key that this service does not have, so that it can sign none itself. */
const JWT_ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const

const HOST_NAME = /^[a-z\d]([a-z\d.-]{0,251}[a-z\d])?$/i

/** A setting that is there but empty counts as not given: `PORT= npm start`. */
const optional = <T extends z.ZodType>(type: T) => z.preprocess((value) => (value === '' ? undefined : value), type)

/** Digits only: a plain conversion would take a blank for 0 and 0x10 for 16. */
function wholeNumber(low: number, high: number) {
  const error = `It must be a whole number from ${low} to ${high}.`
  return z
    .string()
    .regex(/^\d{1,15}$/, { error })
    .transform(Number)
    .pipe(z.number().min(low, { error }).max(high, { error }))
}

/** Which signed tokens (JWT) count. */
export interface JwtSettings {
  readonly source: { keyFile: string } | { jwksUrl: string }
  readonly algorithm: (typeof JWT_ALGORITHMS)[number]
  readonly issuer: string
  readonly audience: string
  /** the claim with the list of roles */
  readonly rolesClaim: string
}

const webUrl = z.string().refine((url) => /^https?:\/\//.test(url) && URL.canParse(url), {
  error: 'It must look like https://host:port.',
})
const webAddress = webUrl.transform((url) => url.replace(/\/+$/, ''))

/** A person who may talk to the Telegram bot. */
export interface TelegramUser {
  /** Telegram's number of the person, in digits */
  id: string
  roles: readonly Role[]
}

const USERS_ERROR = 'It must look like 123456789:APPROVER,987654321:VIEWER; several roles: 123456789:TUNER+APPROVER.'

/** `123:APPROVER,456:TUNER+APPROVER,789`; who has no role named is a VIEWER. Trades are reported by bots only. */
const telegramUsers = z.string().transform((text, check): TelegramUser[] => {
  const users = text.split(',').map((part) => /^\s*(\d{1,19})(?::([A-Z+]+))?\s*$/.exec(part))
  const parsed = users.map((match) => ({ id: match?.[1] ?? '', roles: (match?.[2] ?? 'VIEWER').split('+') as Role[] }))
  const isKnown = (role: Role): boolean => role !== 'BOT' && VIEWER_ROLES.includes(role)
  const isTwice = new Set(parsed.map(({ id }) => id)).size < parsed.length
  if (!isTwice && parsed.every(({ id, roles }) => id !== '' && roles.every(isKnown))) return parsed
  check.addIssue({ code: 'custom', message: isTwice ? 'A user is named twice.' : USERS_ERROR })
  return z.NEVER
})

const Settings = z.object({
  PORT: optional(wholeNumber(0, 65_535).default(4000)),
  HOST: optional(
    z
      .string()
      .default('127.0.0.1')
      .refine((host) => HOST_NAME.test(host) || isIP(host) > 0, {
        error: 'It must be an address or a name of this machine: 127.0.0.1, 0.0.0.0 for all its addresses, ::1.',
      }),
  ),
  TUNEBOOK_NAMES: optional(
    z
      .string()
      .default('')
      .transform((names) =>
        names
          .toLowerCase()
          .split(/[\s,]+/)
          .filter(Boolean),
      )
      .refine((names) => names.every((name) => HOST_NAME.test(name)), {
        error: 'It must be names without scheme and port, parted by commas: tunebook.lan,tunes.example.org.',
      }),
  ),
  TUNEBOOK_ADMIN_TOKEN: optional(
    z
      .string()
      .regex(/^[\x21-\x7e]{32,500}$/, {
        error: 'It must have at least 32 characters, without spaces: openssl rand -base64 32.',
      })
      .optional(),
  ),
  TUNEBOOK_JWT_KEY: optional(z.string().optional()),
  TUNEBOOK_JWT_JWKS: optional(
    z
      .string()
      .refine((url) => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol), {
        error: 'It must look like https://host/path.',
      })
      .optional(),
  ),
  TUNEBOOK_JWT_ALGORITHM: optional(z.enum(JWT_ALGORITHMS).optional()),
  TUNEBOOK_JWT_ISSUER: optional(z.string().optional()),
  TUNEBOOK_JWT_AUDIENCE: optional(z.string().optional()),
  TUNEBOOK_JWT_ROLES_CLAIM: optional(z.string().default('roles')),
  DATABASE_URL: optional(
    z
      .string()
      .refine((url) => /^postgres(ql)?:\/\//.test(url) && URL.canParse(url), {
        error: 'It must look like postgres://user:password@host:5432/database.',
      })
      .optional(),
  ),
  TUNEBOOK_HOME: optional(z.string().default('.tunebook')),
  TUNEBOOK_THREADS: optional(wholeNumber(1, 256).default(availableParallelism())),
  TUNEBOOK_MAX_QUEUED: optional(wholeNumber(1, 1_000_000).default(5000)),
  TUNEBOOK_SHARE_FROM: optional(wholeNumber(0, 1e15).default(5e9)),
  TUNEBOOK_ROLE: optional(z.enum(ROLES).default('all')),
  EXCHANGE_API_ROOT: optional(webAddress.optional()),
  TELEGRAM_BOT_TOKEN: optional(
    z
      .string()
      .regex(/^\d+:[\w-]+$/, { error: 'It must be the token that BotFather gave, as 123456:ABC-DEF.' })
      .optional(),
  ),
  TELEGRAM_ALLOWED_USERS: optional(telegramUsers.optional()),
  TELEGRAM_API_ROOT: optional(webAddress.default('https://api.telegram.org')),
  TELEGRAM_WEBHOOK_URL: optional(webAddress.optional()),
  TELEGRAM_WEBHOOK_SECRET: optional(
    z
      .string()
      .regex(/^[\w-]{16,256}$/, { error: 'It must have 16 to 256 letters, digits, _ or -.' })
      .optional(),
  ),
  WEBHOOK_URL: optional(
    webUrl
      .refine((url) => !/^https?:\/\/[^/?#]*@/.test(url), {
        error: 'It may not carry a password; messages are signed with WEBHOOK_SECRET instead.',
      })
      .optional(),
  ),
  WEBHOOK_SECRET: optional(z.string().min(16, { error: 'It must have at least 16 characters.' }).optional()),
  LOG_LEVEL: optional(z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info')),
})

/** The embedded database belongs to one process, which has to do everything itself. */
const Environment = Settings.refine(({ TUNEBOOK_ROLE, DATABASE_URL }) => TUNEBOOK_ROLE === 'all' || DATABASE_URL, {
  path: ['TUNEBOOK_ROLE'],
  error: 'A process that does only a part needs DATABASE_URL, by which it shares one PostgreSQL with the others.',
}).superRefine((env, problems) => {
  for (const [name, message] of [...jwtProblems(env), ...secretProblems(env)]) {
    problems.addIssue({ code: 'custom', path: [name], message })
  }
})

/** Where this service tells what happens, and what it signs that with. */
export interface WebhookConfig {
  readonly url: string
  readonly secret: string
}

/** The Telegram bot. */
export interface TelegramConfig {
  readonly token: string
  readonly users: readonly TelegramUser[]
  readonly apiRoot: string
  /** where Telegram delivers updates; unset: they are fetched */
  readonly webhook: WebhookConfig | undefined
}

export interface Config {
  readonly port: number
  readonly host: string
  /** unset: the embedded database in `home` */
  readonly databaseUrl: string | undefined
  /** absolute path of the folder with the embedded database, the import folder and what else this machine keeps */
  readonly home: string
  /** size of the compute pool */
  readonly threads: number
  /** jobs that may wait; one more is refused */
  readonly maxQueued: number
  /**
   * bar × samples from which the backtests of a job are spread over all workers of the database; below it the candles
   * travel longer than the work takes
   */
  readonly shareFrom: number
  readonly role: (typeof ROLES)[number]
  /** replaces the address of every exchange that candles are downloaded from: a proxy, or a test */
  readonly exchangeApiRoot: string | undefined
  /** further names of this machine, lower case, by which browsers may ask for it */
  readonly names: readonly string[]
  /** the secret that may do everything; unset: the one kept in `home` */
  readonly adminToken: string | undefined
  /** signed tokens of another sign-in service; unset: they do not count */
  readonly jwt: JwtSettings | undefined
  /** unset: no bot */
  readonly telegram: TelegramConfig | undefined
  /** unset: nobody is told */
  readonly webhook: WebhookConfig | undefined
  readonly logLevel: z.infer<typeof Environment>['LOG_LEVEL']
}

const SECRETS = [
  'DATABASE_URL',
  'TUNEBOOK_ADMIN_TOKEN',
  'TELEGRAM_BOT_TOKEN',
  'TELEGRAM_WEBHOOK_SECRET',
  'WEBHOOK_URL',
  'WEBHOOK_SECRET',
]

/**
 * Read the settings from the environment.
 *
 * @throws ValidationError that names every bad setting at once, with its value and what is allowed
 */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const parsed = Environment.safeParse(environment)
  if (!parsed.success) {
    throw new ValidationError(
      parsed.error.issues.map(({ path, message }) => {
        const name = String(path[0])
        const value = SECRETS.includes(name) ? 'its value' : JSON.stringify(environment[name])
        return { path: [name], message: `${value} is not accepted: ${message}` }
      }),
    )
  }
  const env = parsed.data
  return Object.freeze({
    port: env.PORT,
    host: env.HOST,
    databaseUrl: env.DATABASE_URL,
    home: resolve(env.TUNEBOOK_HOME),
    threads: env.TUNEBOOK_THREADS,
    maxQueued: env.TUNEBOOK_MAX_QUEUED,
    shareFrom: env.TUNEBOOK_SHARE_FROM,
    role: env.TUNEBOOK_ROLE,
    exchangeApiRoot: env.EXCHANGE_API_ROOT,
    names: env.TUNEBOOK_NAMES,
    adminToken: env.TUNEBOOK_ADMIN_TOKEN,
    jwt: jwtSettings(env),
    telegram: telegramOf(env),
    webhook: env.WEBHOOK_URL && env.WEBHOOK_SECRET ? { url: env.WEBHOOK_URL, secret: env.WEBHOOK_SECRET } : undefined,
    logLevel: env.LOG_LEVEL,
  })
}

type JwtEnvironment = Partial<
  Record<'TUNEBOOK_JWT_KEY' | 'TUNEBOOK_JWT_JWKS' | 'TUNEBOOK_JWT_ISSUER' | 'TUNEBOOK_JWT_AUDIENCE', string | undefined>
> & { TUNEBOOK_JWT_ALGORITHM?: JwtSettings['algorithm'] | undefined; TUNEBOOK_JWT_ROLES_CLAIM: string }

/** A signed token that is not bound to an issuer and to this service could have been made for anything. */
function jwtProblems(env: JwtEnvironment): [name: string, message: string][] {
  const { TUNEBOOK_JWT_KEY: key, TUNEBOOK_JWT_JWKS: jwks } = env
  const needed = ['TUNEBOOK_JWT_ALGORITHM', 'TUNEBOOK_JWT_ISSUER', 'TUNEBOOK_JWT_AUDIENCE'] as const
  const sources = [key, jwks].filter((source) => source !== undefined).length
  if (sources === 0 && needed.every((name) => env[name] === undefined)) return []
  const missing = needed.filter((name) => env[name] === undefined)
  return [
    ...missing.map((name): [string, string] => [name, 'Signed tokens need it: name algorithm, issuer and audience.']),
    ...(sources === 1 ? [] : [SOURCE_PROBLEM]),
  ]
}

const SOURCE_PROBLEM: [string, string] = [
  'TUNEBOOK_JWT_KEY',
  'Signed tokens need one of TUNEBOOK_JWT_KEY, a file with a public key, and TUNEBOOK_JWT_JWKS.',
]

function jwtSettings(env: JwtEnvironment): JwtSettings | undefined {
  const { TUNEBOOK_JWT_KEY: keyFile, TUNEBOOK_JWT_JWKS: jwksUrl } = env
  if (keyFile === undefined && jwksUrl === undefined) return undefined
  return {
    source: keyFile === undefined ? { jwksUrl: jwksUrl! } : { keyFile: resolve(keyFile) },
    algorithm: env.TUNEBOOK_JWT_ALGORITHM!,
    issuer: env.TUNEBOOK_JWT_ISSUER!,
    audience: env.TUNEBOOK_JWT_AUDIENCE!,
    rolesClaim: env.TUNEBOOK_JWT_ROLES_CLAIM,
  }
}

const SIGNED = [
  ['TELEGRAM_WEBHOOK_URL', 'TELEGRAM_WEBHOOK_SECRET'],
  ['WEBHOOK_URL', 'WEBHOOK_SECRET'],
] as const

/** Without a secret anybody could speak in the name of Telegram to us, or in our name to a receiver. */
function secretProblems(
  env: Partial<Record<(typeof SIGNED)[number][number], string | undefined>>,
): [name: string, message: string][] {
  return SIGNED.filter(([url, secret]) => env[url] !== undefined && env[secret] === undefined).map(([url, secret]) => [
    secret,
    `${url} needs it: a secret by which messages are known to be genuine.`,
  ])
}

function telegramOf(env: z.infer<typeof Environment>): TelegramConfig | undefined {
  const { TELEGRAM_BOT_TOKEN: token, TELEGRAM_WEBHOOK_URL: url, TELEGRAM_WEBHOOK_SECRET: secret } = env
  if (!token) return undefined
  const webhook = url && secret ? { url, secret } : undefined
  return { token, users: env.TELEGRAM_ALLOWED_USERS ?? [], apiRoot: env.TELEGRAM_API_ROOT, webhook }
}
