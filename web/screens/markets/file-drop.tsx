import { useState, type DragEvent } from 'react'
import { bytes } from '../../format.ts'

/** A file, dropped or chosen. It is an ordinary file input for the keyboard. */
export function FileDrop({ file, onFile }: { file: File | null; onFile: (file: File) => void }) {
  const [over, setOver] = useState(false)
  const drop = (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    const [dropped] = event.dataTransfer.files
    if (dropped) onFile(dropped)
  }
  return (
    <label
      className={over ? 'file-drop over' : 'file-drop'}
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <input
        type="file"
        className="unseen"
        accept=".csv,.json,.ndjson,.jsonl,.txt,.gz"
        onChange={(event) => {
          const [chosen] = event.target.files ?? []
          if (chosen) onFile(chosen)
          event.target.value = '' // the same file may be chosen again
        }}
      />
      {file ? (
        <span>
          <b>{file.name}</b> {bytes(file.size)}
        </span>
      ) : (
        <span>
          Drop a file here, or <u>choose one</u>
        </span>
      )}
    </label>
  )
}
