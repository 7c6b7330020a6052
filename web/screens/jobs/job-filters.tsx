import { Choice } from '../../components/choice.tsx'
import { SelectField, TextField } from '../../components/field.tsx'
import type { SortDirection, TuningJobOrderField } from '../../generated/graphql.ts'
import { useSearch } from '../../hooks/use-search.ts'
import { STATUS } from '../../words.ts'

interface Order {
  value: string
  label: string
  field: TuningJobOrderField
  direction: SortDirection
}

/** The first one is the default and does not stand in the address. */
export const ORDERS: readonly Order[] = [
  { value: '', label: 'Newest first', field: 'CREATED_AT', direction: 'DESC' },
  { value: 'oldest', label: 'Oldest first', field: 'CREATED_AT', direction: 'ASC' },
  { value: 'finished', label: 'Latest finished first', field: 'FINISHED_AT', direction: 'DESC' },
  { value: 'score', label: 'Best score first', field: 'SCORE', direction: 'DESC' },
  { value: 'longest', label: 'Longest first', field: 'DURATION', direction: 'DESC' },
]

const STATUSES = [['', 'All'], ...Object.entries(STATUS)] as const

/** What is shown of the list, and in which order; all of it stands in the address. */
export function JobFilters() {
  const [search, change] = useSearch()
  return (
    <div className="filters" role="search" aria-label="Jobs">
      <TextField
        label="Search"
        type="search"
        value={search.get('search') ?? ''}
        placeholder="Part of the name or id"
        onChange={(text) => change({ search: text })}
      />
      <Choice
        label="Status"
        value={search.get('status') ?? ''}
        options={STATUSES}
        onChange={(status) => change({ status })}
      />
      <label className="check">
        <input
          type="checkbox"
          checked={search.get('ready') === 'yes'}
          onChange={(event) => change({ ready: event.target.checked ? 'yes' : '' })}
        />
        Ready only
      </label>
      <SelectField
        label="Order"
        value={search.get('order') ?? ''}
        options={ORDERS.map(({ value, label }) => [value, label] as const)}
        onChange={(order) => change({ order })}
      />
    </div>
  )
}
