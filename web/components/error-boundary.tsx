import { Component, type ReactNode } from 'react'

interface Props {
  /** Where we are: another place gets another chance. */
  place: string
  children: ReactNode
}

/** A screen that breaks says so and leaves the rest standing. The browser's console has the details. */
export class ErrorBoundary extends Component<Props, { brokenAt: string | null }> {
  override state = { brokenAt: null }

  override componentDidCatch(): void {
    this.setState({ brokenAt: this.props.place })
  }

  static getDerivedStateFromError(): { brokenAt: string } {
    return { brokenAt: '' }
  }

  override render(): ReactNode {
    const { place, children } = this.props
    if (this.state.brokenAt === null) return children
    if (this.state.brokenAt !== '' && this.state.brokenAt !== place) return children
    return (
      <div className="message bad" role="alert">
        <p>This screen broke: a fault of the dashboard. Nothing that is stored is lost.</p>
        <button type="button" onClick={() => window.location.reload()}>
          Load it again
        </button>
      </div>
    )
  }
}
