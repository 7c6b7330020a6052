/**
 * Profit ratios of the trades, kept in their order until their mean is known: the deviation needs it first.
 *
 * Each sample has a chain of blocks in a pool that all samples of a call share, one block a tile: the address of the
 * next block, how many ratios it holds, and f64[count].
 */
import { Sample } from "./job";

const HEADER: usize = 8;

/** Of the next block, and behind the last one. */
let next: usize = 0, end: usize = 0;

export function setPool(from: usize, to: usize): void {
  next = from;
  end = to;
}

/** Bytes of the pool taken so far. */
export function poolUsed(from: usize): usize {
  return next - from;
}

/** Room for the ratios of a tile, behind those of the tiles before. @returns where the first one goes; 0: no room */
export function openRatios(sample: Sample, most: i32): usize {
  const block = next, values = block + HEADER;
  if (values + (<usize>most << 3) > end) return 0;
  if (sample.ratioBlock) store<usize>(sample.ratioBlock, block);
  else sample.ratios = block;
  sample.ratioBlock = block;
  return values;
}

/** @param to behind the last ratio that was written */
export function closeRatios(sample: Sample, to: usize): void {
  const count = <i32>((to - sample.ratioBlock - HEADER) >> 3);
  store<i32>(sample.ratioBlock, count, 4);
  sample.tradeCount += count;
  next = to;
}

/** Squared distances of the ratios from their mean, in the order of the trades. */
export function squares(sample: Sample, average: f64): f64 {
  let sum: f64 = 0, left = sample.tradeCount;
  for (let block = sample.ratios; left > 0; block = load<usize>(block)) {
    const count = load<i32>(block, 4);
    for (let at = block + HEADER, last = at + (<usize>count << 3); at < last; at += 8) {
      const d = load<f64>(at) - average;
      sum += d * d;
    }
    left -= count;
  }
  return sum;
}
