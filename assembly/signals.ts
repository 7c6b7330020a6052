/**
 * From a strategy's postfix programs to one byte of signals per bar. A program runs block by block, so that the
 * stack of intermediate values stays in the cache; each operation is one SIMD pass over the block.
 */

export const ENTER_LONG: u8 = 1;
export const EXIT_LONG: u8 = 2;
export const ENTER_SHORT: u8 = 4;
export const EXIT_SHORT: u8 = 8;

const BLOCK: i32 = 512;
const BLOCK_BYTES: usize = 4096;

/** Operations of src/engine/program.ts. */
const CONSTANT = 0, PARAMETER = 1, COLUMN = 2, ADD = 3, SUBTRACT = 4, MULTIPLY = 5, DIVIDE = 6,
  LESS = 7, LESS_EQUAL = 8, GREATER = 9, GREATER_EQUAL = 10, EQUAL = 11, NOT_EQUAL = 12, AND = 13;

/** One program and what its operands refer to. */
@unmanaged
export class Program {
  /** i32[words], three words an instruction: operation, operand, bars back */
  code: usize;
  words: i32;
  /** f64 each */
  constants: usize;
  parameters: usize;
  /** i32[slots] → index into columns; i32[columns] → byte offset of f64[bars] */
  slots: usize;
  columns: usize;
  /** scratch: 4 KiB for each value on the stack, and behind them an i32 for each */
  stack: usize;
  stackDepth: i32;
}

/**
 * Set `flag` in `flags[bar]` for each bar in [from, to) where the program is true.
 *
 * @param flags u8, indexed by bar; other bits are kept
 * @param from  at least the largest `bars back` of the program
 */
export function markSignals(program: Program, flag: u8, flags: usize, from: i32, to: i32): void {
  for (let bar = from; bar < to; bar += BLOCK) {
    const truth = evaluate(program, bar);
    const count = min(BLOCK, to - bar);
    for (let i = 0; i < count; i++) {
      const at = flags + <usize>(bar + i);
      const hit: u8 = load<f64>(truth + (<usize>i << 3)) != 0 ? flag : 0;
      store<u8>(at, load<u8>(at) | hit);
    }
  }
}

/** @returns where the block's f64[512] results stand: on the stack, or in a column itself */
export function evaluate(program: Program, bar: i32): usize {
  const places = program.stack + BLOCK_BYTES * <usize>program.stackDepth; // i32[depth]: where each value stands
  let depth: usize = 0;
  const end = program.code + (<usize>program.words << 2);
  for (let at = program.code; at < end; at += 12) {
    const operation = load<i32>(at), operand = <usize>load<i32>(at, 4);
    if (operation <= COLUMN) {
      const own = program.stack + BLOCK_BYTES * depth;
      let place = own;
      if (operation == CONSTANT) fill(own, load<f64>(program.constants + (operand << 3)));
      else if (operation == PARAMETER) fill(own, load<f64>(program.parameters + (operand << 3)));
      else {
        const index = <usize>load<i32>(program.slots + (operand << 2));
        place = <usize>load<i32>(program.columns + (index << 2)) + (<usize>(bar - load<i32>(at, 8)) << 3);
      }
      store<i32>(places + (depth << 2), <i32>place);
      depth++;
    } else {
      depth--;
      const left = <usize>load<i32>(places + ((depth - 1) << 2)), right = <usize>load<i32>(places + (depth << 2));
      const out = program.stack + BLOCK_BYTES * (depth - 1);
      apply(operation, left, right, out);
      store<i32>(places + ((depth - 1) << 2), <i32>out);
    }
  }
  return <usize>load<i32>(places);
}

function fill(out: usize, value: f64): void {
  const pair = f64x2.splat(value);
  for (let i: usize = 0; i < BLOCK_BYTES; i += 16) v128.store(out + i, pair);
}

function apply(operation: i32, left: usize, right: usize, out: usize): void {
  switch (operation) {
    case ADD:
      for (let i: usize = 0; i < BLOCK_BYTES; i += 16) v128.store(out + i, f64x2.add(v128.load(left + i), v128.load(right + i)));
      return;
    case SUBTRACT:
      for (let i: usize = 0; i < BLOCK_BYTES; i += 16) v128.store(out + i, f64x2.sub(v128.load(left + i), v128.load(right + i)));
      return;
    case MULTIPLY:
      for (let i: usize = 0; i < BLOCK_BYTES; i += 16) v128.store(out + i, f64x2.mul(v128.load(left + i), v128.load(right + i)));
      return;
    case DIVIDE:
      for (let i: usize = 0; i < BLOCK_BYTES; i += 16) v128.store(out + i, f64x2.div(v128.load(left + i), v128.load(right + i)));
      return;
    case LESS:
      for (let i: usize = 0; i < BLOCK_BYTES; i += 16) v128.store(out + i, truth(f64x2.lt(v128.load(left + i), v128.load(right + i))));
      return;
    case LESS_EQUAL:
      for (let i: usize = 0; i < BLOCK_BYTES; i += 16) v128.store(out + i, truth(f64x2.le(v128.load(left + i), v128.load(right + i))));
      return;
    case GREATER:
      for (let i: usize = 0; i < BLOCK_BYTES; i += 16) v128.store(out + i, truth(f64x2.gt(v128.load(left + i), v128.load(right + i))));
      return;
    case GREATER_EQUAL:
      for (let i: usize = 0; i < BLOCK_BYTES; i += 16) v128.store(out + i, truth(f64x2.ge(v128.load(left + i), v128.load(right + i))));
      return;
    case EQUAL:
      for (let i: usize = 0; i < BLOCK_BYTES; i += 16) v128.store(out + i, truth(f64x2.eq(v128.load(left + i), v128.load(right + i))));
      return;
    case NOT_EQUAL: // less or greater: an undefined value is neither
      for (let i: usize = 0; i < BLOCK_BYTES; i += 16) {
        const a = v128.load(left + i), b = v128.load(right + i);
        v128.store(out + i, truth(v128.or(f64x2.lt(a, b), f64x2.gt(a, b))));
      }
      return;
    case AND: // truth values are 1 and 0: their bits may be combined
      for (let i: usize = 0; i < BLOCK_BYTES; i += 16) v128.store(out + i, v128.and(v128.load(left + i), v128.load(right + i)));
      return;
    default: // OR
      for (let i: usize = 0; i < BLOCK_BYTES; i += 16) v128.store(out + i, v128.or(v128.load(left + i), v128.load(right + i)));
  }
}

// @ts-ignore: decorator
@inline
function truth(mask: v128): v128 {
  return v128.and(mask, f64x2.splat(1.0));
}
