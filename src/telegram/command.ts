/** What somebody asks of the bot. `name` is that of a playbook; empty where none was named. */
export type Command =
  | { kind: 'REVIEW' | 'STATUS' | 'CONFIG' | 'HISTORY'; name: string }
  | { kind: 'APPLY'; mode: 'ALL' | 'SAFE_ONLY' | null; name: string }
  | { kind: 'ROLLBACK'; toVersion: number | null; name: string }

const MODES = { all: 'ALL', safe: 'SAFE_ONLY' } as const

/**
 * What stands behind /tune: a word of ours and its options, then the name of a playbook. A playbook that is called
 * like one of the words is reached by `/tune status status`.
 */
export function parseCommand(text: string): Command {
  const [word, rest] = firstWord(text)
  switch (word) {
    case 'status':
    case 'config':
    case 'history':
      return { kind: word.toUpperCase() as 'STATUS' | 'CONFIG' | 'HISTORY', name: rest }
    case 'apply': {
      const [option, name] = firstWord(rest)
      const mode = Object.hasOwn(MODES, option) ? MODES[option as keyof typeof MODES] : null
      return { kind: 'APPLY', mode, name: mode ? name : rest }
    }
    case 'rollback': {
      const [option, name] = firstWord(rest)
      const toVersion = /^[1-9]\d{0,8}$/.test(option) ? Number(option) : null
      return { kind: 'ROLLBACK', toVersion, name: toVersion ? name : rest }
    }
    default:
      return { kind: 'REVIEW', name: text.trim() }
  }
}

function firstWord(text: string): [word: string, rest: string] {
  const [, word, rest] = /^\s*(\S*)\s*([^]*?)\s*$/.exec(text)!
  return [word.toLowerCase(), rest]
}
