import { useEffect, useState, type RefCallback } from 'react'

/** Width of an element in CSS pixels, following it: charts are drawn at their own size, so that text keeps its. */
export function useWidth(initial = 640): [RefCallback<HTMLElement>, number] {
  const [element, setElement] = useState<HTMLElement | null>(null)
  const [width, setWidth] = useState(initial)
  useEffect(() => {
    if (!element) return undefined
    const observer = new ResizeObserver(([entry]) => setWidth(Math.max(200, Math.floor(entry.contentRect.width))))
    observer.observe(element)
    return () => observer.disconnect()
  }, [element])
  return [setElement, width]
}
