import type postgres from 'postgres'

const JOBS = 1000
const PER_JOB = 1000
export const SAMPLES = JOBS * PER_JOB

/** The rows that a thousand finished jobs of an older version have left. @returns ids of the jobs */
export async function populate(client: postgres.Sql): Promise<string[]> {
  await client`insert into strategies (id, name, definition, warmup_bars) values ('strategy_1', 'mine', '{}', 0)`
  await client`insert into markets (id, exchange, symbol, timeframe, candle_count, quality_score, missing_candles, zero_volume_candles, gaps, content_hash)
    values ('market_1', 'drill', 'BTC/USDT', '1m', 0, 1, 0, 0, '[]', '')`
  await client`
    insert into tuning_jobs (id, name, status, phase, created_by, strategy_id, strategy, market_id, timeframe,
      training_from, training_to, test_from, test_to, execution, sampler, sample_count, seed, objective,
      secondary_objectives, risk_limits, algorithm, hyperparameters, features)
    select 'job_' || md5(n::text), 'job ' || n, 'COMPLETED', 'FINISHED', 'drill', 'strategy_1', '{}', 'market_1', '1m',
      0, 1, 1, 2, '{}', 'RANDOM', ${PER_JOB}, n, 'ROI', '{}', '{}', 'XGBOOST', '{}', '{}'
    from generate_series(1, ${JOBS}) as n`
  // Every tenth is not defined, as in a study some are.
  await client`
    insert into samples (job_id, index, split, trade_count, objective, predicted, packed)
    select j.id, i, (array['TRAIN', 'VALIDATION', 'TEST', 'NONE'])[1 + i % 4], i % 97,
      case when i % 10 > 0 then sin(i + j.seed) end, case when i % 10 > 0 then cos(i + j.seed) end,
      b.half || b.half || b.half || b.half
    from tuning_jobs j, generate_series(0, ${PER_JOB - 1}) as i, lateral (select sha512(int8send(i::bigint * 10000 + j.seed)) as half) as b`
  await client`analyze`
  return (await client`select id from tuning_jobs order by id`).map(({ id }) => id as string)
}
