/** float64, little-endian: parameters, then metrics. */
export function pack(parameters: Float64Array, metrics: Float64Array): Uint8Array {
  const all = new Float64Array(parameters.length + metrics.length)
  all.set(parameters)
  all.set(metrics, parameters.length)
  return new Uint8Array(all.buffer)
}

export function unpack(packed: Uint8Array): Float64Array {
  return new Float64Array(packed.slice().buffer) // a copy: a driver's bytes need not be aligned
}
