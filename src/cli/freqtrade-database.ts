import { DatabaseSync } from 'node:sqlite'
import type { JsonObject } from './json-file.ts'
import { fromFreqtrade } from './trade-file.ts'

/** The first bytes of every SQLite file. */
const MAGIC = Buffer.from('SQLite format 3\0', 'latin1')

export function isSqlite(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).subarray(0, MAGIC.length).equals(MAGIC)
}

/**
 * The closed trades of freqtrade's database (tradesv3.sqlite), oldest first. The file is only read, also while the bot
 * runs. Columns that older versions named otherwise are found by these names.
 *
 * @throws Error with what the file is not
 */
export function readFreqtradeDatabase(path: string): JsonObject[] {
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    const columns = database.prepare("select name from pragma_table_info('trades')").all() as { name: string }[]
    const names = new Set(columns.map(({ name }) => name))
    const missing = NEEDED.filter((name) => !names.has(name))
    if (columns.length === 0) throw new Error('is an SQLite file, but not one of freqtrade: it has no table trades.')
    if (missing.length > 0) throw new Error(`has a table trades without ${missing.join(', ')}; freqtrade's has them.`)
    const rows = database.prepare('select * from trades where is_open = 0 order by id').all()
    return rows.map((row) => fromFreqtrade(asExported(row as JsonObject)))
  } finally {
    database.close()
  }
}

const NEEDED = ['id', 'pair', 'is_open', 'open_date', 'close_date', 'open_rate', 'close_rate', 'close_profit']

/** A row of the table in the words of freqtrade's exports. */
function asExported(row: JsonObject): JsonObject {
  return {
    ...row,
    trade_id: row.id,
    profit_ratio: row.close_profit,
    profit_abs: row.close_profit_abs,
    stop_loss_ratio: row.stop_loss_pct,
    initial_stop_loss_ratio: row.initial_stop_loss_pct,
    is_short: Boolean(row.is_short),
    enter_tag: row.enter_tag ?? row.buy_tag,
  }
}
