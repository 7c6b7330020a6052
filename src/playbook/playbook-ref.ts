import { builder } from '../graphql/builder.ts'
import type { PlaybookRow } from './table.ts'

/** Named by its reviews and versions, which it names itself. */
export const PlaybookType = builder.objectRef<PlaybookRow>('Playbook')
