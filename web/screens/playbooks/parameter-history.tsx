import { useState } from 'react'
import { StepChart } from '../../charts/step-chart.tsx'
import { SelectField } from '../../components/field.tsx'
import { Section } from '../../components/page.tsx'
import type { PlaybookParameter } from '../../generated/graphql.ts'
import { REGIME } from '../../words.ts'
import { COLUMNS, PARAMETERS } from './parameters.ts'
import type { Version } from './playbook-versions.tsx'

/** How a parameter went from version to version in each regime. */
export function ParameterHistory({ versions }: { versions: readonly Version[] }) {
  const [parameter, setParameter] = useState<PlaybookParameter>('LEVERAGE')
  const shown = COLUMNS.filter(([, valueOf]) =>
    versions.some(({ regimes }) => regimes.some((play) => valueOf(play) !== null)),
  )
  const [, valueOf] = shown.find(([name]) => name === parameter) ?? shown[0]
  const oldestFirst = versions.toReversed()
  const regimes = versions[0].regimes.map(({ regime }) => regime)
  const lines = regimes.map((regime) => ({
    name: REGIME[regime],
    points: oldestFirst.flatMap(({ version, regimes }) => {
      const play = regimes.find((one) => one.regime === regime)
      const value = play && valueOf(play)
      return typeof value === 'number' ? [{ x: version, y: value }] : []
    }),
  }))
  return (
    <Section
      title="Parameter history"
      aside={
        <SelectField
          label="Parameter"
          value={parameter}
          options={shown.map(([name]) => [name, PARAMETERS[name].label] as const)}
          onChange={(name) => setParameter(name as PlaybookParameter)}
        />
      }
    >
      <StepChart
        label={`${PARAMETERS[parameter].label} by version`}
        lines={lines}
        titleX="Version"
        formatY={PARAMETERS[parameter].format}
      />
    </Section>
  )
}
