import { describe, expect, test } from 'vitest'
import { criterionInfo, inWords, questionOf } from '../../web/screens/job/criteria.ts'
import type { Criterion } from '../../web/screens/job/types.ts'

const line = (changes: Partial<Criterion>): Criterion => ({
  name: 'overfitting',
  description: 'What is asked.',
  value: 0.3,
  threshold: 0.2,
  passed: false,
  points: 0,
  maxPoints: 25,
  ...changes,
})

describe('a line of the verdict', () => {
  test('is named and signed as a reader knows it', () => {
    expect(criterionInfo(line({}))).toMatchObject({ label: 'Overfitting', sign: '<' })
    expect(criterionInfo(line({ name: 'placeboPercentile' }))).toMatchObject({ sign: '≥' })
  })

  test('that is new shows its own name, and its sign by how it came out', () => {
    expect(criterionInfo(line({ name: 'someNewTest' }))).toMatchObject({ label: 'Some new test', sign: '<' })
    expect(criterionInfo(line({ name: 'someNewTest', value: 0.3, passed: true }))).toMatchObject({ sign: '>' })
  })

  test('tells a question that nobody asked from one without an answer', () => {
    expect(questionOf(line({ description: 'A share. Not tested in this version.' }))).toEqual({
      question: 'A share.',
      missing: 'not tested',
    })
    expect(questionOf(line({ description: 'A share.' }))).toEqual({ question: 'A share.', missing: 'not defined' })
  })
})

test('an explanation names criteria as the table does', () => {
  expect(inWords('Not ready: validationR2 is 0.117 and must be above 0.5.')).toBe(
    'Not ready: Validation R² is 0.117 and must be above 0.5.',
  )
})
