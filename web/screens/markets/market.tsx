import { useState } from 'react'
import { useQuery } from 'urql'
import { CandleChart } from '../../charts/candle-chart.tsx'
import type { Domain } from '../../charts/scale.ts'
import { Allowed } from '../../components/allowed.tsx'
import { Answer } from '../../components/answer.tsx'
import { QualityBadge, SyntheticBadge } from '../../components/badge.tsx'
import { Facts } from '../../components/facts.tsx'
import { Page, Section } from '../../components/page.tsx'
import { count, rate, span, time, whole } from '../../format.ts'
import { MarketDocument, type MarketQuery } from '../../generated/graphql.ts'
import { useSearch } from '../../hooks/use-search.ts'
import { Link } from '../../router.tsx'
import { NotFound } from '../not-found.tsx'
import { GapTable } from './gap-table.tsx'
import { RegimeLegend, RegimeMarks, useRegimes } from './regimes.tsx'
import { missingShare, REFUSED_SHARE, WARNED_SHARE } from './quality.ts'

type MarketData = NonNullable<MarketQuery['market']>

/** One market: its candles, and how complete they are. */
export function Market({ id }: { id: string }) {
  const [state, retry] = useQuery({ query: MarketDocument, variables: { id } })
  const market = state.data?.market
  if (state.data && !market) return <NotFound what="market" back={<Link to="/markets">Go to the markets</Link>} />
  return (
    <Page
      title={market ? `${market.symbol} ${market.timeframe}` : 'Market'}
      above={market && <>{market.synthetic ? <SyntheticBadge /> : market.exchange}</>}
      actions={
        <Allowed role="TUNER">
          <Link to={`/jobs/new?market=${id}`} className="button primary">
            New job on this market
          </Link>
        </Allowed>
      }
    >
      <Answer state={state} retry={() => retry()}>
        {() => market && <MarketParts market={market} />}
      </Answer>
    </Page>
  )
}

function MarketParts({ market }: { market: MarketData }) {
  const { from, to } = market
  const [range, setRange] = useRange(from && to ? [Date.parse(from), Date.parse(to)] : null)
  const [regimesShown, setRegimesShown] = useState(false)
  const spans = useRegimes(market.id, range ?? [0, 0], regimesShown)
  return (
    <>
      {from && to && range && (
        <Section
          title="Candles"
          lead={`${time(from)} to ${time(to)} UTC, ${span({ from, to })}.`}
          aside={
            <label className="check">
              <input
                type="checkbox"
                checked={regimesShown}
                onChange={(event) => setRegimesShown(event.target.checked)}
              />
              Regimes
            </label>
          }
        >
          <CandleChart
            marketId={market.id}
            whole={[Date.parse(from), Date.parse(to)]}
            range={range}
            onRange={setRange}
            behind={(frame) => <RegimeMarks spans={spans} frame={frame} />}
          />
          {regimesShown && <RegimeLegend />}
        </Section>
      )}
      <Quality market={market} onShow={setRange} />
      <Section title="Record">
        <Facts
          facts={[
            ['Candles', whole(market.candleCount)],
            ['Made (UTC)', time(market.createdAt)],
            ['Last import (UTC)', time(market.updatedAt)],
            ['Content hash', <code key="hash">{market.contentHash}</code>, 'Equal candles, equal hash.'],
          ]}
        />
      </Section>
    </>
  )
}

/** The window of the chart stands in the address, in ms: it can be shared and survives a reload. */
function useRange(whole: Domain | null): [Domain | null, (range: Domain) => void] {
  const [search, change] = useSearch()
  const [from, to] = [Number(search.get('from')), Number(search.get('to'))]
  const set = (range: Domain) => {
    const everything = whole && range[0] <= whole[0] && range[1] >= whole[1]
    const text = (at: number) => (everything ? '' : String(Math.round(at)))
    change({ from: text(range[0]), to: text(range[1]) })
  }
  return [from > 0 && to > from ? [from, to] : whole, set]
}

function Quality({ market, onShow }: { market: MarketData; onShow: (range: Domain) => void }) {
  const { quality } = market
  const missing = missingShare(market)
  return (
    <Section
      title={
        <>
          Quality <QualityBadge score={quality.score} />
        </>
      }
      lead={verdictOn(missing)}
    >
      <Facts
        facts={[
          ['Missing candles', `${whole(quality.missingCandles)} (${rate(missing)})`],
          ['Candles without volume', whole(quality.zeroVolumeCandles)],
          ['Gaps', quality.gaps.length === 0 ? 'none' : count(quality.gaps.length, 'gap')],
        ]}
      />
      {quality.gaps.length > 0 && <GapTable gaps={quality.gaps} onShow={onShow} />}
    </Section>
  )
}

function verdictOn(missing: number): string {
  if (missing > REFUSED_SHARE) {
    return 'Too many candles are missing: a tuning job refuses this market unless told otherwise. Import what is missing.'
  }
  if (missing > WARNED_SHARE) return 'Some candles are missing; a tuning job warns. Gaps are reported, never filled.'
  return missing > 0 ? 'Good enough to tune on. Gaps are reported, never filled.' : 'No candle is missing.'
}
