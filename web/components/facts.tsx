import type { ReactNode } from 'react'

export type Fact = readonly [name: string, value: ReactNode, title?: string]

interface Props {
  facts: readonly Fact[]
}

/** Names and values, side by side. */
export function Facts({ facts }: Props) {
  return <Pairs facts={facts} className="facts" />
}

/** A few figures that matter, large. */
export function Tiles({ facts }: Props) {
  return <Pairs facts={facts} className="tiles" />
}

function Pairs({ facts, className }: Props & { className: string }) {
  return (
    <dl className={className}>
      {facts.map(([name, value, title]) => (
        <div key={name} title={title}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
