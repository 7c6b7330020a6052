import { describe, expect, test } from 'vitest'
import { matrixOf, rowOf } from '../../src/models/matrix.ts'
import { meanDistance, meanOverNeighbours, nearestNeighbours, nearestOthers } from '../../src/models/neighbours.ts'
import { noise } from './surfaces.ts'

describe('nearest neighbours', () => {
  test('are those that sorting all distances gives', () => {
    const points = noise(50, 1).x
    const queries = noise(20, 2).x
    const { index, distance } = nearestNeighbours(points, queries, 7)
    for (let query = 0; query < 20; query++) {
      const distances = Array.from({ length: 50 }, (_, point) =>
        Math.sqrt(
          rowOf(points, point).reduce((sum, value, column) => sum + (value - rowOf(queries, query)[column]) ** 2, 0),
        ),
      )
      const sorted = [...distances.keys()].sort((a, b) => distances[a] - distances[b]).slice(0, 7)
      expect([...index.subarray(query * 7, query * 7 + 7)]).toEqual(sorted)
      expect([...distance.subarray(query * 7, query * 7 + 7)]).toEqual(sorted.map((point) => distances[point]))
    }
  })

  test('of a point do not include the point itself, but an equal one', () => {
    const { index, distance } = nearestOthers(matrixOf([[0], [0], [1], [5]]), 2)
    expect([...index]).toEqual([1, 2, 0, 2, 0, 1, 2, 0])
    expect([...distance]).toEqual([0, 1, 0, 1, 1, 1, 4, 5])
  })

  test('are the same bits for any number of points, columns and queries', () => {
    for (const [points, columns, queries, k] of [
      [3, 1, 5, 3],
      [9, 2, 4097, 1],
      [511, 5, 40, 32],
      [513, 7, 40, 20],
      [1600, 3, 9, 40],
    ]) {
      const [x, y] = [points, queries].map((rows, seed) => ({ rows, columns, values: noise(rows * columns, seed).y }))
      const { index, distance } = nearestNeighbours(x, y, k)
      for (let query = 0; query < queries; query += Math.ceil(queries / 20)) {
        const squares = Array.from({ length: points }, (_, point) => {
          let sum = 0
          for (let c = 0; c < columns; c++) {
            const d = x.values[point * columns + c] - y.values[query * columns + c]
            sum += d * d
          }
          return sum
        })
        const sorted = [...squares.keys()].sort((a, b) => squares[a] - squares[b] || a - b).slice(0, k)
        expect([...index.subarray(query * k, query * k + k)]).toEqual(sorted)
        expect([...distance.subarray(query * k, query * k + k)]).toEqual(sorted.map((at) => Math.sqrt(squares[at])))
      }
    }
  })

  test('take the first of equally near points', () => {
    expect([...nearestNeighbours(matrixOf([[1], [-1], [1]]), matrixOf([[0]]), 2).index]).toEqual([0, 1])
  })

  test('are averaged by distance and by value', () => {
    const neighbours = nearestNeighbours(matrixOf([[1], [2], [9]]), matrixOf([[0]]), 2)
    expect([...meanDistance(neighbours)]).toEqual([1.5])
    expect([...meanDistance(neighbours, 1)]).toEqual([1])
    expect([...meanOverNeighbours(neighbours, [10, 20, 90])]).toEqual([15])
  })
})
