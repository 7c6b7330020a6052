import { parquetReadObjects } from 'hyparquet'
import { describe, expect, test } from 'vitest'
import type { Rows } from '../../../src/tuning/export/columns.ts'
import { csv } from '../../../src/tuning/export/csv.ts'
import { joinParquet, parquet, rowCount } from '../../../src/tuning/export/parquet.ts'
import { HOUR, read, START } from '../../market/files.ts'

const TABLE: Rows = {
  columns: [
    { name: 'index', kind: 'WHOLE' },
    { name: 'split', kind: 'TEXT' },
    { name: 'roi', kind: 'NUMBER' },
    { name: 'entryTime', kind: 'TIME' },
  ],
  rows: [
    [0, 'TRAIN', 0.1 + 0.2, START],
    [1, '=HYPERLINK("http://x";"y")', NaN, START + 1],
    [2, 'Ünï 😀', null, null],
  ],
}

const readBack = (file: Uint8Array) => parquetReadObjects({ file: file.slice().buffer })

describe('a table as Parquet', () => {
  test('is read back with every bit, its types, and null where nothing is defined', async () => {
    const file = parquet(TABLE)
    expect(Buffer.from(file.subarray(0, 4)).toString()).toBe('PAR1')
    expect(rowCount(file)).toBe(3)
    expect(await readBack(file)).toEqual([
      { index: 0, split: 'TRAIN', roi: 0.1 + 0.2, entryTime: new Date(START) },
      { index: 1, split: '=HYPERLINK("http://x";"y")', roi: null, entryTime: new Date(START + 1) },
      { index: 2, split: 'Ünï 😀', roi: null, entryTime: null },
    ])
  })

  test('without rows still names its columns', async () => {
    expect(rowCount(parquet({ ...TABLE, rows: [] }))).toBe(0)
    expect(await readBack(parquet({ ...TABLE, rows: [] }))).toEqual([])
  })

  test('in pieces is joined to one file, also where a column of one has no value', async () => {
    const piece = (...rows: number[]) => parquet({ ...TABLE, rows: rows.map((at) => TABLE.rows[at]) })
    const joined = await joinParquet([piece(0, 1), piece(2), piece(1)])
    const all = await readBack(parquet(TABLE))
    expect(await readBack(joined)).toEqual([...all, all[1]])
  })

  test('that has the columns of candles is one that can be imported', async () => {
    const columns = ['open_time', 'open', 'high', 'low', 'close', 'volume'].map((name, at) => ({
      name,
      kind: at === 0 ? ('TIME' as const) : ('NUMBER' as const),
    }))
    const rows = Array.from({ length: 5 }, (_, bar) => [START + bar * HOUR, 100, 102 + bar, 99, 101.25, bar])
    const candles = await read(parquet({ columns, rows }))
    expect(Array.from(candles.candles.high)).toEqual([102, 103, 104, 105, 106])
    expect(candles).toEqual(await read(csv({ columns, rows })))
  })
})
