import { useEffect, useRef, type ReactNode } from 'react'
import { hasMoved } from '../router.tsx'

interface Props {
  title: string
  /** In the browser's tab, where it differs. */
  tab?: string
  /** Stands above the title: where this belongs. */
  above?: ReactNode
  actions?: ReactNode
  children: ReactNode
}

/** A screen: its title in the tab and as heading, which gets the focus so that a screen reader says where we are. */
export function Page({ title, tab = title, above, actions, children }: Props) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    if (!hasMoved()) return // the first page leaves the focus where the browser put it
    window.scrollTo(0, 0)
    heading.current?.focus({ preventScroll: true })
  }, [])
  useEffect(() => {
    document.title = `${tab} · Tunebook`
  }, [tab])
  return (
    <>
      <header className="page-head">
        <div className="page-title">
          {above && <p className="above">{above}</p>}
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
        </div>
        {actions && <div className="actions">{actions}</div>}
      </header>
      {children}
    </>
  )
}

/** A part of a screen with a heading of its own. */
export function Section({ title, lead, aside, children }: Omit<Props, 'title' | 'above' | 'actions'> & SectionProps) {
  return (
    <section className="section">
      <header className="section-head">
        <div>
          <h2>{title}</h2>
          {lead && <p className="lead">{lead}</p>}
        </div>
        {aside}
      </header>
      {children}
    </section>
  )
}

interface SectionProps {
  title: ReactNode
  /** What one sees here, in a sentence. */
  lead?: ReactNode
  aside?: ReactNode
}
