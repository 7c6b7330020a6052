import type { CriterionLineFragment, JobHeadFragment } from '../../generated/graphql.ts'

/** Parts of the answer that have no fragment of their own. */
export type JobError = NonNullable<JobHeadFragment['error']>
export type Readiness = NonNullable<JobHeadFragment['readiness']>
export type Criterion = CriterionLineFragment
