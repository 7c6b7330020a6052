import { figure } from '../format.ts'

interface Props {
  parameters: Record<string, number>
  /** The parameters as their strategy lists them: an answer may hold them in any order. */
  space?: readonly { name: string }[] | undefined
}

/** A parameter set in one line of small pairs. */
export function ParameterList({ parameters, space }: Props) {
  const names = space?.map(({ name }) => name).filter((name) => name in parameters) ?? Object.keys(parameters)
  return (
    <span className="parameters">
      {names.map((name) => (
        <span key={name}>
          {name} <b>{figure(parameters[name], 4)}</b>
        </span>
      ))}
    </span>
  )
}
