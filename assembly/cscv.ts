/**
 * Combinatorially symmetric cross-validation: does the configuration that is best in one half of the time stay good
 * in the other half? Asked for every way to call half of the blocks "in sample".
 * Source: D. Bailey, J. Borwein, M. López de Prado, Q. Zhu, The Probability of Backtest Overfitting (2015).
 */

/** A deviation up to here counts as 0, and so does what rounding leaves of a constant in Σx² - (Σx)²/n. */
const ZERO_VARIANCE: f64 = 1e-24;
const ROUNDING: f64 = 1e-12;

/** Bytes of the sums of one block for two configurations: Σx of both, then Σx² of both. */
const BLOCK_BYTES: usize = 32;

/**
 * The Sharpe ratios and the rank of the winner, for each of the (blocks over blocks / 2) choices.
 *
 * Of a half and its complement each is in sample once, so the two choices are worked out together: with the half that
 * holds block 0 in sample first, then with the other.
 *
 * @param sums    f64[pairs × blocks × 4], see BLOCK_BYTES; pairs = ⌈columns / 2⌉, and a last column that is not there is 0
 * @param columns configurations, ≥ 2
 * @param blocks  even, 2 … 16
 * @param rows    returns of one block, ≥ 1
 * @param scratch f64[4 × pairs] and i32[blocks]
 * @param out     f64[choices × 3]: per-period Sharpe ratio of the in-sample winner (the first of equal ones) in sample
 *                and out of sample, and its rank among all out of sample, 1 = worst, equal ones sharing the mean rank
 * @returns choices
 *
 * O(choices × columns × blocks / 2): 12,870 choices of 1,000 configurations take some 0.1 s.
 */
export function cscv(sums: usize, columns: i32, blocks: i32, rows: i32, scratch: usize, out: usize): i32 {
  const pairs = (columns + 1) >> 1, size = <usize>pairs << 4;
  const half = scratch, rest = scratch + size, offsets = rest + size;
  const all = (<u32>1 << blocks) - 1;
  const returns = <f64>(rows * (blocks >> 1));

  let choices = 0;
  for (let chosen = (<u32>1 << (blocks >> 1)) - 1; chosen <= all; chosen = nextOfSameSize(chosen)) {
    if (!(chosen & 1)) continue; // the complement of an earlier one
    list(chosen, blocks, offsets);
    list(all ^ chosen, blocks, offsets + (<usize>blocks << 1));
    sharpeRatios(sums, pairs, blocks, returns, offsets, half, rest);
    judge(half, rest, columns, out);
    judge(rest, half, columns, out + 24);
    out += 48;
    choices += 2;
  }
  return choices;
}

/** The next larger number with as many bits set. Source: R. W. Gosper, HAKMEM 175. */
function nextOfSameSize(bits: u32): u32 {
  const lowest = bits & (0 - bits), ripple = bits + lowest;
  return ripple | (((bits ^ ripple) >> 2) / lowest);
}

/** Byte offsets of the chosen blocks within one pair of configurations, as i32. */
function list(chosen: u32, blocks: i32, out: usize): void {
  for (let block = 0; block < blocks; block++) {
    if (!(chosen >> block & 1)) continue;
    store<i32>(out, block * <i32>BLOCK_BYTES);
    out += 4;
  }
}

function sharpeRatios(sums: usize, pairs: i32, blocks: i32, returns: f64, offsets: usize, half: usize, rest: usize): void {
  const stride = <usize>blocks * BLOCK_BYTES, middle = offsets + (<usize>blocks << 1), end = middle + (<usize>blocks << 1);
  for (let pair = 0; pair < pairs; pair++) {
    const to = <usize>pair << 4;
    v128.store(half + to, sharpeRatio(sums, offsets, middle, returns));
    v128.store(rest + to, sharpeRatio(sums, middle, end, returns));
    sums += stride;
  }
}

/** Mean over deviation (n - 1) of two configurations over the listed blocks; 0 without a deviation. */
// @ts-ignore: decorator
@inline
function sharpeRatio(sums: usize, from: usize, to: usize, returns: f64): v128 {
  let sum = f64x2.splat(0), square = f64x2.splat(0);
  for (let at = from; at < to; at += 4) {
    const block = sums + <usize>load<i32>(at);
    sum = f64x2.add(sum, v128.load(block));
    square = f64x2.add(square, v128.load(block, 16));
  }
  const freedom = f64x2.splat(returns - 1);
  const mean = f64x2.div(sum, f64x2.splat(returns));
  const variance = f64x2.div(f64x2.sub(square, f64x2.mul(sum, mean)), freedom);
  const noise = f64x2.max(f64x2.splat(ZERO_VARIANCE), f64x2.mul(f64x2.div(square, freedom), f64x2.splat(ROUNDING)));
  return v128.and(f64x2.gt(variance, noise), f64x2.div(mean, f64x2.sqrt(variance)));
}

/** One choice: the winner of `inSample`, and how it does in `outOfSample`. */
function judge(inSample: usize, outOfSample: usize, columns: i32, out: usize): void {
  const end = <usize>columns << 3;
  let winner: usize = 0, best = load<f64>(inSample);
  for (let at: usize = 8; at < end; at += 8) {
    const sharpe = load<f64>(inSample + at);
    if (sharpe > best) { best = sharpe; winner = at; }
  }
  const own = load<f64>(outOfSample + winner);
  let worse = 0, notBetter = 0;
  for (let at: usize = 0; at < end; at += 8) {
    const sharpe = load<f64>(outOfSample + at);
    worse += i32(sharpe < own);
    notBetter += i32(sharpe <= own);
  }
  store<f64>(out, best);
  store<f64>(out, own, 8);
  store<f64>(out, 0.5 * <f64>(worse + notBetter + 1), 16);
}
