import { describe, expect, test } from 'vitest'
import { locateJsonError } from '../../src/cli/json-error.ts'

describe('the place where a text stops being JSON', () => {
  test.each([
    ['{"a":}', 5, 'a value'],
    ['{"a":1,}', 7, 'a name in double quotes'],
    ["{'a': 1}", 1, 'a name in double quotes'],
    ['{"a" 1}', 5, '":"'],
    ['{"a": 1 "b": 2}', 8, '"," or "}"'],
    ['[1, 2', 5, '"," or "]"'],
    ['[1, 2,]', 6, 'a value'],
    ['{"a": 1} x', 9, 'the end of the file'],
    ['', 0, 'a value'],
    ['{"a": tru}', 6, 'a value'],
    ['{"a": 01}', 7, '"," or "}"'],
    ['{"a": "x\ny"}', 6, 'a string without line breaks that ends in a quote'],
    ['{"a": "x', 6, 'a string without line breaks that ends in a quote'],
    ['{"a": 1,\n // why\n "b": 2}', 10, 'a name in double quotes'],
  ])('of %j is %i, where there should be %s', (text, offset, expected) => {
    expect(() => JSON.parse(text)).toThrow()
    expect(locateJsonError(text)).toEqual({ offset, expected })
  })

  test('agrees with JSON.parse, where that names one', () => {
    const good = JSON.stringify({ a: [1, 2.5e3, 'x\u00e9"', null], b: { c: true, d: [] } }, null, 1)
    for (let at = 0; at < good.length; at++) {
      const bad = `${good.slice(0, at)}?${good.slice(at + 1)}`
      const message = jsonError(bad)
      const position = Number(/at position (\d+)/.exec(message ?? '')?.[1] ?? NaN)
      if (Number.isNaN(position) || /string|escape/.test(message!)) continue
      expect(locateJsonError(bad).offset, bad).toBe(position)
    }
  })
})

function jsonError(text: string): string | null {
  try {
    JSON.parse(text)
    return null
  } catch (error) {
    return (error as Error).message
  }
}
