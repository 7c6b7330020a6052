/** The row of figures of a sample, when all tiles are measured. */
import { closeAt, closeTime, deepestFall, endFall, rest } from "./equity";
import { Job, Sample, Settings } from "./job";
import { returnFigures, tradeFigures, TradeSums, undefineOverflow } from "./metrics";
import { squares } from "./ratios";

const YEAR: f64 = 31536000000.0;
const SHORTEST_CAGR: f64 = 2592000000.0;

/**
 * @param daily   f64[dayCount]: equity at the end of each day
 * @param scratch for a TradeSums
 * @returns whether the figures are numbers; `daily` holds the returns then
 */
export function finish(job: Job, sample: Sample, daily: usize, scratch: usize): bool {
  const settings = changetype<Settings>(job.settings);
  const start = job.start, last = job.end - 1, initial = settings.initialCapital, timeframe = settings.timeframeMs;
  if (sample.measured <= last) rest(sample, sample.capital, last, daily);
  endFall(sample, last + 1);

  const out = job.results + <usize>sample.index * 208;
  const span = closeTime(last) - load<f64>(job.openTime + (<usize>start << 3));
  const final = sample.capital;
  const cagr = span < SHORTEST_CAGR ? NaN : final <= 0 ? -1.0 : Math.pow(final / initial, YEAR / span) - 1.0;
  store<f64>(out, final / initial - 1.0, 0);
  store<f64>(out, cagr, 8);
  returnFigures(daily, returnsOf(daily, job.dayCount, initial), timeframe, out);
  const deepest = deepestFall(sample);
  store<f64>(out, deepest, 48);
  store<f64>(out, sample.longest, 56);
  store<f64>(out, deepest == 0 || cagr != cagr ? NaN : cagr / deepest, 32);
  tradeFigures(sumsOf(sample, changetype<TradeSums>(scratch)), span, out);
  const firstOpen = load<f64>(job.open + (<usize>start << 3)), fee = settings.feeRate, slippage = settings.slippage;
  store<f64>(out, (1.0 - fee) / (1.0 + fee) * (closeAt(last) * (1.0 - slippage)) / (firstOpen * (1.0 + slippage)) - 1.0, 192);
  store<f64>(out, final, 200);
  return !undefineOverflow(out);
}

/** Equity at day ends becomes returns, in place; none come after ruin. @returns how many */
function returnsOf(daily: usize, days: i32, initial: f64): i32 {
  let previous = initial;
  for (let day = 0; day < days; day++) {
    if (previous <= 0) return day;
    const at = daily + (<usize>day << 3), value = load<f64>(at);
    store<f64>(at, value / previous - 1.0);
    previous = value;
  }
  return days;
}

function sumsOf(sample: Sample, sums: TradeSums): TradeSums {
  const count = sample.tradeCount;
  sums.count = count;
  sums.wins = sample.wins;
  sums.losses = sample.losses;
  sums.grossProfit = sample.grossProfit;
  sums.grossLoss = sample.grossLoss;
  sums.sumAbs = sample.sumAbs;
  sums.sumRatio = sample.sumRatio;
  sums.duration = sample.duration;
  sums.fees = sample.fees;
  sums.bestRatio = count > 0 ? sample.bestRatio : NaN;
  sums.worstRatio = count > 0 ? -sample.minusWorst : NaN;
  sums.squares = count < 2 ? 0 : squares(sample, sample.sumRatio / <f64>count);
  return sums;
}
