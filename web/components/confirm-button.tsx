import { useRef, useState, type ReactNode } from 'react'

interface Props {
  children: ReactNode
  /** What is asked: "Delete 3 jobs?" */
  question: string
  /** What will happen, and what cannot be undone. */
  consequence: ReactNode
  /** The word on the button that does it. */
  act: string
  onConfirm: () => Promise<unknown> | void
  disabled?: boolean
  danger?: boolean
}

/** A button that asks before it acts. The dialog is the browser's own: it keeps the focus and Escape leaves it. */
export function ConfirmButton({ children, question, consequence, act, onConfirm, disabled, danger }: Props) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [busy, setBusy] = useState(false)
  const confirm = async () => {
    setBusy(true)
    await onConfirm()
    setBusy(false)
    dialog.current?.close()
  }
  return (
    <>
      <button
        type="button"
        className={danger ? 'danger' : ''}
        disabled={disabled ?? false}
        onClick={() => dialog.current?.showModal()}
      >
        {children}
      </button>
      <dialog ref={dialog} aria-label={question}>
        <h2>{question}</h2>
        <p>{consequence}</p>
        <div className="dialog-actions">
          <button type="button" disabled={busy} onClick={() => dialog.current?.close()}>
            Keep as it is
          </button>
          <button
            type="button"
            className={danger ? 'danger solid' : 'primary'}
            disabled={busy}
            onClick={() => void confirm()}
          >
            {act}
          </button>
        </div>
      </dialog>
    </>
  )
}
