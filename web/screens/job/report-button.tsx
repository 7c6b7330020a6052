import { useState } from 'react'
import { useClient } from 'urql'
import { useNotify } from '../../components/notice.tsx'
import { failureOf } from '../../failure.ts'
import { JobReportDocument } from '../../generated/graphql.ts'

/** Hands the whole result over as a Markdown file. */
export function ReportButton({ id, name }: { id: string; name: string }) {
  const client = useClient()
  const notify = useNotify()
  const [busy, setBusy] = useState(false)
  const download = async () => {
    setBusy(true)
    const { data, error } = await client.query(JobReportDocument, { id }, { requestPolicy: 'network-only' })
    setBusy(false)
    if (error) return notify('bad', failureOf(error).message)
    if (data?.tuningJob) save(`${fileNameOf(name)}.md`, data.tuningJob.report)
  }
  return (
    <button type="button" disabled={busy} onClick={() => void download()}>
      {busy ? 'Writing …' : 'Report'}
    </button>
  )
}

/** "RSI on BTC/USDT" is rsi-on-btc-usdt. */
function fileNameOf(name: string): string {
  return (
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-+|-+$/g, '') || 'report'
  )
}

function save(fileName: string, text: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/markdown' }))
  link.download = fileName
  link.click()
  URL.revokeObjectURL(link.href)
}
