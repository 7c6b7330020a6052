import type { Engine } from '../engine/pool.ts'
import { engineVersion } from '../engine/wasm.ts'
import type { Evaluator } from './evaluator.ts'

/** What a result was made of, beside the settings of its job: equal candles and kernels give equal bits. */
export interface Provenance {
  /** SHA-256 over the candles of both periods and of the warm-up before them */
  dataHash: string
  /** of the compute kernels */
  engineVersion: string
  candles: number
}

const TASK = new URL('../backtest/fingerprint-task.ts', import.meta.url).href

export async function provenanceOf(engine: Engine, { candles }: Evaluator, signal: AbortSignal): Promise<Provenance> {
  const { zones: _, ...data } = candles
  const dataHash = await engine.call<string>({ module: TASK, name: 'hashCandles', data }, signal)
  return { dataHash, engineVersion: engineVersion(), candles: candles.openTime.length }
}
