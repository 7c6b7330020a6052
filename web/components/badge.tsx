import type { ReactNode } from 'react'
import type { JobStatus } from '../generated/graphql.ts'
import { STATUS } from '../words.ts'

export type Tone = 'good' | 'bad' | 'warn' | 'info' | 'plain'

/** A short state in a pill: the words say it, the colour only repeats them. */
export function Badge({ tone, title, children }: { tone: Tone; title?: string; children: ReactNode }) {
  return (
    <span className={`badge ${tone}`} title={title}>
      {children}
    </span>
  )
}

const TONE: Record<JobStatus, Tone> = {
  PENDING: 'plain',
  RUNNING: 'info',
  COMPLETED: 'good',
  FAILED: 'bad',
  CANCELLED: 'warn',
}

export function StatusBadge({ status }: { status: JobStatus }) {
  return <Badge tone={TONE[status]}>{STATUS[status]}</Badge>
}

/** Made by a rule: nobody should take its results for a market's. */
export function SyntheticBadge() {
  return (
    <Badge tone="plain" title="Made by a seeded rule, not traded anywhere.">
      synthetic
    </Badge>
  )
}

/** How complete a market's candles are, 0 to 100. */
export function QualityBadge({ score }: { score: number }) {
  const tone = score >= 95 ? 'good' : score >= 50 ? 'warn' : 'bad'
  return (
    <Badge tone={tone} title="100, less 10 points for each per cent of missing candles.">
      {Math.floor(score)}
    </Badge>
  )
}
