import { describe, expect, test } from 'vitest'
import { match } from '../../web/match.ts'

describe('a path', () => {
  test('fits a pattern of as many parts, and its named parts are read', () => {
    expect(match('/jobs/:id/:tab', '/jobs/job_1/samples')).toEqual({ id: 'job_1', tab: 'samples' })
    expect(match('/jobs/:id', '/jobs/job_1/samples')).toBeNull()
    expect(match('/jobs/:id', '/markets/job_1')).toBeNull()
  })

  test('may end with a slash', () => {
    expect(match('/jobs/:id', '/jobs/job_1/')).toEqual({ id: 'job_1' })
    expect(match('/', '/')).toEqual({})
  })

  test('that is malformed stands for itself', () => {
    expect(match('/jobs/:id', '/jobs/%E0%A4%A')).toEqual({ id: '%E0%A4%A' })
    expect(match('/jobs/:id', '/jobs/a%20b')).toEqual({ id: 'a b' })
  })
})
