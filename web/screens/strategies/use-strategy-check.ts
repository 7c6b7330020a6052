import { useState } from 'react'
import { useQuery } from 'urql'
import { failureOf, type FieldError } from '../../failure.ts'
import { CheckStrategyDocument, type StrategyInput } from '../../generated/graphql.ts'
import { useDebounced } from '../../hooks/use-debounced.ts'

const TYPING_MS = 300

/** Rules that the server takes, with a parameter set to try them with. */
export interface SoundRules {
  strategy: StrategyInput
  parameters: Record<string, number>
}

interface StrategyCheck {
  problems: readonly FieldError[]
  warmupBars: number | null
  /** The last state of the form with which nothing was wrong; null where there was none yet. */
  rules: SoundRules | null
  /** Whether that is the state that was checked last. */
  isSound: boolean
  /** The form has changed since, or the answer is on its way. */
  settling: boolean
}

/** What the server says of a strategy, once nobody has typed for a moment. Until then its last word stands. */
export function useStrategyCheck(input: StrategyInput): StrategyCheck {
  const text = JSON.stringify(input)
  const settled = useDebounced(text, TYPING_MS)
  const [{ data, error, fetching }] = useQuery({
    query: CheckStrategyDocument,
    variables: { input: JSON.parse(settled) as StrategyInput },
    requestPolicy: 'network-only',
  })
  const settling = fetching || text !== settled
  const [known, setKnown] = useState<Omit<StrategyCheck, 'settling'> & { text: string }>({
    text: '',
    problems: [],
    warmupBars: null,
    rules: null,
    isSound: false,
  })
  if (!settling && known.text !== text) {
    const { problems, warmupBars, parameters } = data?.checkStrategy ?? {
      problems: [],
      warmupBars: null,
      parameters: null,
    }
    const rules = !error && parameters ? { strategy: input, parameters } : null
    setKnown({
      text,
      problems: error ? failureOf(error).fieldErrors : problems,
      warmupBars: error ? null : warmupBars,
      rules: rules ?? known.rules,
      isSound: rules !== null,
    })
  }
  return { ...known, settling }
}
