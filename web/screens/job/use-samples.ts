import { useEffect, useState } from 'react'
import { useClient, type Client, type CombinedError } from 'urql'
import { SampleColumnsDocument, type SampleColumnsQuery } from '../../generated/graphql.ts'
import { tableOf, type SampleTable } from './sample-table.ts'

interface State {
  /** What has come so far; null before the first answer. */
  table: SampleTable | null
  totalCount: number | null
  error: CombinedError | null
}

const NOTHING: State = { table: null, totalCount: null, error: null }

/** All samples of a job: ten thousand with one answer, more with the next ones. */
export function useSamples(id: string): State & { retry: () => void } {
  const client = useClient()
  const [state, setState] = useState(NOTHING)
  useEffect(() => load(client, id, setState), [client, id])
  return { ...state, retry: () => void load(client, id, setState) }
}

/** Read on until everything is here. @returns to be called when nobody wants it any more */
function load(client: Client, id: string, show: (state: State) => void): () => void {
  let isWanted = true
  const read = async () => {
    const answers: SampleColumnsQuery['sampleColumns'][] = []
    for (let from = 0; ;) {
      const { data, error } = await client.query(SampleColumnsDocument, { id, from }, { requestPolicy: 'network-only' })
      if (!isWanted) return
      if (!data) return show({ ...NOTHING, error: error ?? null })
      answers.push(data.sampleColumns)
      const { count, totalCount } = data.sampleColumns
      from += count
      show({ table: tableOf(answers), totalCount, error: null })
      if (count === 0 || from >= totalCount) return
    }
  }
  void read()
  return () => {
    isWanted = false
  }
}
