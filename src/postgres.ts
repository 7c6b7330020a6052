import postgres from 'postgres'

export type { Sql, TransactionSql, ReservedSql } from 'postgres'

/**
 * A pool of connections to a PostgreSQL server, which are made when they are first needed.
 *
 * @throws Error the driver was installed anew and not repaired: unrepaired it would end this process with the first
 *   transaction that loses its connection
 */
export function connect(url: string, options: postgres.Options<Record<string, postgres.PostgresType>>): postgres.Sql {
  if (!('survivesLostConnections' in postgres)) {
    throw new Error(
      'The PostgreSQL driver in node_modules is not repaired (see bin/repair-driver.mjs). Run npm run build.',
    )
  }
  return postgres(url, { connect_timeout: 5, onnotice: () => {}, ...options })
}
