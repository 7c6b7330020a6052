import { useState } from 'react'
import { Table } from '../../components/table.tsx'
import { duration, figure, money, percent, price, time } from '../../format.ts'
import type { BacktestQuery } from '../../generated/graphql.ts'
import { EXIT } from '../../words.ts'

export type Trade = BacktestQuery['backtest']['trades'][number]

const PAGE_SIZE = 50

/** Every trade, in order of time. */
export function TradeTable({ trades, onShow }: { trades: readonly Trade[]; onShow: (trade: Trade) => void }) {
  const [shown, setShown] = useState(PAGE_SIZE)
  const rows = trades.slice(0, shown).map((trade, at) => ({ ...trade, number: at + 1 }))
  return (
    <>
      <Table
        caption="Trades"
        rows={rows}
        rowKey={({ number }) => number}
        columns={[
          { title: '#', figure: true, cell: ({ number }) => number },
          { title: 'Side', cell: ({ side }) => (side === 'LONG' ? 'Long' : 'Short') },
          { title: 'Entry (UTC)', cell: ({ entryTime }) => <span className="nowrap">{time(entryTime)}</span> },
          {
            title: 'Entry price',
            meaning: 'In quote currency, slippage included.',
            figure: true,
            cell: ({ entryPrice }) => price(entryPrice),
          },
          { title: 'Exit (UTC)', cell: ({ exitTime }) => <span className="nowrap">{time(exitTime)}</span> },
          {
            title: 'Exit price',
            meaning: 'In quote currency, slippage included.',
            figure: true,
            cell: ({ exitPrice }) => price(exitPrice),
          },
          { title: 'Why', cell: ({ exitReason }) => <span className="nowrap">{EXIT[exitReason]}</span> },
          {
            title: 'Held',
            figure: true,
            cell: (trade) => duration(Date.parse(trade.exitTime) - Date.parse(trade.entryTime)),
          },
          { title: 'Quantity', meaning: 'In base units.', figure: true, cell: ({ quantity }) => figure(quantity, 5) },
          { title: 'Fees', meaning: 'In quote currency.', figure: true, cell: ({ fees }) => money(fees) },
          {
            title: 'Profit',
            meaning: 'Net, in quote currency.',
            figure: true,
            cell: ({ profitAbs }) => money(profitAbs),
          },
          {
            title: 'Profit, of equity',
            figure: true,
            cell: ({ profitRatio }) => <b className={profitRatio > 0 ? 'gain' : 'loss'}>{percent(profitRatio, 2)}</b>,
          },
          {
            title: <span className="unseen">Chart</span>,
            cell: (trade) => (
              <button
                type="button"
                className="small"
                aria-label={`Show trade ${trade.number}`}
                onClick={() => onShow(trade)}
              >
                Show
              </button>
            ),
          },
        ]}
      />
      {trades.length > shown && (
        <div className="list-end">
          <span className="muted">
            {shown} of {trades.length}
          </span>
          <button type="button" onClick={() => setShown(shown + PAGE_SIZE)}>
            Show more
          </button>
        </div>
      )}
    </>
  )
}
