const TOKEN = /([a-z_][a-z0-9_]*)(\s*\()?|(\d+(?:\.\d+)?)|[^a-z_0-9]+/gi
const WORDS = new Set(['and', 'or', 'not'])

interface Props {
  text: string
  /** Names that are tuned; they stand out. */
  parameters: readonly string[]
}

/** A rule of a strategy, with its parameters in colour. */
export function Expression({ text, parameters }: Props) {
  const known = new Set(parameters)
  return (
    <code className="expression">
      {Array.from(text.matchAll(TOKEN), (token, at) => {
        const [whole, name, call] = token
        if (name === undefined) return whole
        if (WORDS.has(name)) return <b key={at}>{whole}</b>
        if (call === undefined && known.has(name)) return <var key={at}>{whole}</var>
        return whole
      })}
    </code>
  )
}
