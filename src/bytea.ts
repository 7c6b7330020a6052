import { customType } from 'drizzle-orm/pg-core'

/** Bytes as they are; what is in them is for the table to say. */
export const bytea = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => 'bytea' })
