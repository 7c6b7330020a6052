import { binFeatures, type Binning } from '../../src/models/binning.ts'
import type { Hyperparameters, Matrix } from '../../src/models/estimator.ts'

/** A node of a plain tree: what it compares, or how many rows it holds. */
export type PlainNode = { column: number; cut: number; left: PlainNode; right: PlainNode } | { rows: number }

/** The first tree of a boosted model, by looking at every cut of every feature of every node. */
export function plainTree(features: Matrix, target: Float64Array, base: number, h: Hyperparameters): PlainNode {
  const binning = binFeatures(features)
  const residuals = target.map((value) => base - value)
  const sum = residuals.reduce((total, value) => total + Math.abs(value), 0)
  const scale = 2 ** (41 - Math.floor(Math.log2(sum)))
  const values = residuals.map((value) => roundHalfEven(value * scale))
  const rows = Array.from({ length: features.rows }, (_, row) => row)
  return grow(binning, features, values, rows, 0, h)
}

function grow(
  binning: Binning,
  features: Matrix,
  values: Float64Array,
  rows: number[],
  depth: number,
  h: Hyperparameters,
): PlainNode {
  const total = rows.reduce((sum, row) => sum + values[row], 0)
  const least = Math.max(1, Math.ceil(h.minChildWeight))
  let best = (total * total) / (rows.length + h.lambda)
  best = best * (1 + 1e-12) + rows.length
  let found: { column: number; cut: number } | undefined
  if (depth < h.maxDepth && rows.length >= Math.max(2, 2 * h.minChildWeight)) {
    binning.columns.forEach((column, slot) => {
      const cuts = Array.from({ length: binning.bins[slot] - 1 }, (_, bin) => binning.cuts[slot * 256 + bin])
      const codes = rows.map((row) => codeOf(cuts, features.values[row * features.columns + column]))
      const seen = [...new Set(codes)].sort((a, b) => a - b)
      for (let at = 0; at + 1 < seen.length; at++) {
        const left = rows.filter((_, i) => codes[i] <= seen[at])
        const score = scoreOf(
          left.reduce((sum, row) => sum + values[row], 0),
          total,
          left.length,
          rows.length,
          h.lambda,
        )
        if (score <= best || Math.min(left.length, rows.length - left.length) < least) continue
        best = score
        found = { column, cut: cuts[(seen[at] + seen[at + 1] - 1) >> 1] }
      }
    })
  }
  if (!found) return { rows: rows.length }
  const { column, cut } = found
  const isLeft = (row: number): boolean => features.values[row * features.columns + column] < cut
  const child = (some: number[]): PlainNode => grow(binning, features, values, some, depth + 1, h)
  return { ...found, left: child(rows.filter(isLeft)), right: child(rows.filter((row) => !isLeft(row))) }
}

function codeOf(cuts: number[], value: number): number {
  return cuts.filter((cut) => value >= cut).length
}

function scoreOf(left: number, total: number, nLeft: number, n: number, lambda: number): number {
  const right = total - left
  const dLeft = nLeft + lambda
  const dRight = n + 2 * lambda - dLeft
  return (left * left * dRight + right * right * dLeft) / (dLeft * dRight)
}

function roundHalfEven(value: number): number {
  const rounded = Math.round(value)
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded
}
