import { bayesian } from '../../src/models/bayesian.ts'
import type { Estimator } from '../../src/models/estimator.ts'
import { gradientBoosting } from '../../src/models/gradient-boosting.ts'
import { neuralNetwork } from '../../src/models/neural-network.ts'
import { randomForest } from '../../src/models/random-forest.ts'
import { supportVector } from '../../src/models/support-vector.ts'

/** What both sides learn, with the same settings as far as they have the same. */
export interface Contest {
  name: string
  estimator: Estimator
  ours: Record<string, number>
  /** options of the peers beside ours */
  theirs?: Record<string, number>
  /** the fastest of them counts */
  peers: string[]
  rows: number[]
  /** so many seeds, where a peer takes long */
  seeds?: Partial<Record<number, number>>
  goals: Goals
}

export interface Goals {
  /** times as fast as the fastest peer, by training rows */
  fit?: Partial<Record<number, number>>
  /** times as fast, 10,000 rows */
  predict?: number
  /** our own time of one fit, by training rows */
  fitMs?: Partial<Record<number, number>>
  /** R² that we may be below the peer that is fastest */
  r2?: number
}

const SIZES = [200, 1000, 5000]
const ROUNDS = { nEstimators: 200, lambda: 1, learningRate: 0.1, subsample: 1, columnSample: 1, minChildWeight: 1 }
const DEEP = { ...ROUNDS, maxDepth: 6 }
const SAMPLED = { ...ROUNDS, maxDepth: 4, learningRate: 0.05, subsample: 0.7, columnSample: 0.7, minChildWeight: 5 }
const XGBOOST = ['xgboost hist', 'xgboost exact']
const TREES = { nEstimators: 100, minNumSamples: 1 }
const NETWORK = { alpha: 1, batchSize: 200, epochs: 200 }
const CLOSE = 0.006

export const CONTESTS: Contest[] = [
  {
    name: 'boosting, 200 trees of depth 6',
    estimator: gradientBoosting,
    ours: DEEP,
    peers: XGBOOST,
    rows: SIZES,
    goals: { fit: { 200: 5, 1000: 7.5, 5000: 4 }, predict: 6, r2: CLOSE },
  },
  {
    name: 'boosting, 200 trees of depth 4, rows and columns sampled',
    estimator: gradientBoosting,
    ours: SAMPLED,
    peers: XGBOOST,
    rows: SIZES,
    goals: { predict: 6, r2: CLOSE },
  },
  { name: 'boosting, our defaults', estimator: gradientBoosting, ours: {}, peers: [], rows: SIZES, goals: {} },
  {
    name: 'forest, 100 trees',
    estimator: randomForest,
    ours: TREES,
    peers: ['scikit-learn RandomForest'],
    rows: SIZES,
    seeds: { 5000: 2 },
    goals: { fit: { 200: 7, 1000: 7, 5000: 7 }, r2: CLOSE },
  },
  {
    name: 'extra trees, 100 trees',
    estimator: randomForest,
    ours: { ...TREES, extraTrees: 1, bootstrap: 0 },
    peers: ['scikit-learn ExtraTrees'],
    rows: SIZES,
    seeds: { 5000: 2 },
    goals: { r2: CLOSE },
  },
  {
    name: 'forest, 100 trees, as ml-random-forest does',
    estimator: randomForest,
    ours: {},
    peers: ['ml-random-forest'],
    rows: [200],
    seeds: { 200: 1 },
    goals: { fit: { 200: 90 } },
  },
  {
    name: 'neural network, 64 and 32 units, 200 epochs',
    estimator: neuralNetwork,
    ours: NETWORK,
    theirs: NETWORK,
    peers: ['NEURAL_NETWORK'],
    rows: SIZES,
    goals: { fit: { 200: 2, 1000: 2, 5000: 2 }, r2: CLOSE },
  },
  {
    name: 'support vectors, C = 1',
    estimator: supportVector,
    ours: { c: 1, gamma: 1 },
    peers: ['SVR'],
    rows: SIZES,
    goals: { fit: { 200: 1, 1000: 1, 5000: 1 }, r2: CLOSE },
  },
  {
    name: 'support vectors, C = 10',
    estimator: supportVector,
    ours: { c: 10, gamma: 1 },
    peers: ['SVR'],
    rows: [200, 1000],
    goals: { fit: { 200: 1, 1000: 1 }, r2: CLOSE },
  },
  {
    name: 'Gaussian process, our defaults',
    estimator: bayesian,
    ours: {},
    theirs: { restarts: 1 },
    peers: ['BAYESIAN'],
    rows: [200, 1000],
    seeds: { 200: 6, 1000: 1 },
    goals: { fitMs: { 1000: 3000 }, r2: 0.01 },
  },
]
