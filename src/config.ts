import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { z } from 'zod'
import { ValidationError } from './errors.ts'

/** `all` serves and computes, `api` only serves, `worker` only computes. */
export const ROLES = ['all', 'api', 'worker'] as const

const LOOPBACK = ['127.0.0.1', '::1', 'localhost']

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

const Settings = z.object({
  PORT: optional(wholeNumber(0, 65_535).default(4000)),
  HOST: optional(
    z
      .string()
      .default('127.0.0.1')
      .refine((host) => LOOPBACK.includes(host), {
        error: (issue) =>
          `${String(issue.input)} can be reached from other machines, and this version has no sign-in yet. Use 127.0.0.1 and put a proxy with authentication in front of it.`,
      }),
  ),
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
  EXCHANGE_API_ROOT: optional(
    z
      .string()
      .refine((url) => /^https?:\/\//.test(url) && URL.canParse(url), { error: 'It must look like https://host:port.' })
      .transform((url) => url.replace(/\/+$/, ''))
      .optional(),
  ),
  LOG_LEVEL: optional(z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info')),
})

/** The embedded database belongs to one process, which has to do everything itself. */
const Environment = Settings.refine(({ TUNEBOOK_ROLE, DATABASE_URL }) => TUNEBOOK_ROLE === 'all' || DATABASE_URL, {
  path: ['TUNEBOOK_ROLE'],
  error: 'A process that does only a part needs DATABASE_URL, by which it shares one PostgreSQL with the others.',
})

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
  readonly logLevel: z.infer<typeof Environment>['LOG_LEVEL']
}

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
        const value = name === 'DATABASE_URL' ? 'its value' : JSON.stringify(environment[name])
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
    logLevel: env.LOG_LEVEL,
  })
}
