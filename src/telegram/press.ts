/** What a button does when it is pressed. */
export type PressAction =
  | 'APPLY_ALL'
  | 'SAFE_ONLY'
  | 'REJECT'
  /** begin to go through the recommendations one by one */
  | 'WALK'
  /** one by one: take this one, or leave it out */
  | 'TAKE'
  | 'LEAVE'
  /** from going through them back to the whole */
  | 'BACK'
  /** apply what was taken */
  | 'APPLY_TAKEN'
  | 'ROLL_BACK'

export interface PressDetail {
  /** which step of going through them, from 0 */
  step?: number
  /** ids of recommendations taken so far */
  taken?: string[]
  /** the version to roll back to */
  toVersion?: number
}

/** A button to be shown: its words, and what it does. */
export interface Button {
  label: string
  action: PressAction
  detail?: PressDetail
}

/** Rows of buttons, as they stand below a message. */
export type Keyboard = Button[][]

const DECISIONS: readonly PressAction[] = ['APPLY_ALL', 'SAFE_ONLY', 'REJECT', 'TAKE', 'APPLY_TAKEN', 'ROLL_BACK']

/** Whether only who may approve is shown, and may press, a button of this kind. */
export function isDecision(action: PressAction): boolean {
  return DECISIONS.includes(action)
}
