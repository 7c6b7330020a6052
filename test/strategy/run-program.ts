import { INSTRUCTION_WORDS, Operation, type StrategyProgram } from '../../src/engine/program.ts'

/** What one sample gives a program to read. */
export interface Inputs {
  constants: ArrayLike<number>
  parameters: ArrayLike<number>
  /** by slot, one value per bar */
  columns: ArrayLike<number>[]
}

const BINARY: Record<number, (left: number, right: number) => number> = {
  [Operation.ADD]: (left, right) => left + right,
  [Operation.SUBTRACT]: (left, right) => left - right,
  [Operation.MULTIPLY]: (left, right) => left * right,
  [Operation.DIVIDE]: (left, right) => left / right,
  [Operation.LESS]: (left, right) => Number(left < right),
  [Operation.LESS_EQUAL]: (left, right) => Number(left <= right),
  [Operation.GREATER]: (left, right) => Number(left > right),
  [Operation.GREATER_EQUAL]: (left, right) => Number(left >= right),
  [Operation.EQUAL]: (left, right) => Number(left === right),
  [Operation.NOT_EQUAL]: (left, right) => Number(left < right) + Number(left > right),
  [Operation.AND]: (left, right) => left & right,
  [Operation.OR]: (left, right) => left | right,
}

/** The slow twin of the kernel's signal pass: one postfix program at one bar. An empty program never fires. */
export function firesAt(code: StrategyProgram['signals']['enterLong'], inputs: Inputs, bar: number): boolean {
  const stack: number[] = []
  for (let at = 0; at < code.length; at += INSTRUCTION_WORDS) {
    const [operation, operand, offset] = code.subarray(at, at + INSTRUCTION_WORDS)
    if (operation === Operation.CONSTANT) stack.push(inputs.constants[operand])
    else if (operation === Operation.PARAMETER) stack.push(inputs.parameters[operand])
    else if (operation === Operation.COLUMN) stack.push(inputs.columns[operand][bar - offset] ?? NaN)
    else {
      const right = stack.pop()!
      const left = stack.pop()!
      stack.push(BINARY[operation](left, right))
    }
  }
  if (stack.length > 1) throw new Error(`${stack.length} values are left on the stack.`)
  return stack[0] === 1
}
