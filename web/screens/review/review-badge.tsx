import { Badge, type Tone } from '../../components/badge.tsx'
import type { ReviewStatus } from '../../generated/graphql.ts'
import { REVIEW } from '../../words.ts'

const TONE: Record<ReviewStatus, Tone> = {
  PENDING: 'warn',
  APPLIED: 'good',
  PARTIALLY_APPLIED: 'info',
  REJECTED: 'bad',
  EXPIRED: 'plain',
  EMPTY: 'plain',
}

export function ReviewBadge({ status }: { status: ReviewStatus }) {
  return <Badge tone={TONE[status]}>{REVIEW[status]}</Badge>
}
