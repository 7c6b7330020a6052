import { nearestName } from './nearest.ts'
import { column, excerpt, ExpressionError, tokenize, type Token } from './tokens.ts'

/** Numbers, names, operators and calls of one expression. */
export const MAX_NODES = 500
/** Brackets, calls, signs and `not` inside one another. */
export const MAX_DEPTH = 32
/** Bars back in square brackets. */
export const MAX_OFFSET = 1000

export type Arithmetic = '+' | '-' | '*' | '/'
export type Comparison = '<' | '<=' | '>' | '>=' | '==' | '!='

/** Where a node stands in the text: offsets from 0, `end` exclusive, brackets around it included. */
interface Span {
  start: number
  end: number
}

/** What was written, before anybody asks what the names mean. */
export type Syntax = Span &
  (
    | { kind: 'number'; value: number }
    | { kind: 'name'; name: string }
    | { kind: 'call'; name: string; args: Syntax[] }
    | { kind: 'offset'; of: Syntax; bars: number }
    | { kind: 'unary'; operator: '-' | 'not'; operand: Syntax }
    | { kind: 'binary'; operator: Arithmetic | Comparison | 'and' | 'or'; left: Syntax; right: Syntax }
  )

/** Words that cannot be names. */
export const KEYWORDS = ['and', 'or', 'not'] as const

const OR = new Set(['or'])
const AND = new Set(['and'])
const COMPARISONS = new Set(['<', '<=', '>', '>=', '==', '!='])
const SUMS = new Set(['+', '-'])
const PRODUCTS = new Set(['*', '/'])

const VALUES = 'a number, a parameter, a column or an indicator such as rsi(14)'

/**
 * Read an expression into a tree, by recursive descent:
 *
 *     or          and { "or" and }
 *     and         not { "and" not }
 *     not         "not" not | comparison
 *     comparison  sum [ ("<" | "<=" | ">" | ">=" | "==" | "!=") sum ]
 *     sum         product { ("+" | "-") product }
 *     product     unary { ("*" | "/") unary }
 *     unary       "-" unary | postfix
 *     postfix     primary [ "[" bars "]" ]
 *     primary     number | name | name "(" [ or { "," or } ] ")" | "(" or ")"
 *
 * Time grows with the length of the text, and the limits above hold while reading: no input can exhaust the stack.
 *
 * @throws ExpressionError  at the first place where the text cannot go on
 */
export function parse(source: string): Syntax {
  const tokens = tokenize(source)
  if (tokens.length === 1) {
    throw new ExpressionError([
      'The expression is empty from column 1 on. Leave the field out, or write an expression.',
    ])
  }
  return new Parser(source, tokens).whole()
}

class Parser {
  readonly #source: string
  readonly #tokens: Token[]
  #next = 0
  #nodes = 0
  #depth = 0

  constructor(source: string, tokens: Token[]) {
    this.#source = source
    this.#tokens = tokens
  }

  whole(): Syntax {
    const tree = this.#or()
    const rest = this.#token
    if (rest.kind !== 'end') fail(`${found(rest)} where an operator or the end was expected. ${joining(rest)}`)
    return tree
  }

