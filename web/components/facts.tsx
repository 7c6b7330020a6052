import type { ReactNode } from 'react'

export type Fact = readonly [name: string, value: ReactNode, title?: string]

/** Names and values, side by side. */
export function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl className="facts">
      {facts.map(([name, value, title]) => (
        <div key={name} title={title}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

/** A few figures that matter, large. */
export function Tiles({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl className="tiles">
      {facts.map(([name, value, title]) => (
        <div key={name} title={title}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
