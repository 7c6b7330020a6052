import { describe, expect, test } from 'vitest'
import { databaseFailure, startFailure } from '../src/db-failure.ts'
import { ConflictError, StorageFullError, UnavailableError } from '../src/errors.ts'
import { refuseOlder } from '../src/migration.ts'

const failing = (code: string): Error => new Error('Failed query', { cause: Object.assign(new Error(code), { code }) })

describe('a failure of the database', () => {
  test.each(['ECONNREFUSED', 'EAI_AGAIN', 'ENETUNREACH', 'CONNECTION_ENDED', '57P01', '57P03', '08006'])(
    '%s is a service that is away',
    (code) => {
      expect(databaseFailure(failing(code))).toBeInstanceOf(UnavailableError)
    },
  )

  test('53100 is a full disk', () => {
    expect(databaseFailure(failing('53100'))).toBeInstanceOf(StorageFullError)
  })

  test.each(['22021', '22P05'])('%s is a text that cannot be stored, and the fault of its sender', (code) => {
    expect(databaseFailure(failing(code))).toMatchObject({ code: 'BAD_USER_INPUT' })
  })

  test.each([failing('23505'), new Error('a bug'), null, 'text'])('%o is something else', (error) => {
    expect(databaseFailure(error)).toBeNull()
  })
})

describe('what keeps a process from starting', () => {
  test.each([
    ['ECONNREFUSED', 'Check host and port, and whether it is up'],
    ['EAI_AGAIN', 'In a password @ : / ? # % are written %40 %3A %2F %3F %23 %25.'],
    ['ENETUNREACH', 'Check host and port'],
    ['57P03', 'then start again'],
    ['28P01', 'Check user, password and name of the database.'],
    ['3D000', 'Check user, password and name of the database.'],
    ['42501', 'Make the user its owner'],
    ['53300', 'Raise max_connections'],
  ])('%s is told with what happened and what to do', (code, remedy) => {
    const failure = startFailure(failing(code))
    expect(failure).toBeInstanceOf(UnavailableError)
    expect((failure as Error).message).toContain(`cannot be used: ${code}. `) // the words of who refused
    expect((failure as Error).message).toContain(remedy)
  })

  test.each([failing('23505'), new Error('a bug'), new ConflictError('a newer version')])('%o is itself', (error) => {
    expect(startFailure(error)).toBe(error)
  })
})

describe('a PostgreSQL', () => {
  test('that is older than 14 is refused by name', () => {
    expect(() => refuseOlder(130_023)).toThrow('is PostgreSQL 13; Tunebook needs 14 or newer')
  })

  test.each([140_000, 180_001])('of version %i is taken', (version) => {
    expect(() => refuseOlder(version)).not.toThrow()
  })
})