  get #token(): Token {
    return this.#tokens[this.#next]
  }

  #take(): Token {
    return this.#tokens[this.#next++]
  }

  #or(): Syntax {
    return this.#chain(OR, () => this.#and())
  }

  #and(): Syntax {
    return this.#chain(AND, () => this.#not())
  }

  #not(): Syntax {
    return this.#token.text === 'not' ? this.#prefixed('not', () => this.#not()) : this.#comparison()
  }

  #comparison(): Syntax {
    const left = this.#sum()
    if (!COMPARISONS.has(this.#token.text)) return left
    const first = this.#take()
    const right = this.#sum()
    if (COMPARISONS.has(this.#token.text)) this.#refuseChain(left, first, right)
    return this.#binary(first, left, right)
  }

  #sum(): Syntax {
    return this.#chain(SUMS, () => this.#product())
  }

  #product(): Syntax {
    return this.#chain(PRODUCTS, () => this.#unary())
  }

  #unary(): Syntax {
    return this.#token.text === '-' ? this.#prefixed('-', () => this.#unary()) : this.#postfix()
  }

  #postfix(): Syntax {
    const of = this.#primary()
    if (this.#token.text !== '[') return of
    const bracket = this.#take()
    if (of.kind !== 'name' && of.kind !== 'call') {
      fail(`Found '[' at ${column(bracket)} behind a calculation. Offsets follow a column or a call, as in close[1].`)
    }
    const bars = this.#bars()
    this.#close(']', bracket)
    if (this.#token.text === '[') fail(`Found a second offset at ${column(this.#token)}. Write their sum in one.`)
    return this.#node({ kind: 'offset', of, bars, start: of.start, end: this.#end })
  }

  /** The whole number in square brackets. */
  #bars(): number {
    const token = this.#take()
    if (token.text === '-') {
      fail(`A negative offset at ${column(token)} would look into the future. Offsets count bars back: close[1].`)
    }
    if (token.kind !== 'number') fail(`${found(token)} where a number of bars was expected, as in close[1].`)
    const bars = Number(token.text)
    if (!Number.isInteger(bars) || bars > MAX_OFFSET) {
      fail(`The offset ${excerpt(token.text)} at ${column(token)} is not a whole number from 0 to ${MAX_OFFSET}.`)
    }
    return bars
  }

  #primary(): Syntax {
    const token = this.#take()
    const { start, end } = token
    if (token.kind === 'number') return this.#node({ kind: 'number', value: Number(token.text), start, end })
    if (token.text === '(') return this.#group(token)
    if (token.kind === 'name' && !isKeyword(token)) {
      return this.#token.text === '(' ? this.#call(token) : this.#node({ kind: 'name', name: token.text, start, end })
    }
    return fail(`${found(token)} where a value was expected: ${VALUES}.`)
  }

  #group(open: Token): Syntax {
    const inner = this.#deeper(open, () => this.#or())
    this.#close(')', open)
    return { ...inner, start: open.start, end: this.#end }
  }

  #call(name: Token): Syntax {
    const open = this.#take()
    const args = this.#token.text === ')' ? [] : this.#deeper(name, () => this.#list())
    this.#close(')', open, 'Arguments are separated by commas.')
    return this.#node({ kind: 'call', name: name.text, args, start: name.start, end: this.#end })
  }

  #list(): Syntax[] {
    const items = [this.#or()]
    while (this.#token.text === ',') {
      this.#take()
      items.push(this.#or())
    }
    return items
  }

  /** Operators of one rank, applied from left to right. */
  #chain(operators: ReadonlySet<string>, operand: () => Syntax): Syntax {
    let left = operand()
    while (operators.has(this.#token.text)) {
      const operator = this.#take()
      left = this.#binary(operator, left, operand())
    }
    return left
  }

  #binary(token: Token, left: Syntax, right: Syntax): Syntax {
    const operator = token.text as (Syntax & { kind: 'binary' })['operator']
    return this.#node({ kind: 'binary', operator, left, right, start: left.start, end: right.end })
  }

  #prefixed(operator: '-' | 'not', read: () => Syntax): Syntax {
    const token = this.#take()
    const operand = this.#deeper(token, read)
    return this.#node({ kind: 'unary', operator, operand, start: token.start, end: operand.end })
  }

  #node(node: Syntax): Syntax {
    if (++this.#nodes > MAX_NODES) {
      const limit = `${MAX_NODES} numbers, names, operators and calls`
      fail(`The expression goes on at ${column(this.#token)} behind its limit of ${limit}. Simplify it.`)
    }
    return node
  }

  #deeper<T>(at: Token, read: () => T): T {
    if (++this.#depth > MAX_DEPTH) {
      fail(`The expression is nested more than ${MAX_DEPTH} deep at ${column(at)}. Simplify it.`)
    }
    const result = read()
    this.#depth--
    return result
  }

  #close(bracket: ')' | ']', open: Token, remedy = ''): void {
    if (this.#token.text !== bracket) {
      const problem = `where the '${bracket}' for '${open.text}' at ${column(open)} was expected.`
      fail(`${found(this.#token)} ${problem} ${this.#token.kind === 'end' ? `Add '${bracket}'.` : remedy}`)
    }
    this.#next++
  }

  /** Where the last token taken ends. */
  get #end(): number {
    return this.#tokens[this.#next - 1].end
  }

  #refuseChain(left: Syntax, first: Token, right: Syntax): never {
    const second = this.#take()
    const third = this.#sum()
    const [a, b, c] = [left, right, third].map(({ start, end }) => excerpt(this.#source.slice(start, end)))
    const remedy = `Write ${a} ${first.text} ${b} and ${b} ${second.text} ${c}.`
    fail(`A second comparison '${second.text}' at ${column(second)}: comparisons cannot be chained. ${remedy}`)
  }
}

function fail(problem: string): never {
  throw new ExpressionError([problem.trimEnd()])
}

function found(token: Token): string {
  if (token.kind === 'end') return `The expression ends at ${column(token)}`
  return `Found '${excerpt(token.text)}' at ${column(token)}`
}

function isKeyword(token: Token): boolean {
  return (KEYWORDS as readonly string[]).includes(token.text)
}

/** What to do about a token that follows a complete expression. */
function joining(token: Token): string {
  if (token.text === ')' || token.text === ']') return 'Nothing is open there; remove it.'
  if (token.text === ',') return 'Commas separate the arguments of a call; decimals are written with a point.'
  const keyword = token.kind === 'name' && nearestName(token.text, KEYWORDS)
  return keyword ? `Did you mean ${keyword}?` : 'Join conditions with and, or; numbers with + - * /.'
}
