import { useMemo } from 'react'
import { Empty, ListEnds } from '../../components/answer.tsx'
import { SelectField, TextField } from '../../components/field.tsx'
import { Section } from '../../components/page.tsx'
import { Table, type Column } from '../../components/table.tsx'
import { figure, NONE, percent, price, time, whole } from '../../format.ts'
import {
  PlaybookTradesDocument,
  type MarketRegime,
  type PlaybookTradesQuery,
  type TradeFilter,
} from '../../generated/graphql.ts'
import { useDebounced } from '../../hooks/use-debounced.ts'
import { usePages } from '../../hooks/use-pages.ts'
import { useSearch } from '../../hooks/use-search.ts'
import { REGIME } from '../../words.ts'
import { Profit } from './playbook-performance.tsx'

type Trade = NonNullable<PlaybookTradesQuery['playbook']>['trades']['nodes'][number]

const PAGE_SIZE = 50
const TYPING_MS = 250

/** Every trade that was reported, newest first. */
export function PlaybookTrades({ id }: { id: string }) {
  const [search, change] = useSearch()
  const regime = search.get('regime') ?? ''
  const strategy = useDebounced(search.get('strategy')?.trim() ?? '', TYPING_MS)
  const filter = useMemo<TradeFilter>(
    () => ({
      ...(regime in REGIME && { regime: [regime as MarketRegime] }),
      ...(strategy && { strategy: [strategy] }),
    }),
    [regime, strategy],
  )
  const pages = usePages(PlaybookTradesDocument, { id, first: PAGE_SIZE, filter }, tradesOf)
  const isFiltered = Object.keys(filter).length > 0
  return (
    <Section title="Trades" lead="As your bot reported them. Reviews learn from these.">
      <div className="filters">
        <TextField
          label="Strategy"
          type="search"
          placeholder="Its whole name"
          value={search.get('strategy') ?? ''}
          onChange={(text) => change({ strategy: text })}
        />
        <SelectField
          label="Regime"
          value={regime}
          options={[['', 'All'], ...Object.entries(REGIME)] as [string, string][]}
          onChange={(text) => change({ regime: text })}
        />
      </div>
      {pages.totalCount === 0 && (
        <Empty title={isFiltered ? 'No trade fits this filter.' : 'No trades yet.'}>
          <p>
            {isFiltered ? (
              'Choose another regime, or empty the strategy.'
            ) : (
              <>
                A bot reports them by the mutation <code>recordTrades</code>.
              </>
            )}
          </p>
        </Empty>
      )}
      {pages.nodes.length > 0 && (
        <Table caption="Trades" rows={pages.nodes} rowKey={(trade) => trade.id} columns={COLUMNS} />
      )}
      <ListEnds pages={pages} />
    </Section>
  )
}

const COLUMNS: Column<Trade>[] = [
  { title: 'Closed (UTC)', cell: ({ exitTime }) => <span className="nowrap">{time(exitTime)}</span> },
  { title: 'Symbol', cell: ({ symbol }) => symbol },
  { title: 'Side', cell: ({ side }) => (side === 'LONG' ? 'Long' : 'Short') },
  { title: 'Strategy', cell: ({ strategy }) => strategy },
  { title: 'Regime', cell: ({ regime }) => REGIME[regime] },
  { title: 'Confidence', figure: true, cell: ({ confidence }) => whole(confidence) },
  { title: 'Leverage', figure: true, cell: ({ leverage }) => `${figure(leverage)}×` },
  { title: 'Entry', figure: true, cell: ({ entryPrice }) => price(entryPrice) },
  { title: 'Exit', figure: true, cell: ({ exitPrice }) => price(exitPrice) },
  { title: 'Why', cell: ({ exitReason }) => exitReason ?? NONE },
  { title: 'Return', figure: true, cell: ({ profitRatio }) => percent(profitRatio, 2) },
  { title: 'Profit', figure: true, cell: ({ profitAbs }) => <Profit value={profitAbs} /> },
]

function tradesOf(data: PlaybookTradesQuery) {
  return data.playbook?.trades
}
