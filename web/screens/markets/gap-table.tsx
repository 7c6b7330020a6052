import { useState } from 'react'
import type { Domain } from '../../charts/scale.ts'
import { Table } from '../../components/table.tsx'
import { duration, time, whole } from '../../format.ts'
import type { MarketQuery } from '../../generated/graphql.ts'

type Gap = NonNullable<MarketQuery['market']>['quality']['gaps'][number]

const FEW = 10

/** Where candles are missing, the longest gaps first. */
export function GapTable({ gaps, onShow }: { gaps: readonly Gap[]; onShow: (range: Domain) => void }) {
  const [all, setAll] = useState(false)
  const longest = gaps.toSorted((a, b) => b.missing - a.missing)
  return (
    <>
      <Table
        caption="Gaps, the longest first"
        rows={all ? longest : longest.slice(0, FEW)}
        rowKey={({ from }) => from}
        columns={[
          { title: 'From (UTC)', cell: ({ from }) => <span className="nowrap">{time(from)}</span> },
          { title: 'To (UTC)', cell: ({ to }) => <span className="nowrap">{time(to)}</span> },
          { title: 'Lasts', figure: true, cell: (gap) => duration(lengthOf(gap)) },
          { title: 'Candles', figure: true, cell: ({ missing }) => whole(missing) },
          {
            title: <span className="unseen">Chart</span>,
            cell: (gap) => (
              <button
                type="button"
                className="small"
                aria-label={`Show the gap of ${time(gap.from)}`}
                onClick={() => onShow(around(gap))}
              >
                Show
              </button>
            ),
          },
        ]}
      />
      {!all && longest.length > FEW && (
        <div className="list-end">
          <button type="button" onClick={() => setAll(true)}>
            Show all {longest.length}
          </button>
        </div>
      )}
    </>
  )
}

function lengthOf({ from, to }: Gap): number {
  return Date.parse(to) - Date.parse(from)
}

/** The gap with as much again on both sides, at least 50 candles. */
function around(gap: Gap): Domain {
  const margin = Math.max(lengthOf(gap), (50 * lengthOf(gap)) / gap.missing)
  return [Date.parse(gap.from) - margin, Date.parse(gap.to) + margin]
}
