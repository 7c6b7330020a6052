import { describe, expect, test } from 'vitest'
import { csv, csvCell, csvRow } from '../../../src/tuning/export/csv.ts'

describe('a CSV cell', () => {
  test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx'])('that a spreadsheet would run (%j) is defused', (text) => {
    expect(csvCell(text).replace(/^"/, '').startsWith("'")).toBe(true)
  })

  test('that is a number keeps its sign and every digit', () => {
    expect([-1.5, 1e-7, 0.1 + 0.2, -0].map(csvCell)).toEqual(['-1.5', '1e-7', '0.30000000000000004', '0'])
  })

  test('that is not defined is empty, and nothing but finite numbers leaves', () => {
    expect([null, NaN, Infinity].map(csvCell)).toEqual(['', '', ''])
  })

  test('is quoted where it needs to be, with quotes doubled', () => {
    expect(csvRow(['a,b', 'say "hi"', 'two\nlines', 'plain', 1])).toBe('"a,b","say ""hi""","two\nlines",plain,1\r\n')
  })
})

test('a table leaves with its formulas defused, in a header as in a row', () => {
  const formula = '=HYPERLINK("http://x";"y")'
  const columns = [
    { name: formula, kind: 'TEXT' as const },
    { name: 'entryTime', kind: 'TIME' as const },
    { name: 'profitAbs', kind: 'NUMBER' as const },
  ]
  expect(csv({ columns, rows: [[formula, 0, -1]] })).toBe(
    `"'=HYPERLINK(""http://x"";""y"")",entryTime,profitAbs\r\n"'=HYPERLINK(""http://x"";""y"")",1970-01-01T00:00:00.000Z,-1\r\n`,
  )
})
