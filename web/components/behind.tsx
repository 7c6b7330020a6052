import type { ReactNode } from 'react'

/** The figures behind a picture, folded in: for those who do not see it, and for those who want the digits. */
export function Behind({ what = 'The figures', children }: { what?: string; children: ReactNode }) {
  return (
    <details className="behind">
      <summary>{what} as a table</summary>
      {children}
    </details>
  )
}
