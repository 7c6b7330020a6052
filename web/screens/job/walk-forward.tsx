import { useState } from 'react'
import { EquityChart } from '../../charts/equity-chart.tsx'
import { PairBars } from '../../charts/pair-bars.tsx'
import { Behind } from '../../components/behind.tsx'
import { Choice } from '../../components/choice.tsx'
import { Tiles } from '../../components/facts.tsx'
import { Section } from '../../components/page.tsx'
import { ParameterList } from '../../components/parameter-list.tsx'
import { Table } from '../../components/table.tsx'
import { day, percent, period, ratio, whole } from '../../format.ts'
import type { WalkForwardPartsFragment } from '../../generated/graphql.ts'
import { formatObjective, metricOf, objectiveLabel } from '../../metrics.ts'
import type { Evidence } from './evidence.tsx'

const KINDS = [
  ['rolling', 'Rolling'],
  ['anchored', 'Anchored'],
] as const

/** The stitched equity begins with this: it is a multiple. */
const ONE = 1

/** What tuning anew at regular times would have earned. */
export function WalkForward({ job }: { job: Evidence }) {
  const [kind, setKind] = useState<(typeof KINDS)[number][0]>('rolling')
  const hasBoth = job.walkForward !== null && job.anchoredWalkForward !== null
  const shown = kind === 'anchored' && hasBoth ? job.anchoredWalkForward : (job.walkForward ?? job.anchoredWalkForward)
  return (
    <Section
      title="Walk-forward"
      lead="Parameters are chosen on a stretch, traded on the next one, and chosen anew. Rolling stretches move along; anchored ones keep their beginning."
      aside={hasBoth && <Choice label="Kind of walk-forward" value={kind} options={KINDS} onChange={setKind} />}
    >
      {shown ? (
        <Windows walk={shown} job={job} />
      ) : (
        <p className="muted">The training period is too short to be walked through.</p>
      )}
    </Section>
  )
}

function Windows({ walk, job: { objective } }: { walk: WalkForwardPartsFragment; job: Evidence }) {
  const metric = metricOf(objective)
  const { stitched, windows } = walk
  return (
    <>
      <Tiles
        facts={[
          [
            'Efficiency',
            ratio(walk.efficiency),
            'Mean out of sample over mean in sample; from 0.5 it is usually called good.',
          ],
          ['Windows with a gain', percent(walk.profitableShare, 0), 'A window that was skipped has not gained.'],
          ['ROI, stitched', percent(stitched?.roi), 'All test windows one after the other.'],
          ['Sharpe ratio, stitched', ratio(stitched?.sharpeRatio)],
          ['Max. drawdown, stitched', percent(stitched?.maxDrawdown)],
        ]}
      />
      {windows.length > 0 && (
        <PairBars
          label={`${objectiveLabel(objective)} of each window, in sample and out of sample`}
          names={['In sample', 'Out of sample']}
          format={(value) => formatObjective(objective, value)}
          groups={windows.map(({ test, inSample, outOfSample }) => ({
            name: day(test.from),
            values: [inSample[metric], outOfSample[metric]],
          }))}
        />
      )}
      {stitched && stitched.equity.length > 1 && <EquityChart points={stitched.equity} initialCapital={ONE} multiple />}
      <Behind what="The windows">
        <Table
          caption="Walk-forward windows"
          rows={windows}
          rowKey={({ test }) => test.from}
          columns={[
            { title: 'Tuned on', cell: ({ training }) => <span className="nowrap">{period(training)}</span> },
            { title: 'Traded on', cell: ({ test }) => <span className="nowrap">{period(test)}</span> },
            {
              title: `${objectiveLabel(objective)} in`,
              figure: true,
              cell: ({ inSample }) => formatObjective(objective, inSample[metric]),
            },
            {
              title: 'out',
              figure: true,
              cell: ({ outOfSample }) => <b>{formatObjective(objective, outOfSample[metric])}</b>,
            },
            { title: 'ROI in', figure: true, cell: ({ inSample }) => percent(inSample.roi) },
            { title: 'out', figure: true, cell: ({ outOfSample }) => percent(outOfSample.roi) },
            { title: 'Trades out', figure: true, cell: ({ outOfSample }) => whole(outOfSample.tradeCount) },
            { title: 'Parameters', cell: ({ parameters }) => <ParameterList parameters={parameters} /> },
          ]}
        />
      </Behind>
      <p className="muted">
        {walk.skipped > 0 && `${whole(walk.skipped)} windows were skipped: nothing in them kept the limits. `}
        {walk.drift.length > 0 && `How far parameters move from window to window, as a share of their range: `}
        {walk.drift.map(({ parameter, drift }) => `${parameter} ${percent(drift, 0)}`).join(', ')}
      </p>
    </>
  )
}
