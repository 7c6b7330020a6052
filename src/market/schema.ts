import { type Candles } from '../engine/candles.ts'
import { ValidationError } from '../errors.ts'
import { builder } from '../graphql/builder.ts'
import { page } from '../graphql/connection.ts'
import { type DownloadResult, downloadCandles } from './download.ts'
import type { Gap } from './quality.ts'
import { MARKET_REGIMES, type RegimeSpan } from './regimes.ts'
import { marketRegimes } from './regime-list.ts'
import { downsample } from './resample.ts'
import { countMarkets, findMarket, importCandles, type ImportResult, listMarkets, loadCandles } from './service.ts'
import type { MarketRow } from './table.ts'
import { parseTimeframe, TIMEFRAMES } from './timeframe.ts'

const MAX_POINTS = 10_000

const GapType = builder.objectRef<Gap>('Gap').implement({
  description: 'A run of candles that should be there and are not.',
  fields: (t) => ({
    from: t.field({
      type: 'DateTime',
      description: 'Open time of the first missing candle.',
      resolve: ({ from }) => new Date(from),
    }),
    to: t.field({
      type: 'DateTime',
      description: 'Open time of the next candle that is there.',
      resolve: ({ to }) => new Date(to),
    }),
    missing: t.exposeInt('missing', { description: 'Candles.' }),
  }),
})

const DataQualityType = builder.objectRef<MarketRow>('DataQuality').implement({
  description: 'How complete a market is. Gaps are reported, never filled.',
  fields: (t) => ({
    score: t.exposeFloat('qualityScore', {
      description: '0 to 100: less 10 points for each per cent of missing candles, 1 for each per cent without volume.',
    }),
    missingCandles: t.exposeInt('missingCandles', {
      description:
        'Candles that a market without gaps would have more. A tuning job warns above 1 % and refuses above 5 %.',
    }),
    zeroVolumeCandles: t.exposeInt('zeroVolumeCandles', { description: 'Candles in which nothing was traded.' }),
    gaps: t.field({ type: [GapType], description: 'The longest 1,000, in order of time.', resolve: (row) => row.gaps }),
  }),
})

/** One bar of a set of columns. */
interface CandleAt {
  candles: Candles
  bar: number
}

const CandleType = builder.objectRef<CandleAt>('Candle').implement({
  description: 'What was traded in one interval. Prices in quote currency.',
  fields: (t) => {
    const column = (name: Exclude<keyof Candles, 'openTime'>, description: string) =>
      t.float({ description, resolve: ({ candles, bar }) => candles[name][bar] })
    return {
      openTime: t.field({
        type: 'DateTime',
        description: 'Start of the interval; it names the candle.',
        resolve: ({ candles, bar }) => new Date(candles.openTime[bar]),
      }),
      open: column('open', 'First price.'),
      high: column('high', 'Highest price.'),
      low: column('low', 'Lowest price.'),
      close: column('close', 'Last price.'),
      volume: column('volume', 'Traded amount, in base currency.'),
    }
  },
})

export const RegimeEnum = builder.enumType('MarketRegime', {
  description: 'What a market is doing, told at the close of a candle from candles up to it.',
  values: MARKET_REGIMES,
})

const RegimeSpanType = builder.objectRef<RegimeSpan>('RegimeSpan').implement({
  description: 'A time in which one regime held, from the moment at which that was known.',
  fields: (t) => ({
    regime: t.field({ type: RegimeEnum, resolve: ({ regime }) => regime }),
    from: t.field({ type: 'DateTime', resolve: ({ from }) => new Date(from) }),
    to: t.field({ type: 'DateTime', resolve: ({ to }) => new Date(to) }),
  }),
})

export const MarketType = builder.objectRef<MarketRow>('Market')

