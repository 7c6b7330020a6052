/** The named parts of `path` where it fits `pattern`, as /jobs/:id; null where it does not. */
export function match(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split('/')
  const given = path.replace(/(.)\/$/, '$1').split('/')
  if (wanted.length !== given.length) return null
  const parts: Record<string, string> = {}
  for (const [at, part] of wanted.entries()) {
    if (part.startsWith(':')) parts[part.slice(1)] = decode(given[at])
    else if (part !== given[at]) return null
  }
  return parts
}

/** A part that is not well-formed stands for itself: it names nothing, and the screen will say so. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
