import { Empty } from '../../components/answer.tsx'
import { Badge, type Tone } from '../../components/badge.tsx'
import { Facts, type Fact } from '../../components/facts.tsx'
import { Section } from '../../components/page.tsx'
import { ProgressBar } from '../../components/progress-bar.tsx'
import { percent, whole } from '../../format.ts'
import type {
  RecommendationLineFragment,
  RecommendationStatus,
  ReviewHeadFragment,
  RiskLevel,
} from '../../generated/graphql.ts'
import { REGIME, RISK, sentence } from '../../words.ts'
import { parameterName, PARAMETERS } from '../playbooks/parameters.ts'

interface Props {
  review: ReviewHeadFragment
  selected: ReadonlySet<string>
  onSelect: (selected: ReadonlySet<string>) => void
}

const TONE: Record<RiskLevel, Tone> = { LOW: 'good', MEDIUM: 'warn', HIGH: 'bad' }
const STATE: Record<RecommendationStatus, [Tone, string]> = {
  PENDING: ['plain', 'open'],
  APPLIED: ['good', 'applied'],
  REJECTED: ['bad', 'rejected'],
  EXPIRED: ['plain', 'expired'],
  ROLLED_BACK: ['warn', 'rolled back'],
}

/** One card for each change: from what to what, why, and what speaks for it. */
export function Recommendations({ review, selected, onSelect }: Props) {
  if (review.recommendations.length === 0) {
    return (
      <Empty title="Nothing to change.">
        <p>The trades do not speak for any change, or there are too few of them. The playbook stays as it is.</p>
      </Empty>
    )
  }
  const toggle = (id: string, on: boolean) => {
    const next = new Set(selected)
    if (on) next.add(id)
    else next.delete(id)
    onSelect(next)
  }
  return (
    <Section title="Recommendations">
      <ul className="recommendations">
        {review.recommendations.map((one) => (
          <li key={one.id} className={`recommendation ${TONE[one.risk]}`}>
            <Recommendation
              one={one}
              open={review.status === 'PENDING' && one.status === 'PENDING'}
              chosen={selected.has(one.id)}
              onChoose={(on) => toggle(one.id, on)}
            />
          </li>
        ))}
      </ul>
    </Section>
  )
}

interface CardProps {
  one: RecommendationLineFragment
  open: boolean
  chosen: boolean
  onChoose: (on: boolean) => void
}

function Recommendation({ one, open, chosen, onChoose }: CardProps) {
  const { format } = PARAMETERS[one.parameter]
  const title = `${REGIME[one.regime]}: ${parameterName(one)}`
  const [tone, state] = STATE[one.status]
  return (
    <>
      <header className="section-head">
        <div>
          <h3 className="recommendation-title">
            {open && (
              <input
                type="checkbox"
                aria-label={`Choose ${title}`}
                checked={chosen}
                onChange={(event) => onChoose(event.target.checked)}
              />
            )}
            {title}
          </h3>
          <p className="move">
            <span className="muted">{format(one.current)}</span> → <b>{format(one.recommended)}</b>{' '}
            <span className="muted">
              ({one.change > 0 ? '+' : ''}
              {percent(one.change, 0)})
            </span>
          </p>
        </div>
        <span>
          <Badge tone={TONE[one.risk]}>{RISK[one.risk]}</Badge> {!open && <Badge tone={tone}>{state}</Badge>}
        </span>
      </header>
      <p>{one.rationale}</p>
      <div className="confidence">
        <span>Confidence {whole(one.confidence)} of 100</span>
        <ProgressBar fraction={one.confidence / 100} label={`Confidence in ${title}`} />
      </div>
      <Facts facts={evidenceOf(one)} />
    </>
  )
}

function evidenceOf({ evidence, expectedEffect: effect }: RecommendationLineFragment): Fact[] {
  const { trades, winRate, winRateInterval, meanProfit, averageWin, averageLoss, forecastAccuracy } = evidence
  const range = `${percent(winRateInterval.low, 0)} to ${percent(winRateInterval.high, 0)}`
  const facts: Fact[] = [
    ['Win rate', `${percent(winRate, 0)} (${range}), ${whole(trades)} trades`],
    ['Mean profit of a trade', percent(meanProfit, 2)],
    ['Average win, loss', `${percent(averageWin, 2)}, ${percent(averageLoss, 2)}`],
  ]
  if (forecastAccuracy !== null) facts.push(['Forecasts that came true', percent(forecastAccuracy, 0)])
  if (!effect) return [['Expected effect', 'the log cannot show it'], ...facts]
  return [
    [`Expected ${sentence(effect.metric).toLowerCase()}`, `${percent(effect.before, 2)} → ${percent(effect.after, 2)}`],
    [
      `Difference, ${percent(effect.interval.level, 0)} interval`,
      `${percent(effect.interval.low, 2)} to ${percent(effect.interval.high, 2)}`,
    ],
    ...facts,
  ]
}
