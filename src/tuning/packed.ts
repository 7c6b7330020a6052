/** Numbers as bytes, little-endian; a copy. */
export function pack(values: Float64Array | Int32Array): Uint8Array {
  return new Uint8Array(values.slice().buffer)
}

export function unpack(packed: Uint8Array): Float64Array {
  return new Float64Array(packed.slice().buffer) // a copy: a driver's bytes need not be aligned
}
