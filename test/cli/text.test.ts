import { expect, test } from 'vitest'
import { bar, duration, figure, percent, price, table, wrap } from '../../src/cli/text.ts'

test('a figure has three significant digits and says nothing where there is none', () => {
  const figures = [null, 0, 3, 0.0123456, -6.92345, 1234.567, 12345678.9, 0.00001234].map(figure)
  expect(figures).toEqual(['–', '0', '3', '0.0123', '-6.92', '1234.6', '1.23e+7', '1.23e-5'])
})

test('a share is shown in per cent, a price with all its digits', () => {
  expect([percent(0.0853), percent(-1, 0), percent(null)]).toEqual(['8.5 %', '-100 %', '–'])
  expect([price(118234.56), price(0.00001234)]).toEqual(['118234.56', '0.00001234'])
})

test('a duration is as exact as it is useful', () => {
  expect([12.3, 1234, 12_345, 90_000, 3_725_000].map(duration)).toEqual([
    '12 ms',
    '1.2 s',
    '12 s',
    '1 min 30 s',
    '1 h 2 min',
  ])
})

test('a bar is full at one and does not overflow', () => {
  expect([bar(0, 4), bar(0.5, 4), bar(1, 4), bar(7, 4)]).toEqual(['░░░░', '██░░', '████', '████'])
})

test('columns line up whatever the colours, and the last one is cut to the screen', () => {
  expect(
    table(
      [
        ['a', '\u001b[31m1\u001b[39m', 'x'],
        ['bbb', '22', 'long text'],
      ],
      'lrl',
    ),
  ).toEqual(['  a     \u001b[31m1\u001b[39m  x', '  bbb  22  long text'])
  expect(table([['bbb', '22', 'long text']], 'lrl', 15)).toEqual(['  bbb  22  lon…'])
})

test('text is broken at spaces', () => {
  expect(wrap('one two three', 8, '  ')).toEqual(['  one', '  two', '  three'])
  expect(wrap('one two three', 9)).toEqual(['one two', 'three'])
})
