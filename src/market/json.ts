import type { CandleCollector } from './collector.ts'
import { EXPECTED, JsonRows, NOT_JSON, parseJson } from './json-row.ts'
import { MAX_LINE_BYTES } from './text.ts'

const QUOTE = 34
const COMMA = 44
const BACKSLASH = 92
const OPEN_ARRAY = 91
const CLOSE_ARRAY = 93
const OPEN_OBJECT = 123
const CLOSE_OBJECT = 125
const SPACE = 32

/** A candle is flat; nesting bombs are refused before `JSON.parse` sees them. */
const MAX_DEPTH = 8

/**
 * Read candles from one JSON array, [[ms, o, h, l, c, v], …] or [{"time": …, "open": …}, …], as it streams in: a
 * scan over the bytes finds where elements end, and the whole elements of each chunk are parsed together.
 *
 * @param chunks UTF-8 text without a byte order mark
 */
export async function readJson(chunks: AsyncIterable<Uint8Array>, into: CandleCollector): Promise<void> {
  const array = new JsonArray(into)
  for await (const chunk of chunks) array.push(chunk)
  array.end()
}

class JsonArray {
  readonly #into: CandleCollector
  readonly #rows: JsonRows
  readonly #decoder = new TextDecoder()
  /** Text of elements that are whole but for the last one, without the bracket that opens the array. */
  #pending = ''
  #depth = 0
  #inString = false
  #escaped = false
  #closed = false

  constructor(into: CandleCollector) {
    this.#into = into
    this.#rows = new JsonRows(into)
  }

  push(chunk: Uint8Array): void {
    let from = 0
    let comma = -1
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]
      if (this.#inString) this.#insideString(byte)
      else if (byte === QUOTE) this.#inString = true
      else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
        if (this.#closed || ++this.#depth > MAX_DEPTH) this.#fail(this.#closed ? AFTER : DEEP)
        if (this.#depth === 1) from = at + 1
      } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
        if (--this.#depth === 0) {
          this.#take(this.#decoder.decode(chunk.subarray(from, at), { stream: true }), true)
          this.#closed = true
        }
      } else if (byte === COMMA && this.#depth === 1) comma = at
      else if (this.#closed && byte > SPACE) this.#fail(AFTER)
    }
    if (this.#closed) return
    if (comma >= from) {
      this.#take(this.#decoder.decode(chunk.subarray(from, comma), { stream: true }), true)
      from = comma + 1
    }
    this.#take(this.#decoder.decode(chunk.subarray(from), { stream: true }), false)
  }

  #insideString(byte: number): void {
    if (this.#escaped) this.#escaped = false
    else if (byte === BACKSLASH) this.#escaped = true
    else if (byte === QUOTE) this.#inString = false
  }

  /** @param whole the text ends where an element ends */
  #take(text: string, whole: boolean): void {
    this.#pending += text
    if (whole) {
      this.#parse(this.#pending)
      this.#pending = ''
    } else if (this.#pending.length > MAX_LINE_BYTES)
      this.#fail(`has an element longer than ${MAX_LINE_BYTES} characters.`)
  }

  #parse(elements: string): void {
    if (elements.trim() === '' && this.#into.row === 0) return
    for (const value of parseAll(elements)) {
      this.#into.row++
      if (value === NOT_JSON)
        this.#into.problems.fail('INVALID_FORMAT', this.#into.row, null, `is not valid JSON. ${EXPECTED}`)
      this.#rows.accept(value)
    }
  }

  end(): void {
    if (!this.#closed) this.#fail('ends inside the JSON array: the file was cut. Send it whole.')
  }

  #fail(message: string): never {
    this.#into.problems.fail('INVALID_FORMAT', this.#into.row + 1, null, `${message} ${EXPECTED}`)
  }
}

const AFTER = 'has more text after the end of the JSON array. For one candle a line leave the outer brackets away.'
const DEEP = `is nested deeper than ${MAX_DEPTH} levels.`

/** @param elements values separated by commas. @returns what they are, up to the first that is NOT_JSON */
function parseAll(elements: string): unknown[] {
  const values = parseJson(`[${elements}]`)
  return values === NOT_JSON ? parseUpToError(elements) : (values as unknown[])
}

/** Elements one by one, found by adding one piece between commas after the other until it makes sense. */
function parseUpToError(elements: string): unknown[] {
  const values: unknown[] = []
  let element = ''
  for (const piece of elements.split(',')) {
    element += element === '' ? piece : `,${piece}`
    const value = parseJson(element)
    if (value === NOT_JSON && element.length > LONGEST_CANDLE) break
    if (value === NOT_JSON) continue
    values.push(value)
    element = ''
  }
  return element === '' ? values : [...values, NOT_JSON]
}

/** Characters; where so many make no sense, more will not. */
const LONGEST_CANDLE = 2_048
