import { parse, validate } from 'graphql'
import { expect, test } from 'vitest'
import { wholeJob } from '../../src/cli/finished-job.ts'
import { schema } from '../../src/server/schema.ts'

test('the whole job is a valid query that asks for the verdict and the candidates, not for thousands of samples', () => {
  const query = wholeJob()
  expect(validate(schema, parse(query))).toEqual([])
  for (const field of ['readiness', 'gates', 'candidates', 'outOfSample', 'warnings', 'resultDigest']) {
    expect(query).toContain(field)
  }
  expect(query).not.toMatch(/\b(samples|predictions) [({]/)
})