builder.node(MarketType, {
  description: 'The candles of one symbol on one exchange, in one timeframe.',
  id: { resolve: (row) => row.id },
  loadOne: (id, ctx) => findMarket(ctx, id),
  isTypeOf: (row) => typeof row === 'object' && row !== null && 'candleCount' in row,
  fields: (t) => ({
    exchange: t.exposeString('exchange', {
      description: 'As ccxt writes it: binance. Made-up markets are on "synthetic".',
    }),
    symbol: t.exposeString('symbol', { description: 'As ccxt writes it: BTC/USDT, BTC/USDT:USDT.' }),
    timeframe: t.exposeString('timeframe', {
      description: 'As stored: 1m, 5m, 1h, 1d. Longer ones are resampled on demand.',
    }),
    synthetic: t.exposeBoolean('synthetic', { description: 'Made by a seeded rule, not traded anywhere.' }),
    candleCount: t.exposeInt('candleCount'),
    from: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'Open time of the first candle.',
      resolve: (row) => dateOf(row.firstOpenTime),
    }),
    to: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'Close time of the last candle: [from, to) holds all of them.',
      resolve: (row) => dateOf(row.lastOpenTime, TIMEFRAMES[parseTimeframe(row.timeframe)]),
    }),
    quality: t.field({ type: DataQualityType, resolve: (row) => row }),
    contentHash: t.exposeString('contentHash', { description: 'SHA-256 over all candles: equal candles, equal hash.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When candles were last added.' }),
    regimes: t.field({
      type: [RegimeSpanType],
      description:
        'What the market was doing, oldest first. The first 743 candles have no regime; candles of an hour, or of the market where they are longer, unless another timeframe is named.',
      args: {
        from: t.arg({ type: 'DateTime' }),
        to: t.arg({ type: 'DateTime' }),
        timeframe: t.arg.string({ description: "A multiple of the market's own." }),
      },
      resolve: (row, args, ctx) => marketRegimes(ctx, row, args),
    }),
    candles: t.field({
      type: [CandleType],
      description:
        'Candles that open in [from, to), at most maxPoints of them: neighbours are drawn together, no high or low is lost.',
      args: {
        from: t.arg({ type: 'DateTime' }),
        to: t.arg({ type: 'DateTime' }),
        timeframe: t.arg.string({ description: "A multiple of the market's own, which is the default." }),
        maxPoints: t.arg.int({ defaultValue: 1000, description: `1 to ${MAX_POINTS}.` }),
      },
      resolve: async (row, args, ctx) => {
        const maxPoints = checkMaxPoints(args.maxPoints ?? 1000)
        const candles = await loadCandles(ctx, row.id, {
          ...(args.from && { from: args.from.getTime() }),
          ...(args.to && { to: args.to.getTime() }),
          ...(args.timeframe && { timeframe: parseTimeframe(args.timeframe) }),
        })
        return rowsOf(downsample(candles, maxPoints))
      },
    }),
  }),
})

function dateOf(openTime: number | null, plusMs = 0): Date | null {
  return openTime === null ? null : new Date(openTime + plusMs)
}

function rowsOf(candles: Candles): CandleAt[] {
  return Array.from({ length: candles.openTime.length }, (_, bar) => ({ candles, bar }))
}

function checkMaxPoints(maxPoints: number): number {
  if (maxPoints >= 1 && maxPoints <= MAX_POINTS) return maxPoints
  throw ValidationError.at('maxPoints', `${maxPoints} is not a number of points; ask for 1 to ${MAX_POINTS}.`)
}

const CandleImportInput = builder.inputType('CandleImportInput', {
  description: 'Candles for one market: give content or file.',
  fields: (t) => ({
    exchange: t.string({ required: true, description: 'As ccxt writes it: binance.' }),
    symbol: t.string({ required: true, description: 'As ccxt writes it: BTC/USDT.' }),
    timeframe: t.string({ required: true, description: Object.keys(TIMEFRAMES).join(', ') }),
    content: t.string({
      description:
        'CSV, a JSON array or NDJSON, plain or packed by gzip, Parquet or Feather, as base64; the format is recognised.',
    }),
    file: t.string({ description: "A file name inside the server's import folder." }),
  }),
})

