import { randomUUID } from 'node:crypto'

/** What has an id, by the prefix of the id: `job_0f3a…` is a TuningJob everywhere, in SQL, GraphQL and on the command line. */
export const ID_PREFIXES = {
  market: 'Market',
  strategy: 'Strategy',
  job: 'TuningJob',
  replay: 'Replay',
  sample: 'Sample',
  model: 'Model',
  prediction: 'Prediction',
  token: 'ApiToken',
  audit: 'AuditEntry',
  playbook: 'Playbook',
  optimizer: 'PlaybookModel',
  version: 'PlaybookVersion',
  review: 'PlaybookReview',
  recommendation: 'Recommendation',
  trade: 'Trade',
} as const

export type IdPrefix = keyof typeof ID_PREFIXES

export function newId(prefix: IdPrefix): string {
  return `${prefix}_${randomUUID().replaceAll('-', '')}`
}

/** The GraphQL type that an id belongs to; undefined for what is not an id of ours. */
export function typeOfId(id: string): string | undefined {
  const prefix = id.slice(0, Math.max(0, id.indexOf('_')))
  return Object.hasOwn(ID_PREFIXES, prefix) ? ID_PREFIXES[prefix as IdPrefix] : undefined
}
