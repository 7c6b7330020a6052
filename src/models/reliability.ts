/** Predictions of about the same confidence, and how many of them kept their word. */
export interface ReliabilityBin {
  /** mean of what was said, 0…100 */
  confidence: number
  /** what came true, 0…100 */
  reached: number
  count: number
}

export interface Reliability {
  /** ten equal ranges of confidence, ascending; empty ones are left out */
  bins: ReliabilityBin[]
  /** mean of |said − came true| over the predictions, as a fraction */
  calibrationError: number
  /** mean of (confidence / 100 − hit)²; lower is better */
  brierScore: number
  /** the Brier score of always saying the base rate: a useful confidence is below it */
  baseBrierScore: number
}

const BINS = 10

/**
 * Compare confidence with what happened.
 *
 * @param confidence f64[n], 0…100, n ≥ 1
 * @param reached    u8[n], 1 where the real backtest reached the reference
 */
export function reliability(confidence: Float64Array, reached: Uint8Array): Reliability {
  const n = confidence.length
  const sums = Array.from({ length: BINS }, () => ({ said: 0, hits: 0, count: 0 }))
  let squares = 0
  let hits = 0
  confidence.forEach((percent, i) => {
    const bin = sums[Math.min(BINS - 1, Math.floor((percent * BINS) / 100))]
    bin.said += percent
    bin.hits += reached[i]
    bin.count++
    squares += (percent / 100 - reached[i]) ** 2
    hits += reached[i]
  })
  const bins = sums
    .filter(({ count }) => count > 0)
    .map(({ said, hits, count }) => ({ confidence: said / count, reached: (100 * hits) / count, count }))
  const base = hits / n
  return {
    bins,
    calibrationError:
      bins.reduce((sum, bin) => sum + (bin.count * Math.abs(bin.confidence - bin.reached)) / 100, 0) / n,
    brierScore: squares / n,
    baseBrierScore: base * (1 - base),
  }
}
