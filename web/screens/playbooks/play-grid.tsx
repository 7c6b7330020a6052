import { useState } from 'react'
import { Section } from '../../components/page.tsx'
import { Table } from '../../components/table.tsx'
import { NONE, percent } from '../../format.ts'
import type { PlaybookHeadFragment, PlayFragment } from '../../generated/graphql.ts'
import { useMay } from '../../hooks/use-may.ts'
import { REGIME } from '../../words.ts'
import { EditPlays } from './edit-plays.tsx'
import { COLUMNS, PARAMETERS } from './parameters.ts'

/** What the playbook does in each state of the market; who may, changes it here. */
export function PlayGrid({ playbook, again }: { playbook: PlaybookHeadFragment; again: () => void }) {
  const [isEdited, setEdited] = useState(false)
  const mayEdit = useMay('APPROVER')
  if (isEdited) return <EditPlays playbook={playbook} onDone={() => setEdited(false)} onConflict={again} />
  return (
    <Section
      title="What it does now"
      lead="One row for each state of the market; a dash leaves it to the strategy."
      aside={
        mayEdit && (
          <button type="button" onClick={() => setEdited(true)}>
            Change by hand
          </button>
        )
      }
    >
      <PlayTable plays={playbook.regimes} caption="Regimes and parameters" />
    </Section>
  )
}

export function PlayTable({ plays, caption }: { plays: readonly PlayFragment[]; caption: string }) {
  return (
    <Table
      caption={caption}
      rows={plays}
      rowKey={({ regime }) => regime}
      columns={[
        { title: 'Regime', cell: ({ regime }) => <b className="nowrap">{REGIME[regime]}</b> },
        ...COLUMNS.map(([parameter, value]) => ({
          title: PARAMETERS[parameter].label,
          meaning: PARAMETERS[parameter].meaning,
          figure: true,
          cell: (play: PlayFragment) => {
            const number = value(play)
            return number === null ? NONE : PARAMETERS[parameter].format(number)
          },
        })),
        {
          title: 'Strategies',
          cell: ({ strategyWeights }) =>
            strategyWeights.length === 0 ? (
              <span className="muted">all alike</span>
            ) : (
              <span className="parameters">
                {strategyWeights.map(({ strategy, weight }) => (
                  <span key={strategy}>
                    {strategy} <b>{percent(weight, 0)}</b>
                  </span>
                ))}
              </span>
            ),
        },
      ]}
    />
  )
}
