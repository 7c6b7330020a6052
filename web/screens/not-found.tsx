import type { ReactNode } from 'react'
import { Page } from '../components/page.tsx'

/** Nothing has this address: deleted meanwhile, or mistyped. */
export function NotFound({ what, back }: { what: string; back: ReactNode }) {
  return (
    <Page title={`There is no such ${what}`}>
      <p>It may have been deleted, or the address is not complete.</p>
      <p>{back}</p>
    </Page>
  )
}
