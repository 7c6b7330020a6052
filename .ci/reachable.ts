/** Exit code 0 where a PostgreSQL answers at the address. */
import postgres from 'postgres'

const sql = postgres(process.argv[2], { connect_timeout: 2, max: 1, onnotice: () => {} })
try {
  await sql`select 1`
} catch {
  process.exitCode = 1
}
await sql.end({ timeout: 1 })
