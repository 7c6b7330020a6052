import { useState } from 'react'
import { useMutation } from 'urql'
import { ConfirmButton } from '../../components/confirm-button.tsx'
import { TextField } from '../../components/field.tsx'
import { useNotify } from '../../components/notice.tsx'
import { failureOf, refusalOf } from '../../failure.ts'
import { count } from '../../format.ts'
import {
  ApproveReviewDocument,
  RejectReviewDocument,
  type ApprovalMode,
  type ReviewHeadFragment,
} from '../../generated/graphql.ts'

interface Props {
  review: ReviewHeadFragment
  selected: ReadonlySet<string>
  /** Somebody has decided: perhaps not we. */
  onDecided: () => void
}

/** Apply all, the safe ones or the chosen ones; or reject, with a reason. */
export function Decisions({ review, selected, onDecided }: Props) {
  const { approve, reject, kindly } = useDecision(review, onDecided)
  const [reason, setReason] = useState('')
  const open = review.recommendations.filter(({ status }) => status === 'PENDING')
  const safe = open.filter(({ risk }) => risk === 'LOW')
  const chosen = open.filter(({ id }) => selected.has(id)).map(({ id }) => id)
  const consequence = 'A new version comes into force at once; bots that follow the playbook trade by it.'
  const others = open.length - chosen.length
  return (
    <section className="decisions" aria-label="Decision">
      {kindly && (
        <p className="message warn" role="alert">
          {kindly}
        </p>
      )}
      <div className="actions">
        <ConfirmButton
          question={`Apply ${open.length === 1 ? 'the change' : `all ${open.length} changes`}?`}
          consequence={consequence}
          act="Apply all"
          onConfirm={() => approve('ALL')}
        >
          Apply all {open.length}
        </ConfirmButton>
        <ConfirmButton
          question={`Apply ${count(safe.length, 'change')} of low risk?`}
          consequence={`${consequence} The other ${open.length - safe.length} are rejected.`}
          act="Apply the safe ones"
          disabled={safe.length === 0}
          onConfirm={() => approve('SAFE_ONLY')}
        >
          Safe only ({safe.length})
        </ConfirmButton>
        <ConfirmButton
          question={`Apply ${count(chosen.length, 'chosen change')}?`}
          consequence={`${consequence} ${others > 0 ? `The other ${others} are rejected.` : ''}`}
          act="Apply the chosen ones"
          disabled={chosen.length === 0}
          onConfirm={() => approve('SELECTED', chosen)}
        >
          Chosen ({chosen.length})
        </ConfirmButton>
        <TextField
          label="Reason to reject"
          className="short"
          placeholder="Optional"
          value={reason}
          onChange={setReason}
        />
        <ConfirmButton
          danger
          question="Reject this review?"
          consequence="Nothing changes. Later reviews know that these changes were not wanted."
          act="Reject"
          onConfirm={() => reject(reason.trim())}
        >
          Reject
        </ConfirmButton>
      </div>
    </section>
  )
}

/** To approve and to reject. Who comes too late is told who was first, and sees the outcome. */
function useDecision(review: ReviewHeadFragment, onDecided: () => void) {
  const notify = useNotify()
  const [kindly, setKindly] = useState<string | null>(null)
  const [, sendApproval] = useMutation(ApproveReviewDocument)
  const [, sendRejection] = useMutation(RejectReviewDocument)
  const missed = (message: string) => {
    setKindly(`${message} Your decision came too late and has changed nothing.`)
    notify('bad', message)
    onDecided()
  }
  const approve = async (mode: ApprovalMode, chosen: string[] | null = null) => {
    const answer = await sendApproval({ id: review.id, mode, chosen })
    const result = answer.data?.approveRecommendations
    if (answer.error) return notify('bad', failureOf(answer.error).message)
    if (result?.__typename === 'ConflictError') return missed(result.message)
    const refusal = refusalOf(answer, result)
    if (refusal) return notify('bad', refusal.message)
    if (result && 'playbook' in result)
      notify('good', `${review.playbook.name}: version ${result.playbook.version} is in force.`)
    onDecided()
  }
  const reject = async (reason: string) => {
    const answer = await sendRejection({ id: review.id, reason: reason || null, chosen: null })
    const result = answer.data?.rejectRecommendations
    if (result?.__typename === 'ConflictError') return missed(result.message)
    const refusal = refusalOf(answer, result)
    if (refusal) return notify('bad', refusal.message)
    notify('good', 'Rejected. Nothing has changed.')
    onDecided()
  }
  return { approve, reject, kindly }
}
