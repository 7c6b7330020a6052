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
const DAY_MS = 86_400_000

/** Every trade that was reported, newest first. */
export function PlaybookTrades({ id }: { id: string }) {
  const [search, change] = useSearch()
  const regime = search.get('regime') ?? ''
  const strategy = useDebounced(search.get('strategy')?.trim() ?? '', TYPING_MS)
  const [from, until] = [dayIn(search, 'from'), dayIn(search, 'until')]
  const filter = useMemo<TradeFilter>(
    () => ({
      ...(from !== null && { from: new Date(from).toISOString() }),
      ...(until !== null && { to: new Date(until + DAY_MS).toISOString() }),
      ...(regime in REGIME && { regime: [regime as MarketRegime] }),
      ...(strategy && { strategy: [strategy] }),
    }),
    [regime, strategy, from, until],
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
        {(['from', 'until'] as const).map((end) => (
          <TextField
            key={end}
            label={end === 'from' ? 'Closed from' : 'Closed until'}
            type="date"
            value={search.get(end) ?? ''}
            onChange={(text) => change({ [end]: text })}
          />
        ))}
      </div>
      {pages.totalCount === 0 && (
        <Empty title={isFiltered ? 'No trade fits this filter.' : 'No trades yet.'}>
          <p>
            {isFiltered ? (
              'Choose other days or another regime, or empty the strategy.'
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
  {
    title: 'Confidence',
    meaning: 'Of the signal, 0 to 100.',
    figure: true,
    cell: ({ confidence }) => whole(confidence),
  },
  { title: 'Leverage', meaning: 'Position over margin.', figure: true, cell: ({ leverage }) => `${figure(leverage)}×` },
  { title: 'Entry', meaning: 'Price in quote currency.', figure: true, cell: ({ entryPrice }) => price(entryPrice) },
  { title: 'Exit', meaning: 'Price in quote currency.', figure: true, cell: ({ exitPrice }) => price(exitPrice) },
  { title: 'Why', cell: ({ exitReason }) => exitReason ?? NONE },
  {
    title: 'Return',
    meaning: 'Net, as a share of what was put in, leverage included.',
    figure: true,
    cell: ({ profitRatio }) => percent(profitRatio, 2),
  },
  {
    title: 'Profit',
    meaning: 'Net, in quote currency.',
    figure: true,
    cell: ({ profitAbs }) => <Profit value={profitAbs} />,
  },
]

/** The beginning of a day in UTC, ms; null where none is given. */
function dayIn(search: URLSearchParams, name: string): number | null {
  const at = Date.parse(search.get(name) ?? '')
  return Number.isNaN(at) ? null : at
}

function tradesOf(data: PlaybookTradesQuery) {
  return data.playbook?.trades
}
