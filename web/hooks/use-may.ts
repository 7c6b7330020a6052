import { useQuery } from 'urql'
import { ViewerDocument, type Role } from '../generated/graphql.ts'

/**
 * Whether the viewer may do what asks for one of these roles, by the server's own word. Until that is known, yes: the
 * server decides anyway, and nothing flickers.
 */
export function useMay(...roles: readonly Role[]): boolean {
  const [{ data }] = useQuery({ query: ViewerDocument, requestPolicy: 'cache-first' })
  return data ? roles.some((role) => data.viewer.may.includes(role)) : true
}
