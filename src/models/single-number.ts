/**
 * The shortest decimal that is read back as the same 32-bit number, always with a point or an exponent: XGBoost takes
 * "0" for an integer and refuses it among floats, and silently ignores a base score of more than about nine digits.
 */
export function singleDecimal(value: number): string {
  const single = Math.fround(value)
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(single.toPrecision(digits))
    if (Math.fround(short) === single) return withPoint(short)
  }
  return withPoint(Number(single.toPrecision(9)))
}

function withPoint(value: number): string {
  const text = String(value)
  return /[.e]/.test(text) ? text : `${text}.0`
}

const bits = new Int32Array(1)
const number = new Float32Array(bits.buffer)

/**
 * The smallest 32-bit number that is not below `threshold`: for every 32-bit x, x < singleThreshold(t) is what x < t is.
 */
export function singleThreshold(threshold: number): number {
  number[0] = threshold
  if (number[0] >= threshold) return number[0]
  if (number[0] > 0) bits[0]++
  else if (number[0] < 0) bits[0]--
  else bits[0] = 1
  return number[0]
}
