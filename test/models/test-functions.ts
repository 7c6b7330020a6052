/** Functions to be maximised over the unit cube, and the best that there is. */
export interface TestFunction {
  name: string
  levels: readonly number[]
  best: number
  /** NaN where it is not feasible */
  at: (u: Float64Array) => number
}

const branin: TestFunction = {
  name: 'Branin',
  levels: [0, 0],
  best: -0.397887,
  at([u, v]) {
    const x = 15 * u - 5
    const y = 15 * v
    const valley = y - (5.1 / (4 * Math.PI ** 2)) * x * x + (5 / Math.PI) * x - 6
    return -(valley * valley + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10)
  },
}

const HEIGHTS = [1, 1.2, 3, 3.2]
const STEEPNESS = [
  [10, 3, 17, 3.5, 1.7, 8],
  [0.05, 10, 17, 0.1, 8, 14],
  [3, 3.5, 1.7, 10, 17, 8],
  [17, 8, 0.05, 10, 0.1, 14],
]
const PEAKS = [
  [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
  [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
  [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.665],
  [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
]

const hartmann6: TestFunction = {
  name: 'Hartmann 6',
  levels: [0, 0, 0, 0, 0, 0],
  best: 3.32237,
  at: (u) =>
    HEIGHTS.reduce((sum, height, peak) => {
      const square = u.reduce((total, x, j) => total + STEEPNESS[peak][j] * (x - PEAKS[peak][j]) ** 2, 0)
      return sum + height * Math.exp(-square)
    }, 0),
}

/** As a strategy's outcome: whole-numbered parameters, a plateau of nothing, a cliff, ripples, a corner that fails. */
const plateau: TestFunction = {
  name: 'rough plateau',
  levels: [40, 30, 25, 0, 0],
  best: 1.97334,
  at([low, adx, volume, stop, target]) {
    if (low + adx > 1.7) return NaN
    if (volume > 0.75 || low < 0.15) return 0
    const hill = 1.5 * Math.exp(-12 * (low - 0.62) ** 2 - 8 * (adx - 0.3) ** 2 - 6 * (volume - 0.35) ** 2)
    const cliff = stop < 0.2 ? -0.8 : 0.3 * (1 - stop)
    const reward = Math.exp(-10 * (target - 0.4 - 0.3 * stop) ** 2)
    return (
      hill * (0.4 + 0.6 * reward) + cliff + 0.2 * reward + 0.08 * Math.sin(23 * low + 17 * target) * Math.sin(19 * adx)
    )
  },
}

export const TEST_FUNCTIONS: readonly TestFunction[] = [branin, hartmann6, plateau]
