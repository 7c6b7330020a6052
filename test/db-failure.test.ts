import { describe, expect, test } from 'vitest'
import { databaseFailure } from '../src/db-failure.ts'
import { StorageFullError, UnavailableError } from '../src/errors.ts'

const failing = (code: string): Error => new Error('Failed query', { cause: Object.assign(new Error(code), { code }) })

describe('a failure of the database', () => {
  test.each(['ECONNREFUSED', 'CONNECTION_ENDED', '57P01', '57P03', '08006'])('%s is a service that is away', (code) => {
    expect(databaseFailure(failing(code))).toBeInstanceOf(UnavailableError)
  })

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
