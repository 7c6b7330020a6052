import { useEffect } from 'react'
import type { ScatterPoint } from '../../charts/scatter.tsx'
import { JobFitSamplesDocument, type JobFitSamplesQuery } from '../../generated/graphql.ts'
import { usePages } from '../../hooks/use-pages.ts'

/** Beyond this many points a scatter plot shows no more, and loads for long. */
export const MAX_POINTS = 1000

/** The learned samples of a job as points, page after page, up to MAX_POINTS. */
export function useFitPoints(id: string) {
  const pages = usePages(JobFitSamplesDocument, { id }, samplesOf)
  const { nodes, hasMore, loading, error, totalCount, more } = pages
  const wantsMore = hasMore && !loading && !error && nodes.length < MAX_POINTS
  useEffect(() => {
    if (wantsMore) more()
  })
  const points = nodes.flatMap(({ id, index, split, predicted, objective }): ScatterPoint[] =>
    predicted === null || objective === null ? [] : [{ id, index, split, predicted, actual: objective }],
  )
  return { points, total: totalCount, loading: loading || wantsMore, error }
}

function samplesOf(data: JobFitSamplesQuery) {
  return data.tuningJob?.samples
}
