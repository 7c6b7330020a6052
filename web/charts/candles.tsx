import type { Frame } from './plot.tsx'

export interface CandleBar {
  /** ms */
  openTime: number
  open: number
  high: number
  low: number
  close: number
  volume: number
}

/** The share of the height that volumes take, at the bottom. */
const VOLUME_SHARE = 0.16

/** Candles with their volumes: four paths, whatever their number. */
export function Candles({ bars, frame, barMs }: { bars: readonly CandleBar[]; frame: Frame; barMs: number }) {
  const slot = frame.x(barMs) - frame.x(0)
  const half = Math.max(0.5, Math.min(6, slot * 0.35))
  const loudest = Math.max(1e-300, ...bars.map(({ volume }) => volume))
  const rising = bars.filter(({ open, close }) => close >= open)
  const falling = bars.filter(({ open, close }) => close < open)
  const draw = (some: readonly CandleBar[]) => some.map((bar) => candlePath(bar, frame, barMs, half)).join('')
  const volumes = (some: readonly CandleBar[]) =>
    some.map((bar) => volumePath(bar, frame, barMs, half, loudest)).join('')
  return (
    <>
      <path className="volume rising" d={volumes(rising)} />
      <path className="volume falling" d={volumes(falling)} />
      <path className="candle rising" d={draw(rising)} />
      <path className="candle falling" d={draw(falling)} />
    </>
  )
}

/** Wick and body; a body at least a pixel high. */
function candlePath(
  { openTime, open, high, low, close }: CandleBar,
  { x, y }: Frame,
  barMs: number,
  half: number,
): string {
  const middle = x(openTime + barMs / 2)
  const [top, bottom] = [y(Math.max(open, close)), y(Math.min(open, close))]
  const body = Math.max(1, bottom - top)
  const wick = `M${middle.toFixed(1)} ${y(high).toFixed(1)}V${y(low).toFixed(1)}`
  return `${wick}M${(middle - half).toFixed(1)} ${top.toFixed(1)}h${(2 * half).toFixed(1)}v${body.toFixed(1)}h${(-2 * half).toFixed(1)}z`
}

function volumePath(
  { openTime, volume }: CandleBar,
  { x, height }: Frame,
  barMs: number,
  half: number,
  loudest: number,
): string {
  const tall = height * VOLUME_SHARE * (volume / loudest)
  return `M${(x(openTime + barMs / 2) - half).toFixed(1)} ${height.toFixed(1)}v${(-tall).toFixed(1)}h${(2 * half).toFixed(1)}V${height.toFixed(1)}z`
}
