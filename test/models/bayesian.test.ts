import { bayesian } from '../../src/models/bayesian.ts'
import { describeEstimator } from './describe-estimator.ts'
describeEstimator('BAYESIAN', bayesian, { restarts: 2 })
