import { useQuery } from 'urql'
import type { Frame } from '../../charts/plot.tsx'
import type { Domain } from '../../charts/scale.ts'
import { MarketRegimesDocument, type MarketRegimesQuery } from '../../generated/graphql.ts'
import { REGIME } from '../../words.ts'

type Span = NonNullable<MarketRegimesQuery['market']>['regimes'][number]

/** What the market was doing in a stretch of time; nothing while nobody wants to see it. */
export function useRegimes(id: string, [from, to]: Domain, wanted: boolean): readonly Span[] {
  const iso = (at: number) => new Date(Math.round(at)).toISOString()
  const [{ data }] = useQuery({
    query: MarketRegimesDocument,
    variables: { id, from: iso(from), to: iso(to) },
    pause: !wanted,
  })
  return wanted ? (data?.market?.regimes ?? []) : []
}

/** Coloured stretches behind the candles. */
export function RegimeMarks({ spans, frame }: { spans: readonly Span[]; frame: Frame }) {
  return spans.map(({ from, to, regime }) => {
    const [start, end] = [frame.x(Date.parse(from)), frame.x(Date.parse(to))]
    return (
      <rect
        key={from}
        className={`regime ${regime}`}
        x={start}
        width={Math.max(0.5, end - start)}
        height={frame.height}
      >
        <title>{REGIME[regime]}</title>
      </rect>
    )
  })
}

export function RegimeLegend() {
  return (
    <p className="legend">
      {Object.entries(REGIME).map(([regime, name]) => (
        <span key={regime}>
          <span className={`swatch regime ${regime}`} aria-hidden="true" /> {name}
        </span>
      ))}
    </p>
  )
}
