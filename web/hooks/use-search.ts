import { navigate, usePath, useQueryString } from '../router.tsx'

/**
 * The part of the address after the question mark as plain texts, so that what is filtered or chosen can be kept as a
 * bookmark. Setting a name to '' removes it.
 */
export function useSearch(): [URLSearchParams, (changes: Record<string, string>) => void] {
  const path = usePath()
  const search = new URLSearchParams(useQueryString())
  const change = (changes: Record<string, string>) => {
    const next = new URLSearchParams(window.location.search)
    for (const [name, value] of Object.entries(changes)) {
      if (value === '') next.delete(name)
      else next.set(name, value)
    }
    const text = next.toString()
    navigate(text ? `${path}?${text}` : path, { replace: true })
  }
  return [search, change]
}
