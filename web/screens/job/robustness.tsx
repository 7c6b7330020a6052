import { Badge, type Tone } from '../../components/badge.tsx'
import { Section } from '../../components/page.tsx'
import { TableRegion } from '../../components/table.tsx'
import { figure, NONE, percent, ratio, whole } from '../../format.ts'
import type { Evidence } from './evidence.tsx'

type Robustness = NonNullable<Evidence['robustness']>

interface Line {
  name: string
  /** What it says, to somebody who has never heard of it. */
  says: string
  value: string
  /** How it should be read; undefined where there is no better or worse. */
  reading?: [tone: Tone, word: string] | undefined
}

const SIGNIFICANT = 0.95

/** Each figure with a sentence that says what it means. */
export function RobustnessFigures({ robustness }: { robustness: Robustness | null }) {
  if (!robustness) {
    return (
      <Section title="Could it be luck?">
        <p className="muted">No candidate kept the limits, so there is no choice of the best to be doubted.</p>
      </Section>
    )
  }
  return (
    <Section
      title="Could it be luck?"
      lead="Who tries many sets finds one that looks good by chance. These figures ask how likely that is here."
    >
      <TableRegion label="Robustness">
        <table className="robustness">
          <caption className="unseen">Robustness</caption>
          <thead>
            <tr>
              <th scope="col">Figure</th>
              <th scope="col" className="figure">
                Value
              </th>
              <th scope="col">Reads as</th>
            </tr>
          </thead>
          <tbody>
            {linesOf(robustness).map(({ name, says, value, reading }) => (
              <tr key={name}>
                <th scope="row">
                  {name}
                  <span className="sub">{says}</span>
                </th>
                <td className="figure">
                  <b>{value}</b>
                </td>
                <td>{value !== NONE && reading && <Badge tone={reading[0]}>{reading[1]}</Badge>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableRegion>
      {robustness.onBoundary.length > 0 && (
        <p className="message warn">
          {robustness.onBoundary.join(', ')} stand on a bound of their range: better values may lie outside.
        </p>
      )}
    </Section>
  )
}

/** Good where `passes`, bad where not; nothing where there is no value. */
function judge(value: number | null, passes: (value: number) => boolean, good: string, bad: string): Line['reading'] {
  if (value === null) return undefined
  return passes(value) ? ['good', good] : ['bad', bad]
}

function linesOf(r: Robustness): Line[] {
  return [
    {
      name: 'Deflated Sharpe ratio',
      says: `Probability that the in-sample Sharpe ratio is more than the best of ${whole(r.trialsEver)} tried sets gives by chance.`,
      value: percent(r.deflatedSharpeRatio),
      reading: judge(r.deflatedSharpeRatio, (p) => p >= SIGNIFICANT, 'more than luck', 'may be luck'),
    },
    {
      name: 'Probability of overfitting',
      says: 'How often the best set of one half of the days is no better than the median in the other half.',
      value: percent(r.probabilityOfOverfitting),
      reading: judge(r.probabilityOfOverfitting, (p) => p <= 0.5, 'selection holds', 'selection is noise'),
    },
    {
      name: 'Probability of loss',
      says: 'How often that best set loses money in the other half.',
      value: percent(r.probabilityOfLoss),
      reading: judge(r.probabilityOfLoss, (p) => p < 0.5, 'mostly gains', 'mostly loses'),
    },
    {
      name: 'Placebo percentile',
      says: `Share of ${whole(r.placeboRuns)} tunings on markets without structure that the real result beats.`,
      value: r.placeboRuns === 0 ? 'switched off' : percent(r.placeboPercentile, 0),
      reading: judge(r.placeboPercentile, (p) => p >= SIGNIFICANT, 'beats chance', 'chance does as well'),
    },
    {
      name: 'Superior predictive ability, p',
      says: 'Hansen’s test: probability of so large a lead over doing nothing if no set were worth anything.',
      value: figure(r.superiorPredictiveAbility, 2),
      reading: judge(r.superiorPredictiveAbility, (p) => p <= 1 - SIGNIFICANT, 'significant', 'not significant'),
    },
    {
      name: 'Reality check, p',
      says: 'The same by White’s test, which is more careful.',
      value: figure(r.realityCheck, 2),
      reading: judge(r.realityCheck, (p) => p <= 1 - SIGNIFICANT, 'significant', 'not significant'),
    },
    {
      name: 'Plateau score',
      says: 'How much of the lead stays when each parameter moves a little, 0 to 100, by real backtests.',
      value: whole(r.plateauScore),
      reading: judge(r.plateauScore, (score) => score >= 50, 'on a plateau', 'on a peak'),
    },
    {
      name: 'Degradation',
      says: 'Slope from one half of the days to the other: above 0, what was better stays better.',
      value: ratio(r.degradation),
      reading: judge(r.degradation, (slope) => slope > 0, 'better stays better', 'better gets worse'),
    },
    {
      name: 'Probabilistic Sharpe ratio',
      says: 'Probability that the true Sharpe ratio is above 0, had this been the only set tried.',
      value: percent(r.probabilisticSharpeRatio),
    },
    {
      name: 'Minimum track record',
      says: 'Days of returns after which this Sharpe ratio would be above 0 with 95 % confidence.',
      value: r.minimumTrackRecord === null ? NONE : `${whole(r.minimumTrackRecord)} d`,
    },
    {
      name: 'Minimum backtest length',
      says: 'Years of data below which chance alone gives so good a best set.',
      value: r.minimumBacktestYears === null ? NONE : `${figure(r.minimumBacktestYears)} y`,
    },
    {
      name: 'Sets tried',
      says: `Ever, on this market, over all jobs; worth ${figure(r.effectiveTrials)} independent ones, as many are alike.`,
      value: whole(r.trialsEver),
    },
    {
      name: 'Looks at the test period',
      says: 'Jobs that were judged on these candles. Each look makes them a little less unseen.',
      value: whole(r.oosUses),
      reading: r.oosUses > 3 ? ['warn', 'looked at often'] : undefined,
    },
  ]
}
