import { useState, type FormEvent } from 'react'
import { useMutation } from 'urql'
import { FailureBox } from '../../components/answer.tsx'
import { TextField } from '../../components/field.tsx'
import { useNotify } from '../../components/notice.tsx'
import { Section } from '../../components/page.tsx'
import { refusalOf, type Failure } from '../../failure.ts'
import { SaveModelDocument } from '../../generated/graphql.ts'
import { navigate } from '../../router.tsx'

/** Keep the model of a job under a name: it then outlives the job. */
export function SaveModel({ jobId }: { jobId: string }) {
  const notify = useNotify()
  const [name, setName] = useState('')
  const [failure, setFailure] = useState<Failure | null>(null)
  const [{ fetching }, save] = useMutation(SaveModelDocument)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const answer = await save({ jobId, name: name.trim() }, { additionalTypenames: ['Model'] })
    const result = answer.data?.saveModel
    setFailure(refusalOf(answer, result))
    if (!result || !('model' in result)) return
    notify('good', `Kept as ${result.model.name} v${result.model.version}.`)
    navigate(`/models/${result.model.id}`)
  }
  const error = failure?.fieldErrors[0]?.message
  return (
    <Section
      title="Keep the model"
      lead="Under a name it outlives its job; the same name again makes its next version."
    >
      <form className="filters" onSubmit={(event) => void submit(event)} noValidate>
        <TextField label="Name of the model" value={name} onChange={setName} error={error} />
        <button type="submit" disabled={fetching || name.trim() === ''}>
          Save the model
        </button>
      </form>
      {failure && !error && <FailureBox failure={failure} />}
    </Section>
  )
}
