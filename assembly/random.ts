/**
 * Seeded random numbers: xoshiro128**, the same streams as `Random` in src/engine/random.ts, draw by draw.
 *
 * The state is a global of the instance: a kernel that draws calls `seedRandom` first and keeps nothing for the next.
 */
let a: u32 = 1, b: u32 = 2, c: u32 = 3, d: u32 = 4;

/** @param seed, stream any integers, as in `new Random(seed, stream)` */
export function seedRandom(seed: u32, stream: u32): void {
  let state = seed * 0x9e3779b1 ^ (stream + 0x7f4a7c15) * 0x85ebca6b;
  state += 0x9e3779b9; a = mix(state);
  state += 0x9e3779b9; b = mix(state);
  state += 0x9e3779b9; c = mix(state);
  state += 0x9e3779b9; d = mix(state) | 1; // never all zero
}

/** @returns uniform, 0 … 2³² − 1 */
export function randomBits(): u32 {
  const result = rotl<u32>(b * 5, 7) * 9;
  const shifted = b << 9;
  c ^= a;
  d ^= b;
  b ^= c;
  a ^= d;
  c ^= shifted;
  d = rotl<u32>(d, 11);
  return result;
}

/** @returns uniform in [0, 1) with 53 random bits */
export function randomFloat(): f64 {
  const high = <f64>(randomBits() >>> 5);
  return (high * 67108864.0 + <f64>(randomBits() >>> 6)) / 9007199254740992.0;
}

/** @returns uniform, 0 … n − 1, without modulo bias; n ≥ 1 */
export function randomBelow(n: u32): u32 {
  const excess = (<u32>0 - n) % n; // 2³² mod n
  let draw = randomBits();
  while (draw > u32.MAX_VALUE - excess) draw = randomBits();
  return draw % n;
}

// @ts-ignore: decorator
@inline
function mix(state: u32): u32 {
  let z = state;
  z = (z ^ (z >>> 16)) * 0x85ebca6b;
  z = (z ^ (z >>> 13)) * 0xc2b2ae35;
  return z ^ (z >>> 16);
}