const ImportCandlesSuccess = builder.objectRef<ImportResult>('ImportCandlesSuccess').implement({
  fields: (t) => ({
    market: t.field({ type: MarketType, resolve: ({ market }) => market }),
    imported: t.exposeInt('imported', { description: 'Candles that were not there before.' }),
    duplicates: t.exposeInt('duplicates', { description: 'Rows that repeated another row, or a stored candle.' }),
    warnings: t.exposeStringList('warnings', { description: 'What was done to the rows, and what is missing.' }),
  }),
})

builder.queryFields((t) => ({
  markets: t.connection(
    {
      type: MarketType,
      authScopes: { role: 'VIEWER' },
      description: 'All markets, oldest first.',
      resolve: (_, args, ctx) =>
        page(args, {
          key: (row: MarketRow) => [row.createdAt.toISOString(), row.id],
          read: (slice) => listMarkets(ctx, slice),
          count: () => countMarkets(ctx),
        }),
    },
    { name: 'MarketConnection' },
    { name: 'MarketEdge' },
  ),
  market: t.field({
    type: MarketType,
    authScopes: { role: 'VIEWER' },
    nullable: true,
    args: { id: t.arg.id({ required: true }) },
    resolve: (_, { id }, ctx) => findMarket(ctx, id),
  }),
}))

builder.mutationField('importCandles', (t) =>
  t.field({
    type: ImportCandlesSuccess,
    authScopes: { role: 'TUNER' },
    description:
      'Add candles to a market, which is made where it is new. All or nothing: a bad file is refused with up to 20 problems by row and column. Candles that are stored already are counted as duplicates; one that says something else is refused.',
    errors: { types: [ValidationError], union: { name: 'ImportCandlesResult' } },
    args: { input: t.arg({ type: CandleImportInput, required: true }) },
    resolve: (_, { input }, ctx) => importCandles(ctx, input),
  }),
)

const CandleDownloadInput = builder.inputType('CandleDownloadInput', {
  description: 'A period of one market of an exchange.',
  fields: (t) => ({
    exchange: t.string({ required: true, description: 'As ccxt writes it: binance.' }),
    symbol: t.string({ required: true, description: 'As ccxt writes it: BTC/USDT.' }),
    timeframe: t.string({ required: true, description: Object.keys(TIMEFRAMES).join(', ') }),
    from: t.field({ type: 'DateTime', required: true, description: 'Open time of the first candle.' }),
    to: t.field({ type: 'DateTime', description: 'Exclusive; now where not given.' }),
  }),
})

const DownloadCandlesSuccess = builder.objectRef<DownloadResult>('DownloadCandlesSuccess').implement({
  fields: (t) => ({
    market: t.field({ type: MarketType, resolve: ({ market }) => market }),
    imported: t.exposeInt('imported', { description: 'Candles that were not there before.' }),
    complete: t.exposeBoolean('complete', {
      description: 'Nothing that the exchange has is missing. Where false, time was up: call again with from = next.',
    }),
    next: t.field({ type: 'DateTime', description: 'Where to go on.', resolve: ({ next }) => next }),
  }),
})

builder.mutationField('downloadCandles', (t) =>
  t.field({
    type: DownloadCandlesSuccess,
    authScopes: { role: 'TUNER' },
    description:
      'Download what a market lacks of a period from its exchange; the market is made where it is new. Works for some seconds, stores what it has, and says where the next call goes on.',
    errors: { types: [ValidationError], union: { name: 'DownloadCandlesResult' } },
    args: { input: t.arg({ type: CandleDownloadInput, required: true }) },
    resolve: (_, { input }, ctx) => downloadCandles(ctx, input),
  }),
)
