import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, test } from 'vitest'
import { isSqlite, readFreqtradeDatabase } from '../../src/cli/freqtrade-database.ts'

const folder = mkdtempSync(join(tmpdir(), 'tunebook-sqlite-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A database as freqtrade makes it, as far as trades are concerned. */
function database(name: string, statements: string): string {
  const path = join(folder, name)
  const made = new DatabaseSync(path)
  made.exec(statements)
  made.close()
  return path
}

const path = database(
  'tradesv3.sqlite',
  `create table trades (
     id integer primary key, exchange text, pair text, is_open integer, fee_open float, fee_close float,
     open_rate float, close_rate float, close_profit float, close_profit_abs float, stake_amount float,
     open_date datetime, close_date datetime, stop_loss_pct float, initial_stop_loss_pct float,
     max_rate float, min_rate float, exit_reason text, strategy text, enter_tag text, leverage float, is_short boolean);
   insert into trades values
     (7, 'binance', 'BTC/USDT:USDT', 0, 0.0005, 0.0005, 42000, 41000, 0.046, 46, 1000,
      '2024-01-01 00:00:00.000000', '2024-01-01 04:00:00.000000', -0.1, -0.1, 42100, 40900, 'roi', 'Mine', 'x', 2, 1),
     (8, 'binance', 'ETH/USDT:USDT', 1, 0.0005, null, 2000, null, null, null, 1000,
      '2024-01-02 00:00:00.000000', null, -0.1, -0.1, 2010, 1990, null, 'Mine', 'x', 2, 0)`,
)

describe("freqtrade's database", () => {
  test('gives its closed trades in our fields, and leaves open ones alone', () => {
    expect(isSqlite(readFileSync(path))).toBe(true)
    expect(readFreqtradeDatabase(path)).toEqual([
      {
        externalId: '7',
        symbol: 'BTC/USDT:USDT',
        side: 'SHORT',
        strategy: 'Mine',
        confidence: 100,
        leverage: 2,
        entryTime: '2024-01-01T00:00:00.000000Z',
        exitTime: '2024-01-01T04:00:00.000000Z',
        entryPrice: 42000,
        exitPrice: 41000,
        stopLoss: 0.05,
        minPrice: 40900,
        maxPrice: 42100,
        profitRatio: 0.046,
        profitAbs: 46,
        fees: 2,
        exitReason: 'roi',
      },
    ])
  })

  test('is not changed by reading it', () => {
    const before = readFileSync(path)
    readFreqtradeDatabase(path)
    expect(readFileSync(path).equals(before)).toBe(true)
  })

  test('is told from other SQLite files and from text', () => {
    const other = database('other.sqlite', 'create table cars (id integer)')
    expect(() => readFreqtradeDatabase(other)).toThrow('it has no table trades')
    const strange = database('strange.sqlite', 'create table trades (id integer, pair text)')
    expect(() => readFreqtradeDatabase(strange)).toThrow('without is_open, open_date')
    expect(isSqlite(Buffer.from('[{"pair": 1}]'))).toBe(false)
    expect(isSqlite(Buffer.from(''))).toBe(false)
  })
})
