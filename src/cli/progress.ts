import { styleText } from 'node:util'
import type { JobProgress } from './finished-job.ts'
import { bar, duration, whole } from './text.ts'

/** Where progress is drawn; standard error in practice. */
export interface Screen {
  isTTY?: boolean
  columns?: number
  write(text: string): unknown
}

const BAR_WIDTH = 24
const CLEAR_LINE = '\r\u001b[2K'

/** Shows how far a job is: one live line on a terminal, a line for each new phase elsewhere. */
export class ProgressView {
  readonly #screen: Screen
  #phase = ''

  constructor(screen: Screen) {
    this.#screen = screen
  }

  show({ progress }: JobProgress): void {
    if (this.#screen.isTTY) {
      const line = liveLine(progress).slice(0, (this.#screen.columns || 80) - 1) // 0: a terminal that does not know
      this.#screen.write(CLEAR_LINE + paintBar(line, this.#screen))
    } else if (progress.phase !== this.#phase) {
      const steps = progress.phase === 'BACKTESTING' && progress.total > 0 ? ` ${whole(progress.total)} samples` : ''
      this.#screen.write(`${share(progress.fraction)}  ${phaseName(progress.phase)}${steps}\n`)
    }
    this.#phase = progress.phase
  }

  /** Leave the terminal as it was. */
  end(): void {
    if (this.#screen.isTTY) this.#screen.write(CLEAR_LINE)
  }
}

function liveLine({ phase, done, total, fraction, etaMs, backtestsPerSecond }: JobProgress['progress']): string {
  return [
    phaseName(phase).padEnd(11),
    `${bar(fraction, BAR_WIDTH)} ${share(fraction)}`,
    ...(total > 1 ? [`${whole(done)}/${whole(total)}`] : []),
    ...(phase === 'BACKTESTING' && backtestsPerSecond ? [`${whole(backtestsPerSecond)} backtests/s`] : []),
    ...(etaMs ? [`${duration(etaMs)} left`] : []),
  ].join('  ')
}

function phaseName(phase: string): string {
  return phase.charAt(0) + phase.slice(1).toLowerCase()
}

function share(fraction: number): string {
  return `${Math.floor(100 * fraction)} %`.padStart(5)
}

function paintBar(line: string, screen: Screen): string {
  const colour = process.env.NO_COLOR === undefined && screen.isTTY === true
  return colour ? line.replace(/█+/, (blocks) => styleText('cyan', blocks, { validateStream: false })) : line
}
