import type { CandleCollector } from './collector.ts'
import { EXPECTED, JsonRows, NOT_JSON, parseJson } from './json-row.ts'
import { shown } from './problems.ts'
import { wholeLines } from './text.ts'

/**
 * Read candles from newline-delimited JSON: one ccxt array or one object a line; blank lines are skipped.
 *
 * @param chunks UTF-8 text without a byte order mark
 */
export async function readNdjson(chunks: AsyncIterable<Uint8Array>, into: CandleCollector): Promise<void> {
  const rows = new JsonRows(into)
  const decoder = new TextDecoder()
  for await (const lines of wholeLines(chunks, into.problems, () => into.row)) {
    const texts = decoder.decode(lines).split('\n')
    texts.pop() // the piece after the last line end is empty
    for (const text of texts) {
      into.row++
      const line = text.trim()
      if (line !== '') acceptLine(line, rows, into)
    }
  }
}

function acceptLine(line: string, rows: JsonRows, into: CandleCollector): void {
  const value = parseJson(line)
  if (value !== NOT_JSON) return rows.accept(value)
  into.problems.add('INVALID_FORMAT', into.row, null, `${shown(line)} is not JSON. ${EXPECTED}`)
}
