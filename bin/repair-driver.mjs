// Repairs what postgres.js 3.4.9 does when a connection is lost (porsager/postgres#1154, #1155, #1186, #1193, #1208): a
// statement written afterwards, be it only the rollback of the transaction that the loss ended, threw outside of every
// promise and so ended the process; or waited for ever, and the connection with it; or went to the connection's
// successor, into somebody else's transaction. Repaired, all that is asked of a lost connection fails with
// CONNECTION_CLOSED. Runs with every build; src/postgres.ts refuses a driver that was not repaired. Once a release of
// the driver passes test/postgres.test.ts by itself, this file can go.
import { readFileSync, writeFileSync } from 'node:fs'

const VERSION = '3.4.9'
const FOLDER = new URL('../node_modules/postgres/', import.meta.url)

/** File, the lines as they are published, what they become. */
const REPAIRS = [
  // Nothing is sent where nobody listens.
  [
    'src/connection.js',
    `    if (stream)
      return queryError(q, Errors.generic('COPY_IN_PROGRESS'`,
    `    if (!socket)
      return (queryError(q, Errors.connection('CONNECTION_CLOSED', options)), true)

    if (stream)
      return queryError(q, Errors.generic('COPY_IN_PROGRESS'`,
  ],
  [
    'src/connection.js',
    `  function nextWrite(fn) {
    const x`,
    `  function nextWrite(fn) {
    if (!socket)
      return (chunk = nextWriteTimer = null, error(Errors.connection('CONNECTION_CLOSED', options)), true)

    const x`,
  ],
  // A lost connection leaves its successor neither half a message nor a timer that has been cleared.
  [
    'src/connection.js',
    `    incomings = null
    clearImmediate(nextWriteTimer)
    socket.removeListener`,
    `    incomings = null
    clearImmediate(nextWriteTimer)
    chunk = nextWriteTimer = null
    socket.removeListener`,
  ],
  // Nor statements that nobody will answer: also those written between the error and the close, and the first one, for
  // which it would otherwise connect again without a pause for as long as the server hangs up.
  [
    'src/connection.js',
    `    if (initial)
      return reconnect()

    !hadError && (query || sent.length) && error(Errors.connection('CONNECTION_CLOSED', options, socket))
    closedTime = performance.now()
    hadError && options.shared.retries++`,
    `    if (initial && options.host.length > 1)
      return reconnect()

    const refused = hadError || initial
    ;(initial || query || sent.length) && error(Errors.connection('CONNECTION_CLOSED', options, socket))
    query = results = errorResponse = null
    result = new Result()
    rows = 0
    closedTime = performance.now()
    refused && options.shared.retries++`,
  ],
  // A transaction, and a reserved connection, end with the connection that they began on.
  [
    'src/index.js',
    `    c.reserved.release = true

    const sql = Sql(handler)
    sql.release = () => {
      c.reserved = null`,
    `    c.reserved.release = true

    let lost = null
    c.onclose = (e) => {
      lost = e
      while (queue.length) queue.shift().reject(e)
    }

    const sql = Sql(handler)
    sql.release = () => {
      if (lost) return
      c.onclose = c.reserved = null`,
  ],
  [
    'src/index.js',
    `    function handler(q) {
      c.queue === full
        ? queue.push(q)`,
    `    function handler(q) {
      lost
        ? q.reject(lost)
        : c.queue === full
        ? queue.push(q)`,
  ],
  [
    'src/index.js',
    `      , connection
      , prepare = null
`,
    `      , connection
      , prepare = null
      , lost = null
`,
  ],
  [
    'src/index.js',
    `new Promise((_, reject) => connection.onclose = reject)`,
    `new Promise((_, reject) => connection.onclose = (e) => {
          lost = e
          reject(e)
          while (queries.length) queries.shift().reject(e)
        })`,
  ],
  [
    'src/index.js',
    `        c.queue === full
          ? queries.push(q)`,
    `        lost
          ? q.reject(lost)
          : c.queue === full
          ? queries.push(q)`,
  ],
  // To cancel a statement takes a connection too; where it is refused, the statement's own error says enough.
  [
    'src/query.js',
    `(this.canceller(this), this.canceller = null)`,
    `(this.canceller(this).catch(() => {}), this.canceller = null)`,
  ],
  // What src/postgres.ts looks for.
  ['src/index.js', `  PostgresError,\n  toPascal,`, `  PostgresError,\n  survivesLostConnections: true,\n  toPascal,`],
]

const { version } = JSON.parse(readFileSync(new URL('package.json', FOLDER), 'utf8'))
if (version !== VERSION) {
  throw new Error(
    `The repairs in bin/repair-driver.mjs are for postgres ${VERSION}, and ${version} is installed. Does it pass test/postgres.test.ts as it is? Then delete them, else adapt them.`,
  )
}
for (const [path, published, repaired] of REPAIRS) {
  const file = new URL(path, FOLDER)
  const text = readFileSync(file, 'utf8')
  if (text.includes(repaired)) continue
  const [before, after, ...more] = text.split(published)
  if (after === undefined || more.length > 0)
    throw new Error(`postgres ${VERSION}, ${path}: not once there: ${published}`)
  writeFileSync(file, before + repaired + after)
}
