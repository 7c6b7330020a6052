import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import type { JobProgress } from '../../src/cli/finished-job.ts'
import { ProgressView } from '../../src/cli/progress.ts'
import type { JobPhase } from '../../src/tuning/job.ts'

function at(phase: JobPhase, fraction: number, done = 0, total = 0): JobProgress {
  const progress = { phase, done, total, fraction, etaMs: 12_000, backtestsPerSecond: 3400 }
  return { id: 'job_1', status: 'RUNNING', progress }
}

/** What a view writes to a screen of its own. */
function written(isTTY: boolean, states: JobProgress[], columns = 100): string {
  let text = ''
  const view = new ProgressView({ isTTY, columns, write: (more: string) => (text += more) })
  for (const state of states) view.show(state)
  view.end()
  return text
}

test('without a terminal each new phase is one plain line', () => {
  const states = [
    at('LOADING', 0),
    at('BACKTESTING', 0.1, 0, 200),
    at('BACKTESTING', 0.3, 100, 200),
    at('TRAINING', 0.4),
  ]
  expect(written(false, states)).toBe('  0 %  Loading\n 10 %  Backtesting 200 samples\n 40 %  Training\n')
})

test('on a terminal one line is drawn over and cleared at the end', () => {
  const text = written(true, [at('BACKTESTING', 0.25, 100, 200)])
  expect(text).toContain('100/200')
  expect(text).toContain('3,400 backtests/s')
  expect(text).toContain('12 s left')
  expect(text).toContain(' 25 %')
  expect(text).not.toContain('\n')
  expect(text.endsWith('\r\u001b[2K')).toBe(true)
})

test('a narrow terminal cuts the line, so that it stays one', () => {
  const text = written(true, [at('BACKTESTING', 0.25, 100, 200)], 20)
  expect(stripVTControlCharacters(text).trim().length).toBeLessThan(20)
})

test('a terminal that does not know its width gets the whole line', () => {
  const text = stripVTControlCharacters(written(true, [at('TRAINING', 0.4, 100, 200)], 0))
  expect(text.trim()).toMatch(/12 s left$/)
})
