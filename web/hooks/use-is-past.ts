import { useEffect, useState } from 'react'

/** Timers cannot wait for longer; nobody looks at a page for so long either. */
const LONGEST_MS = 2 ** 31 - 1

/** Whether an instant (ms) has passed, by the browser's clock; draws again when it does. */
export function useIsPast(instant: number): boolean {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setTimeout(() => setNow(Date.now()), Math.min(LONGEST_MS, Math.max(0, instant - Date.now()) + 50))
    return () => clearTimeout(timer)
  }, [instant])
  return now >= instant
}
