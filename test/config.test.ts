import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readConfig } from '../src/config.ts'
import { ValidationError } from '../src/errors.ts'

function refusal(environment: NodeJS.ProcessEnv): string[] {
  try {
    readConfig(environment)
  } catch (error) {
    if (error instanceof ValidationError)
      return error.fieldErrors.map(({ path, message }) => `${path.join('.')} ${message}`)
    throw error
  }
  return []
}

describe('readConfig', () => {
  test('needs nothing', () => {
    expect(readConfig({})).toEqual({
      port: 4000,
      host: '127.0.0.1',
      databaseUrl: undefined,
      home: resolve('.tunebook'),
      threads: availableParallelism(),
      maxQueued: 5000,
      shareFrom: 5e9,
      role: 'all',
      exchangeApiRoot: undefined,
      names: [],
      adminToken: undefined,
      jwt: undefined,
      logLevel: 'info',
    })
  })

  test('takes what is empty for not given', () => {
    expect(readConfig({ PORT: '', HOST: '', DATABASE_URL: '', TUNEBOOK_THREADS: '', TUNEBOOK_HOME: '' })).toEqual(
      readConfig({}),
    )
  })

  test('reads every setting', () => {
    const environment = {
      PORT: '0',
      HOST: '::1',
      DATABASE_URL: 'postgres://me:secret@db:5432/tunebook',
      TUNEBOOK_HOME: '/var/lib/tunebook',
      TUNEBOOK_THREADS: '3',
      TUNEBOOK_MAX_QUEUED: '100',
      TUNEBOOK_SHARE_FROM: '0',
      TUNEBOOK_ROLE: 'worker',
      EXCHANGE_API_ROOT: 'https://proxy:8080/',
      TUNEBOOK_NAMES: 'Tunebook.lan, tunes.example.org',
      TUNEBOOK_ADMIN_TOKEN: 'a secret of the operator, for tests'.replaceAll(' ', '-'),
      TUNEBOOK_JWT_KEY: '/etc/tunebook/key.pem',
      TUNEBOOK_JWT_ALGORITHM: 'EdDSA',
      TUNEBOOK_JWT_ISSUER: 'https://login.example',
      TUNEBOOK_JWT_AUDIENCE: 'tunebook',
      LOG_LEVEL: 'warn',
    }
    expect(readConfig(environment)).toEqual({
      port: 0,
      host: '::1',
      databaseUrl: environment.DATABASE_URL,
      home: '/var/lib/tunebook',
      threads: 3,
      maxQueued: 100,
      shareFrom: 0,
      role: 'worker',
      exchangeApiRoot: 'https://proxy:8080',
      names: ['tunebook.lan', 'tunes.example.org'],
      adminToken: environment.TUNEBOOK_ADMIN_TOKEN,
      jwt: {
        source: { keyFile: '/etc/tunebook/key.pem' },
        algorithm: 'EdDSA',
        issuer: 'https://login.example',
        audience: 'tunebook',
        rolesClaim: 'roles',
      },
      logLevel: 'warn',
    })
  })

  test('cannot be changed afterwards', () => {
    expect(Object.isFrozen(readConfig({}))).toBe(true)
  })

  test('names every bad setting at once, with its value and what is allowed', () => {
    const problems = refusal({
      PORT: 'http',
      HOST: 'http://0.0.0.0',
      DATABASE_URL: 'mysql://me:secret@db/x',
      TUNEBOOK_THREADS: '0',
      TUNEBOOK_ROLE: 'boss',
      LOG_LEVEL: 'loud',
    })
    expect(problems).toEqual([
      'PORT "http" is not accepted: It must be a whole number from 0 to 65535.',
      expect.stringMatching(/^HOST "http:.*" is not accepted: .*0\.0\.0\.0 for all/),
      'DATABASE_URL its value is not accepted: It must look like postgres://user:password@host:5432/database.',
      'TUNEBOOK_THREADS "0" is not accepted: It must be a whole number from 1 to 256.',
      expect.stringMatching(/^TUNEBOOK_ROLE "boss" is not accepted: .*"all"\|"api"\|"worker"/),
      expect.stringMatching(/^LOG_LEVEL "loud" is not accepted: .*"debug"/),
    ])
    expect(problems.join()).not.toContain('secret')
  })

  test.each([' ', '0x10', '1e3', '4000.5', '-1', '65536', '99999999999', 'Infinity', '４０００'])(
    'does not take %j for a port',
    (PORT) => {
      expect(refusal({ PORT })).toEqual([
        `PORT ${JSON.stringify(PORT)} is not accepted: It must be a whole number from 0 to 65535.`,
      ])
    },
  )

  test.each(['postgres:/db', 'postgres://host:port/db', 'http://db'])(
    'does not take %j for a database',
    (DATABASE_URL) => {
      expect(refusal({ DATABASE_URL })).toHaveLength(1)
    },
  )

  test.each(['short', 'x'.repeat(31), 'with a blank in it, but long enough otherwise'])(
    'does not take %j for an admin token, and does not repeat it',
    (TUNEBOOK_ADMIN_TOKEN) => {
      const [problem] = refusal({ TUNEBOOK_ADMIN_TOKEN })
      expect(problem).toMatch(/^TUNEBOOK_ADMIN_TOKEN its value is not accepted: It must have at least 32 characters/)
      expect(problem).not.toContain(TUNEBOOK_ADMIN_TOKEN)
    },
  )

  test('takes signed tokens only with algorithm, issuer, audience and one source of keys', () => {
    expect(refusal({ TUNEBOOK_JWT_KEY: 'key.pem' })).toHaveLength(3)
    const rest = { TUNEBOOK_JWT_ALGORITHM: 'RS256', TUNEBOOK_JWT_ISSUER: 'me', TUNEBOOK_JWT_AUDIENCE: 'you' }
    expect(refusal(rest)).toEqual([expect.stringMatching(/need one of TUNEBOOK_JWT_KEY/)])
    const both = { ...rest, TUNEBOOK_JWT_KEY: 'key.pem', TUNEBOOK_JWT_JWKS: 'https://login.example/keys' }
    expect(refusal(both)).toEqual([expect.stringMatching(/need one of TUNEBOOK_JWT_KEY/)])
    for (const TUNEBOOK_JWT_ALGORITHM of ['none', 'HS256']) {
      expect(refusal({ ...rest, TUNEBOOK_JWT_KEY: 'key.pem', TUNEBOOK_JWT_ALGORITHM })).not.toEqual([])
    }
  })
})
