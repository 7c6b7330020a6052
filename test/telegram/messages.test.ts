import { expect, test } from 'vitest'
import { parseCommand } from '../../src/telegram/command.ts'
import { jobsMessage } from '../../src/telegram/notice-messages.ts'
import { message, parameterFigure, plain } from '../../src/telegram/text.ts'
import type { TuningJobRow } from '../../src/tuning/table.ts'

test('a command is a word, its options and a name', () => {
  expect(parseCommand('')).toEqual({ kind: 'REVIEW', name: '' })
  expect(parseCommand('My Book')).toEqual({ kind: 'REVIEW', name: 'My Book' })
  expect(parseCommand('STATUS  My Book ')).toEqual({ kind: 'STATUS', name: 'My Book' })
  expect(parseCommand('apply')).toEqual({ kind: 'APPLY', mode: null, name: '' })
  expect(parseCommand('apply safe B')).toEqual({ kind: 'APPLY', mode: 'SAFE_ONLY', name: 'B' })
  expect(parseCommand('apply constructor')).toEqual({ kind: 'APPLY', mode: null, name: 'constructor' })
  expect(parseCommand('rollback 3 B')).toEqual({ kind: 'ROLLBACK', toVersion: 3, name: 'B' })
  expect(parseCommand('rollback 3rd book')).toEqual({ kind: 'ROLLBACK', toVersion: null, name: '3rd book' })
})

test('words of others lose markup, line breaks and marks that turn the writing direction', () => {
  expect(plain('<a href="x">&\r\n\u202eb</a>')).toBe('&lt;a href=&quot;x&quot;&gt;&amp; b&lt;/a&gt;')
  expect(plain('ab', 1)).toBe('…')
  expect(plain('😀'.repeat(100), 3)).toBe('😀😀…')
})

test('a message never exceeds what Telegram takes, and never cuts a line', () => {
  const text = message(Array.from({ length: 500 }, (_, at) => `<b>line ${at}</b>`))
  expect(text.length).toBeLessThan(4096)
  expect(text).toMatch(/<\/b>\n… and \d+ more lines; the dashboard shows them\.$/)
})

test('a number has the unit of its parameter', () => {
  expect(parameterFigure('LEVERAGE', 2.4000000001)).toBe('2.4×')
  expect(parameterFigure('STOP_LOSS', 0.025)).toBe('2.5 %')
  expect(parameterFigure('CONFIDENCE_THRESHOLD', 65)).toBe('65')
})

test('one finished job is told with its verdict, several with a line each', () => {
  const readiness = { productionReady: false, score: 62.4, explanation: 'The edge could be luck.' }
  const done = {
    name: 'a <b>',
    status: 'COMPLETED',
    result: { readiness, outOfSample: null },
  } as unknown as TuningJobRow
  const failed = { name: 'c', status: 'FAILED', error: { message: 'No candles.' } } as unknown as TuningJobRow
  expect(jobsMessage([done])).toBe('⚠️ <b>a &lt;b&gt;</b>: not ready, score 62 of 100\nThe edge could be luck.')
  expect(jobsMessage([failed])).toBe('❌ <b>c</b> failed\nNo candles.')
  expect(jobsMessage([done, failed])).toBe(
    '<b>2 tuning jobs have finished</b>\n⚠️ <b>a &lt;b&gt;</b>: not ready, score 62 of 100\n❌ <b>c</b> failed',
  )
})
