import { useCallback, useState, type RefCallback } from 'react'

/** Charts are drawn at least this wide, in CSS pixels. */
const NARROWEST = 200

/** Width of an element in CSS pixels, following it: charts are drawn at their own size, so that text keeps its. */
export function useWidth(): [RefCallback<HTMLElement>, number] {
  const [width, setWidth] = useState(NARROWEST)
  const follow = useCallback((element: HTMLElement | null) => {
    if (!element) return undefined
    const set = (pixels: number) => setWidth(Math.max(NARROWEST, Math.floor(pixels)))
    set(element.clientWidth)
    const observer = new ResizeObserver(([entry]) => set(entry.contentRect.width))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return [follow, width]
}
