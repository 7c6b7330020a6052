import { expect, test } from 'vitest'
import { gates, type GateEvidence } from '../../src/evidence/gates.ts'

const good: GateEvidence = {
  deflatedSharpeRatio: 0.97,
  probabilityOfOverfitting: 0.1,
  placeboPercentile: 1,
  walkForwardProfitableShare: 0.8,
  outOfSampleTrades: 120,
}

test('all five pass with good evidence', () => {
  expect(gates(good)).toHaveLength(5)
  expect(gates(good).every(({ passed }) => passed)).toBe(true)
})

test('none of the five passes, or is left out, where nothing was tested', () => {
  const untested = gates({})
  expect(untested.map(({ name }) => name)).toEqual(Object.keys(good))
  expect(untested.every(({ passed, value }) => !passed && value === null)).toBe(true)
  expect(untested.every(({ description }) => description.endsWith('Not tested: switched off.'))).toBe(true)
})

test('what was tested but is not defined does not pass, and is not called untested', () => {
  const [gate] = gates({ ...good, deflatedSharpeRatio: null })
  expect(gate.passed).toBe(false)
  expect(gate.description).not.toMatch(/Not tested/)
})

test('a value on the threshold passes, one on the wrong side does not', () => {
  const of = (name: keyof GateEvidence, value: number) => gates({ [name]: value }).find((gate) => gate.name === name)!
  for (const { name, threshold } of gates({ ...good, plateauScore: 1, probabilityOfLoss: 1 })) {
    const worse = ['probabilityOfOverfitting', 'probabilityOfLoss'].includes(name) ? 1e-6 : -1e-6
    expect(of(name as keyof GateEvidence, threshold).passed).toBe(true)
    expect(of(name as keyof GateEvidence, threshold + worse).passed).toBe(false)
  }
})

test('further questions stand in the list once they were asked', () => {
  const asked = gates({ ...good, superiorPredictiveAbility: 0.2, roiAtDoubleCosts: null, plateauScore: undefined })
  expect(asked.slice(5)).toMatchObject([
    { name: 'superiorPredictiveAbility', value: 0.2, passed: false },
    { name: 'roiAtDoubleCosts', value: null, passed: false },
  ])
  expect(asked).toHaveLength(7)
})
