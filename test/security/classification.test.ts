import { buildSchema, isObjectType } from 'graphql'
import { describe, expect, test } from 'vitest'
import { guardedTypes, requireClassified, rootFields } from '../../src/auth/classification.ts'
import { schema } from '../../src/server/schema.ts'
import { allows, ROLES, type Role } from '../../src/viewer.ts'

/** Object types that not everybody may read who was let in by a root field. Every other type is open to them. */
const GUARDED: Record<string, readonly Role[]> = {
  ApiToken: ['ADMIN'],
  AuditEntry: ['APPROVER', 'ADMIN'],
  Model: ['VIEWER'],
  Playbook: ['VIEWER', 'BOT'],
  PlaybookModel: ['VIEWER'],
  PlaybookPerformance: ['VIEWER'],
  PlaybookReview: ['VIEWER'],
  PlaybookVersion: ['VIEWER'],
  Recommendation: ['VIEWER'],
  Sample: ['VIEWER'],
  Trade: ['VIEWER'],
  TuningJob: ['VIEWER'],
}

/** Root fields that change something or are nobody's but a few roles'. Every other one is for VIEWER, and reads. */
const EXCEPTIONS: Record<string, readonly Role[]> = {
  'Query.viewer': ROLES,
  'Query.playbook': ['VIEWER', 'BOT'],
  'Subscription.playbookChanged': ['VIEWER', 'BOT'],
  'Query.apiTokens': ['ADMIN'],
  'Query.auditLog': ['APPROVER', 'ADMIN'],
  'Query.auditVerification': ['APPROVER', 'ADMIN'],
}

describe('every field of the schema', () => {
  test('at a root says who may use it', () => {
    expect([...rootFields(schema)].filter(([, needed]) => !needed?.length).map(([name]) => name)).toEqual([])
  })

  test('that reads is for VIEWER, and for nobody without it, but for those listed here', () => {
    const reading = [...rootFields(schema)].filter(([name]) => !name.startsWith('Mutation.'))
    const other = reading.filter(([, needed]) => String(needed) !== 'VIEWER')
    expect(Object.fromEntries(other)).toEqual(EXCEPTIONS)
  })

  test('that changes something is for no VIEWER', () => {
    const viewer = { name: 'reader', roles: ['VIEWER'] as const, channel: 'API' as const }
    const open = [...rootFields(schema)].filter(
      ([name, needed]) => name.startsWith('Mutation.') && allows(viewer, needed!),
    )
    expect(open.map(([name]) => name)).toEqual([])
  })

  test('of a guarded type asks for the roles of its type, wherever it is reached from', () => {
    expect(Object.fromEntries(guardedTypes(schema))).toEqual(GUARDED)
    for (const name of Object.keys(GUARDED)) expect(isObjectType(schema.getType(name))).toBe(true)
  })

  test('that nobody has classified is not served', () => {
    const open = buildSchema('type Query { secret: String }')
    expect(() => requireClassified(open)).toThrow(/^Say who may use Query\.secret:/)
  })
})
