import type { ReactNode } from 'react'
import type { Role } from '../generated/graphql.ts'
import { useMay } from '../hooks/use-may.ts'

interface Props {
  role: Role | readonly Role[]
  /** What the others see: why not, and who can. Nothing where it would only be in the way. */
  instead?: ReactNode
  children: ReactNode
}

/** Shown to whoever may do what asks for the role, or for one of them. */
export function Allowed({ role, instead = null, children }: Props) {
  return useMay(...[role].flat()) ? children : instead
}
