import { useEffect, useState, type FormEvent } from 'react'
import { useMutation } from 'urql'
import { FailureBox } from '../../components/answer.tsx'
import { TextField } from '../../components/field.tsx'
import { useNotify } from '../../components/notice.tsx'
import { RULES, type Rule } from '../../components/rules.tsx'
import { refusalOf, type Failure, type FieldError } from '../../failure.ts'
import { count } from '../../format.ts'
import { CreateStrategyDocument, UpdateStrategyDocument } from '../../generated/graphql.ts'
import { useMay } from '../../hooks/use-may.ts'
import { Link, navigate } from '../../router.tsx'
import { ExpressionField } from './expression-field.tsx'
import { Preview } from './preview.tsx'
import { SpaceEditor } from './space-editor.tsx'
import { constraintLines, strategyInput, type StrategyDraft } from './strategy-draft.ts'
import { useStrategyCheck } from './use-strategy-check.ts'

const HINTS: Partial<Record<Rule, string>> = {
  enterLong: 'A condition at the close of a bar; the order fills at the next open.',
  stopLoss: 'A fraction of the entry price: 0.02, or a parameter.',
  trailingStop: 'A fraction of the best price since entry.',
  leverage: 'At least 1; wins over the settings of a job.',
}

/** Rules are checked and tried out before they have a name; it is missed when they are saved. */
const STAND_IN = 'unnamed'

/** @param id of the strategy that is replaced; null for a new one */
export function StrategyForm({ id, initial }: { id: string | null; initial: StrategyDraft }) {
  const [draft, setDraft] = useState(initial)
  const isTuner = useMay('TUNER')
  const { input, unread } = strategyInput(draft)
  const check = useStrategyCheck({ ...input, name: input.name || STAND_IN })
  const { busy, refusal, forget, save } = useSave(id)
  const change = (changes: Partial<StrategyDraft>) => {
    setDraft({ ...draft, ...changes })
    forget()
  }
  const problems = [...unread, ...(refusal?.fieldErrors ?? check.problems)]
  const at = (field: string) => problems.filter(({ path }) => path[0] === field)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (unread.length === 0) void save(input)
  }
  return (
    <form className="strategy-form" onSubmit={submit} noValidate>
      <div className="job-form-parts">
        <fieldset>
          <legend>Rules</legend>
          <div className="fields wide">
            <TextField
              label="Name"
              value={draft.name}
              onChange={(name) => change({ name })}
              error={at('name')[0]?.message}
            />
            <TextField
              label="Description"
              placeholder="Optional"
              value={draft.description}
              onChange={(description) => change({ description })}
              error={at('description')[0]?.message}
            />
          </div>
          {RULES.map(([rule, label]) => (
            <ExpressionField
              key={rule}
              label={label}
              hint={HINTS[rule]}
              value={draft.rules[rule]}
              problems={at(rule)}
              onChange={(text) => change({ rules: { ...draft.rules, [rule]: text } })}
            />
          ))}
          <ExpressionField
            label="Always"
            hint="Conditions between parameters, one a line: fast_period < slow_period"
            rows={2}
            value={draft.constraints}
            problems={inText(at('constraints'), draft.constraints)}
            onChange={(constraints) => change({ constraints })}
          />
          <p className="hint">
            What can be called: <Link to="/strategies/indicators">indicators</Link>, the columns open, high, low, close
            and volume, and the parameters below.
          </p>
        </fieldset>
        <SpaceEditor space={draft.space} problems={at('parameterSpace')} onChange={(space) => change({ space })} />
        <div className="save-bar">
          <button type="submit" className="primary" disabled={busy || !isTuner}>
            {id === null ? 'Save the strategy' : 'Save as the next version'}
          </button>
          <span className="muted" role="status">
            {check.settling ? 'Checking …' : summaryOf(problems, check.warmupBars)}
          </span>
          {refusal && refusal.fieldErrors.length === 0 && <FailureBox failure={refusal} />}
        </div>
      </div>
      <Preview rules={check.rules} settling={check.settling} isSound={check.isSound && unread.length === 0} />
    </form>
  )
}

function summaryOf(problems: readonly FieldError[], warmupBars: number | null): string {
  if (problems.length > 0) return `${count(problems.length, 'problem')} to solve.`
  return warmupBars === null ? '' : `Nothing is wrong. The first signal can come after ${count(warmupBars, 'bar')}.`
}

/** Problems of single lines, with their columns counted through the whole text. */
function inText(problems: readonly FieldError[], text: string): FieldError[] {
  const lines = constraintLines(text)
  return problems.map(({ path, message, column }) => {
    const line = lines[Number(path[1])]
    return { path, message, column: line && typeof column === 'number' ? line.start + column : null }
  })
}

/** To store the strategy and go to it. */
function useSave(id: string | null) {
  const notify = useNotify()
  const [refusal, setRefusal] = useState<Failure | null>(null)
  const [{ fetching: creating }, create] = useMutation(CreateStrategyDocument)
  const [{ fetching: updating }, update] = useMutation(UpdateStrategyDocument)
  const save = async (input: ReturnType<typeof strategyInput>['input']) => {
    const answer = id === null ? await create({ input }) : await update({ id, input })
    const result =
      answer.data && ('createStrategy' in answer.data ? answer.data.createStrategy : answer.data.updateStrategy)
    if (result && 'strategy' in result) {
      notify('good', `${input.name} is saved.`)
      return navigate(`/strategies/${result.strategy.id}`)
    }
    setRefusal(refusalOf(answer, result))
  }
  // Once it is shown: before, another field may still be marked.
  useEffect(() => {
    if (refusal) document.querySelector<HTMLElement>('.strategy-form [aria-invalid="true"]')?.focus()
  }, [refusal])
  return { busy: creating || updating, refusal, forget: () => setRefusal(null), save }
}
