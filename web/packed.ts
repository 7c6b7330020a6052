/** float64 values as the API packs them: little-endian, base64. All browsers run on little-endian machines. */
export function pack(values: Float64Array<ArrayBuffer>): string {
  return btoa(Array.from(new Uint8Array(values.buffer), (byte) => String.fromCharCode(byte)).join(''))
}

export function unpack(text: string): Float64Array {
  const characters = atob(text)
  const bytes = new Uint8Array(characters.length)
  for (let at = 0; at < bytes.length; at++) bytes[at] = characters.charCodeAt(at)
  return new Float64Array(bytes.buffer)
}
