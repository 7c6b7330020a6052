import { useState, type FormEvent } from 'react'
import { useMutation, type UseMutationExecute } from 'urql'
import { FailureBox } from '../../components/answer.tsx'
import { SelectField, TextField } from '../../components/field.tsx'
import { Section } from '../../components/page.tsx'
import { refusalOf, type Failure, type FieldError } from '../../failure.ts'
import { count, whole } from '../../format.ts'
import {
  ImportCandlesDocument,
  type ImportCandlesMutation,
  type ImportCandlesMutationVariables,
} from '../../generated/graphql.ts'
import { Link } from '../../router.tsx'
import { sentence } from '../../words.ts'
import { TIMEFRAMES } from '../../timeframes.ts'
import { contentOf, guessFromName, tooLarge, type MarketName } from './candle-file.ts'
import { FileDrop } from './file-drop.tsx'

type Imported = Extract<ImportCandlesMutation['importCandles'], { __typename: 'ImportCandlesSuccess' }>

/** Candles from a file on this computer. */
export function ImportCandles({ onImported }: { onImported: () => void }) {
  const [name, setName] = useState({ exchange: 'binance', symbol: '', timeframe: '1m' })
  const [file, setFile] = useState<File | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)
  const [imported, setImported] = useState<Imported | null>(null)
  const [busy, setBusy] = useState(false)
  const [, send] = useMutation(ImportCandlesDocument)
  const errorAt = (path: string) => failure?.fieldErrors.find((error) => error.path[0] === path)?.message
  const set = (part: Partial<typeof name>) => setName((now) => ({ ...now, ...part }))

  const choose = (chosen: File) => {
    setFile(chosen)
    setFailure(null)
    setImported(null)
    set(guessFromName(chosen.name))
  }
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setImported(null)
    setBusy(true)
    const result = file ? await importFile(file, name, send) : { failure: missingFile }
    setBusy(false)
    setFailure(result.failure)
    if (!result.imported) return
    setImported(result.imported)
    setFile(null)
    onImported()
  }
  return (
    <Section
      title="Import candles"
      lead="CSV (as exchanges hand it out, with or without a header), JSON or NDJSON, plain or gzip, up to about 3 MB packed. All or nothing: a file with an error changes nothing."
    >
      <form className="import" onSubmit={(event) => void submit(event)} noValidate>
        <FileDrop file={file} onFile={choose} />
        <div className="import-fields">
          <TextField
            label="Exchange"
            value={name.exchange}
            onChange={(exchange) => set({ exchange })}
            error={errorAt('exchange')}
          />
          <TextField
            label="Symbol"
            value={name.symbol}
            placeholder="BTC/USDT"
            onChange={(symbol) => set({ symbol })}
            error={errorAt('symbol')}
          />
          <SelectField
            label="Timeframe"
            value={name.timeframe}
            onChange={(timeframe) => set({ timeframe })}
            options={Object.keys(TIMEFRAMES).map((each) => [each, each] as const)}
            error={errorAt('timeframe')}
          />
          <button type="submit" className="primary" disabled={busy}>
            {busy ? 'Importing …' : 'Import'}
          </button>
        </div>
      </form>
      {failure && <Problems failure={failure} />}
      {imported && <Success imported={imported} />}
    </Section>
  )
}

const missingFile: Failure = { message: 'Choose a file first, or drop one on the field.', fieldErrors: [] }

type Send = UseMutationExecute<ImportCandlesMutation, ImportCandlesMutationVariables>
type Outcome = { failure: Failure | null; imported?: Imported }

async function importFile(file: File, name: MarketName, send: Send): Promise<Outcome> {
  const content = await contentOf(file)
  if (content === null) return { failure: { message: tooLarge(file, name), fieldErrors: [] } }
  const answer = await send({ input: { ...name, content } }, { additionalTypenames: ['Market'] })
  const result = answer.data?.importCandles
  const failure = refusalOf(answer, result)
  return result && 'market' in result ? { failure, imported: result } : { failure }
}

const NAME_FIELDS = new Set(['exchange', 'symbol', 'timeframe'])

/** What is wrong with the rows of the file; what is wrong with the name stands at its field. */
function Problems({ failure }: { failure: Failure }) {
  const rows = failure.fieldErrors.filter(({ path }) => !NAME_FIELDS.has(path[0]))
  if (failure.fieldErrors.length === 0) return <FailureBox failure={failure} />
  if (rows.length === 0) return null
  return (
    <div className="message bad" role="alert">
      <p className="message-title">Nothing was imported.</p>
      <ul>
        {rows.map((error) => (
          <li key={error.path.join('.')}>
            {placeOf(error)} {error.message}
          </li>
        ))}
      </ul>
    </div>
  )
}

/** The path is ["content", "row 17", "close"]; the last two where they are known. */
function placeOf({ path: [, ...place] }: FieldError): string {
  return place.length === 0 ? 'The file' : `${sentence(place.join(', '))}:`
}

function Success({ imported: { imported, duplicates, warnings, market } }: { imported: Imported }) {
  return (
    <div className="message good" role="status">
      <p className="message-title">
        {count(imported, 'candle')} imported into{' '}
        <Link to={`/markets/${market.id}`}>{`${market.symbol} ${market.timeframe}`}</Link>.
      </p>
      {duplicates > 0 && <p>{whole(duplicates)} were there already.</p>}
      {warnings.length > 0 && (
        <ul>
          {warnings.map((warning) => (
            <li key={warning}>{warning}</li>
          ))}
        </ul>
      )}
      <p>
        <Link to={`/jobs/new?market=${market.id}`}>Start a job on it</Link>
      </p>
    </div>
  )
}
