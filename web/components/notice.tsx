import { createContext, useCallback, useContext, useEffect, useState, type ReactNode } from 'react'
import { usePath } from '../router.tsx'

interface Notice {
  tone: 'good' | 'bad'
  text: string
  /** Where it came up. */
  path: string
}

type Notify = (tone: Notice['tone'], text: string) => void

const Context = createContext<Notify>(() => {})

/** Say what an action did, or why it did not, above whatever is shown. */
export function useNotify(): Notify {
  return useContext(Context)
}

const GOOD_NEWS_MS = 6000

/**
 * Around everything that notifies; the notice itself is a live region at the bottom of the window. Good news follows
 * to the next screen and leaves by itself; bad news stays until it is dismissed or its screen is left.
 */
export function NoticeArea({ children }: { children: ReactNode }) {
  const [notice, setNotice] = useState<Notice | null>(null)
  const path = usePath()
  const notify = useCallback<Notify>((tone, text) => setNotice({ tone, text, path: window.location.pathname }), [])
  useEffect(() => {
    if (notice?.tone !== 'good') return undefined
    const timer = setTimeout(() => setNotice(null), GOOD_NEWS_MS)
    return () => clearTimeout(timer)
  }, [notice])
  const isCurrent = notice?.tone === 'good' || notice?.path === path
  return (
    <Context value={notify}>
      {children}
      <div className="notice-area" role="status" aria-live="polite">
        {notice && isCurrent && (
          <div className={`notice ${notice.tone}`}>
            <p>{notice.text}</p>
            <button type="button" className="plain" aria-label="Dismiss" onClick={() => setNotice(null)}>
              ✕
            </button>
          </div>
        )}
      </div>
    </Context>
  )
}
