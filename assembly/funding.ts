/**
 * The account of a sample that pays funding: its money and its marks go hand in hand, because each payment changes the
 * cash from its bar on.
 */
import { carry, close, keepOpen, open } from "./account";
import { hold, mark, rest, setCash } from "./equity";
import { AT_OPEN, Job, LIQUIDATED_AT_OPEN, NONE, Sample, Settings, Stamp, Trade, TRADE_BYTES } from "./job";

let job: Job = changetype<Job>(0);
let rate: f64 = 0;

export function placeFunding(its: Job): void {
  job = its;
  rate = changetype<Settings>(job.settings).fundingRate;
}

/**
 * Settle and mark the trades of a tile.
 *
 * @param daily f64[dayCount] of this sample: equity at the end of each day
 * @returns the end of the trades that are closed: one may still be open, and behind ruin nothing happens
 */
export function fund(sample: Sample, to: i32, log: usize, end: usize, daily: usize): usize {
  for (; log < end; log += TRADE_BYTES) {
    const trade = changetype<Trade>(log);
    const entryBar = trade.entryBar, exitBar = trade.exitBar;
    if (sample.isOpen) carry(trade, sample);
    else {
      if (!(sample.capital > 0)) return log;
      open(trade, sample, sample.capital);
      if (entryBar > sample.measured) rest(sample, sample.capital, entryBar - 1, daily);
      sample.funding = 0;
      skipStamps(sample, entryBar);
    }
    const capital = trade.capital, unpaid = capital - trade.margin - trade.entryFee;
    hold(trade, unpaid - sample.funding);
    const marks = min(exitBar, to) - 1;
    markAndPay(sample, trade, unpaid, marks, daily);
    sample.measured = marks + 1;
    if (exitBar == NONE) {
      keepOpen(sample, trade);
      return log;
    }
    sample.isOpen = 0;
    payOnExit(sample, trade);
    sample.capital = close(trade, capital, sample.funding);
  }
  return log;
}

// @ts-ignore: decorator
@inline
function stampAt(index: i32): Stamp {
  return changetype<Stamp>(job.stamps + <usize>index * offsetof<Stamp>());
}

function skipStamps(sample: Sample, bar: i32): void {
  while (stampAt(sample.stamp).bar < bar) sample.stamp++;
}

function pay(sample: Sample, quantity: f64, times: i32, bar: i32): void {
  const open = load<f64>(job.open + (<usize>bar << 3));
  for (let i = 0; i < times; i++) sample.funding += quantity * open * rate;
}

/** Mark up to `to`, in stretches between funding stamps; a payment changes the cash of the bars from it on. */
function markAndPay(sample: Sample, trade: Trade, unpaid: f64, to: i32, daily: usize): void {
  while (true) {
    const stamp = stampAt(sample.stamp);
    const last = min(stamp.bar - 1, to);
    if (sample.measured <= last) {
      setCash(unpaid - sample.funding);
      mark(sample, sample.measured, last, daily);
      sample.measured = last + 1;
    }
    if (stamp.bar > to) return;
    if (stamp.bar > trade.entryBar) pay(sample, trade.quantity, stamp.atOpen, stamp.bar);
    pay(sample, trade.quantity, stamp.inside, stamp.bar);
    sample.stamp++;
  }
}

/** What is still due on the bar of the exit; an exit at the open pays the stamp of that open. */
function payOnExit(sample: Sample, trade: Trade): void {
  const stamp = stampAt(sample.stamp), bar = trade.exitBar;
  if (stamp.bar != bar) return;
  if (bar > trade.entryBar) pay(sample, trade.quantity, stamp.atOpen, bar);
  if (trade.how != AT_OPEN && trade.how != LIQUIDATED_AT_OPEN) pay(sample, trade.quantity, stamp.inside, bar);
}
