import type { AppContext } from '../context.ts'
import type { Readiness } from '../evidence/readiness.ts'
import { plot } from '../picture/plot.ts'
import { png, WIDTH } from '../picture/png.ts'
import { COLOURS, text, type Svg } from '../picture/svg.ts'
import { outOfSampleDetail } from '../tuning/out-of-sample.ts'
import type { TuningJobRow } from '../tuning/table.ts'
import { figure, percent, signed } from './text.ts'

const MARGIN = 40
const GATE_HEIGHT = 32

/** Equity of a stake of 1 at each close, and how far it is below its highest so far. */
interface EquityCurve {
  closeTimes: readonly number[]
  equity: ArrayLike<number>
  initialCapital: number
}

/** A finished job: verdict, equity with drawdown on the unseen candles, and the gates. Null where it has none. */
export async function jobPicture(ctx: AppContext, job: TuningJobRow): Promise<Buffer | null> {
  const readiness = job.result?.readiness
  if (job.status !== 'COMPLETED' || !readiness || !job.result?.outOfSample) return null
  const { closeTimes, equity } = await outOfSampleDetail(ctx, job)
  const curve = { closeTimes, equity, initialCapital: job.execution.initialCapital }
  const gatesTop = 690
  const height = gatesTop + 30 + GATE_HEIGHT * readiness.gates.length
  return png(height, headline(job.name, readiness) + equityPlots(curve) + gates(readiness, gatesTop))
}

function headline(name: string, { productionReady, score }: Readiness): Svg {
  const verdict = `${productionReady ? 'READY' : 'NOT READY'} · score ${Math.round(score)} of 100`
  const colour = productionReady ? COLOURS.good : COLOURS.bad
  return (
    text(MARGIN, 54, name, { size: 30, bold: true, width: WIDTH - 2 * MARGIN }) +
    text(MARGIN, 94, verdict, { size: 24, bold: true, colour })
  )
}

function equityPlots({ closeTimes, equity, initialCapital }: EquityCurve): Svg {
  let peak = initialCapital
  const multiples: [number, number][] = []
  const falls: [number, number][] = []
  for (const [bar, time] of closeTimes.entries()) {
    peak = Math.max(peak, equity[bar])
    multiples.push([time, equity[bar] / initialCapital])
    falls.push([time, equity[bar] / peak - 1])
  }
  const gain = multiples.at(-1)![1] - 1
  const deepest = falls.reduce((least, [, fall]) => Math.min(least, fall), -0.001)
  return (
    plot({
      title: `Equity on unseen candles: ${signed(gain)}`,
      top: 120,
      height: 350,
      lines: [{ name: 'equity', colour: COLOURS.first, points: multiples }],
      formatX: day,
      formatY: (value) => value.toFixed(2),
    }) +
    plot({
      title: `Drawdown: ${percent(-deepest)} at most`,
      top: 480,
      height: 190,
      lines: [{ name: 'drawdown', colour: COLOURS.bad, points: falls, filled: true }],
      y: [1.05 * deepest, 0],
      formatX: day,
      formatY: (value) => percent(value, deepest > -0.05 ? 1 : 0),
    })
  )
}

function gates({ gates }: Readiness, top: number): Svg {
  return gates
    .map(({ name, value, threshold, passed }, at) => {
      const y = top + 24 + at * GATE_HEIGHT
      const [mark, colour] = passed ? ['✓', COLOURS.good] : ['✗', COLOURS.bad]
      return (
        text(MARGIN, y, mark, { colour, bold: true }) +
        text(MARGIN + 34, y, inWords(name), { width: 480 }) +
        text(WIDTH - 250, y, value === null ? 'not tested' : figure(value), { anchor: 'end', bold: true }) +
        text(WIDTH - MARGIN, y, `threshold ${figure(threshold)}`, { anchor: 'end', colour: COLOURS.muted })
      )
    })
    .join('')
}

/** deflatedSharpeRatio → deflated sharpe ratio */
const inWords = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

/** 2026-01-01 */
export const day = (time: number): string => new Date(time).toISOString().slice(0, 10)
