import type { Frame } from '../../charts/plot.tsx'
import type { Domain } from '../../charts/scale.ts'
import { percent, price } from '../../format.ts'
import type { Trade } from './trade-table.tsx'

/** With more trades in sight than this, arrows would hide the candles. */
const MOST_ARROWS = 60

/** Trades over candles: a line from entry to exit in the colour of its outcome, with arrows where there is room. */
export function TradeMarks({ trades, frame, range }: { trades: readonly Trade[]; frame: Frame; range: Domain }) {
  const visible = trades.filter(
    ({ entryTime, exitTime }) => Date.parse(exitTime) >= range[0] && Date.parse(entryTime) <= range[1],
  )
  return visible.map((trade) => (
    <TradeMark key={trade.entryTime} trade={trade} frame={frame} arrows={visible.length <= MOST_ARROWS} />
  ))
}

function TradeMark({ trade, frame, arrows }: { trade: Trade; frame: Frame; arrows: boolean }) {
  const { side, entryTime, entryPrice, exitTime, exitPrice, profitRatio } = trade
  const [x1, x2] = [frame.x(Date.parse(entryTime)), frame.x(Date.parse(exitTime))]
  const [y1, y2] = [frame.y(entryPrice), frame.y(exitPrice)]
  const text = `${side === 'LONG' ? 'Long' : 'Short'} ${price(entryPrice)} to ${price(exitPrice)}: ${percent(profitRatio, 2)}`
  return (
    <g className={`trade ${profitRatio > 0 ? 'gain' : 'loss'}`}>
      <title>{text}</title>
      <line x1={x1} y1={y1} x2={x2} y2={y2} />
      {arrows && (
        <>
          <path d={`M${x1} ${y1 - 4}l5 8h-10z`} />
          <path d={`M${x2} ${y2 + 4}l5-8h-10z`} />
        </>
      )}
    </g>
  )
}
