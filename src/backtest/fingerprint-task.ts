import type { Candles } from '../engine/candles.ts'
import { Fingerprint } from './fingerprint.ts'

/** SHA-256 over all candles, in a compute thread. @param candles views of shared memory are not copied */
export function hashCandles(candles: Candles): string {
  return new Fingerprint().addCandles(candles).digest()
}
