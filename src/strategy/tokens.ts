import { DomainError } from '../errors.ts'

/** Characters of one expression. */
export const MAX_LENGTH = 10_000

/** What is wrong with an expression; each problem names its column, what was found and what to write instead. */
export class ExpressionError extends DomainError {
  readonly problems: string[]

  constructor(problems: string[]) {
    super('EXPRESSION_INVALID', problems.join('\n'))
    this.problems = problems
  }
}

/** A word of an expression; `start` and `end` (exclusive) are offsets into the text, from 0. */
export interface Token {
  kind: 'number' | 'name' | 'symbol' | 'end'
  text: string
  start: number
  end: number
}

const PAIRS: ReadonlySet<string> = new Set(['<=', '>=', '==', '!='])
const SINGLES: ReadonlySet<string> = new Set('<>+-*/()[],')

/** What people write who come from other languages, and what it is called here. */
const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['=', 'Write == to compare; arguments are given without their names.'],
  ['&', 'Write and.'],
  ['|', 'Write or.'],
  ['!', 'Write not, or != for unequal.'],
  ['%', 'Write 2 % as 0.02.'],
  ['^', 'There are no powers; multiply instead.'],
  ['.', 'Decimals look like 0.5; names have no parts behind a point.'],
  ["'", 'There are no texts in an expression.'],
  ['"', 'There are no texts in an expression.'],
  ['`', 'There are no texts in an expression.'],
  ['≤', 'Write <=.'],
  ['≥', 'Write >=.'],
  ['≠', 'Write !=.'],
  ['−', 'Write -.'],
  ['–', 'Write -.'],
  ['×', 'Write *.'],
  ['÷', 'Write /.'],
])
const REMEDY = 'Write numbers, names, + - * / ( ) [ ] , and comparisons; names are of a-z, A-Z, 0-9 and _.'

/**
 * Cut an expression into words, the last of them of kind `end`. One pass by character code; no regular expression
 * ever sees the text.
 *
 * @throws ExpressionError  too long, a character that means nothing here, or a malformed number
 */
export function tokenize(source: string): Token[] {
  if (source.length > MAX_LENGTH) {
    throw new ExpressionError([
      `The expression has ${source.length} characters; nothing is read from column ${MAX_LENGTH + 1} on. Shorten it.`,
    ])
  }
  const tokens: Token[] = []
  let end = 0
  for (let at = skipSpace(source, 0); at < source.length; at = skipSpace(source, end)) {
    const token = readToken(source, at)
    tokens.push(token)
    end = token.end
  }
  tokens.push({ kind: 'end', text: '', start: end, end })
  return tokens
}

/** A place in the text as people count: `column 1` is the first character. */
export function column(place: { start: number }): string {
  return `column ${place.start + 1}`
}

const PLACE = /\bcolumn (\d+)/

/** The other way: the first place that a problem names, from 1. */
export function placeIn(problem: string): number | null {
  const place = PLACE.exec(problem)
  return place && Number(place[1])
}

/** Text of the user for a message: on one line, at most 60 characters. */
export function excerpt(text: string): string {
  const line = Array.from(text, (character) => (isSpace(character) ? ' ' : character)).join('')
  return line.length <= 60 ? line : `${line.slice(0, 57)}…`
}

function readToken(source: string, start: number): Token {
  if (isDigit(source[start]) || (source[start] === '.' && isDigit(source[start + 1]))) return readNumber(source, start)
  if (isLetter(source[start])) return token('name', source, start, nameEnd(source, start))
  if (PAIRS.has(source.slice(start, start + 2))) return token('symbol', source, start, start + 2)
  if (SINGLES.has(source[start])) return token('symbol', source, start, start + 1)

  const character = String.fromCodePoint(source.codePointAt(start)!)
  throw new ExpressionError([
    `Unexpected character ${printable(character)} at ${column({ start })}. ${REMEDIES.get(character) ?? REMEDY}`,
  ])
}

/** Digits, a fraction, an exponent: 14, 0.02, .5, 1e-3. */
function readNumber(source: string, start: number): Token {
  let end = digitsEnd(source, start)
  if (source[end] === '.' && isDigit(source[end + 1])) end = digitsEnd(source, end + 1)
  if (source[end] === 'e' || source[end] === 'E') {
    const digits = source[end + 1] === '+' || source[end + 1] === '-' ? end + 2 : end + 1
    if (isDigit(source[digits])) end = digitsEnd(source, digits)
  }
  const whole = nameEnd(source, end)
  const text = excerpt(source.slice(start, whole))
  if (whole > end) {
    throw new ExpressionError([`'${text}' at ${column({ start })} is not a number. Write numbers as 14, 0.02 or 1e-3.`])
  }
  if (!Number.isFinite(Number(source.slice(start, end)))) {
    throw new ExpressionError([`The number ${text} at ${column({ start })} is too large. Use at most 1e308.`])
  }
  return token('number', source, start, end)
}

function token(kind: Token['kind'], source: string, start: number, end: number): Token {
  return { kind, text: source.slice(start, end), start, end }
}

function skipSpace(source: string, at: number): number {
  while (isSpace(source[at])) at++
  return at
}

function digitsEnd(source: string, at: number): number {
  while (isDigit(source[at])) at++
  return at
}

function nameEnd(source: string, at: number): number {
  while (isLetter(source[at]) || isDigit(source[at])) at++
  return at
}

function isSpace(character: string | undefined): boolean {
  return character === ' ' || character === '\t' || character === '\n' || character === '\r'
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= '0' && character <= '9'
}

function isLetter(character: string | undefined): boolean {
  if (character === undefined) return false
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') || character === '_'
}

/** A character as it is where it has a face of its own in ASCII; else with its code, as look-alikes deceive. */
function printable(character: string): string {
  const code = character.codePointAt(0)!
  if (code > 32 && code < 127) return `'${character}'`
  const name = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
  return code > 160 && REMEDIES.has(character) ? `'${character}' (${name})` : name
}
