/** How far something is. @param fraction 0..1 */
export function ProgressBar({ fraction, label }: { fraction: number; label: string }) {
  const value = Math.round(100 * fraction)
  return (
    <div
      className="progress"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={value}
    >
      <span style={{ width: `${100 * fraction}%` }} />
    </div>
  )
}
