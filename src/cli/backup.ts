import { cp, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { readConfig } from '../config.ts'
import { lockFolder } from '../db.ts'
import { findServer } from '../server/server-file.ts'
import { CliFailure, EXIT, usageFailure } from './failure.ts'
import { print } from './output.ts'

/**
 * Copy the embedded database into a new folder, which can stand for TUNEBOOK_HOME as it is. Nothing else may use it
 * meanwhile; what a killed process left half done is put in order first, and the copy is on the disk when we say so.
 *
 * @throws CliFailure there is no embedded database; a server holds it; the folder exists
 */
export async function backup(folder: string): Promise<number> {
  const config = readConfig(process.env)
  if (config.databaseUrl !== undefined) {
    throw usageFailure(
      'DATABASE_URL names a PostgreSQL server. Back it up with pg_dump; this is for the embedded database.',
    )
  }
  const from = join(config.home, 'database')
  const target = resolve(folder)
  if (!existsSync(from)) throw new CliFailure(`There is no embedded database in ${config.home}.`)
  if (existsSync(target))
    throw usageFailure(`${folder} is there already. Name a folder that is not, such as one with today's date.`)
  if (!relative(from, target).startsWith('..')) throw usageFailure(`${folder} is inside of the database itself.`)
  const server = await findServer(config.home)
  if (server) throw new CliFailure(`The server at ${server} uses the database. Stop it, back up, and start it again.`)
  const unlock = await lockFolder(config.home)
  try {
    const database = new PGlite({ dataDir: from })
    await database.waitReady
    await database.close()
    const bytes = await copyWhole(from, target)
    print(
      `${target} holds the database, ${Math.ceil(bytes / 2 ** 20)} MB. To restore it: TUNEBOOK_HOME=${folder} npm start`,
    )
    return EXIT.ready
  } finally {
    await unlock()
  }
}

/** Under another name until it is whole and on the disk. @returns its size in bytes */
async function copyWhole(from: string, target: string): Promise<number> {
  const part = `${target}.part`
  await rm(part, { recursive: true, force: true })
  await mkdir(part, { recursive: true, mode: 0o700 })
  await cp(from, join(part, 'database'), { recursive: true, preserveTimestamps: true })
  let bytes = 0
  const entries = await readdir(part, { recursive: true, withFileTypes: true })
  for (const entry of entries.filter((each) => each.isFile())) bytes += await sync(join(entry.parentPath, entry.name))
  for (const each of entries.filter((entry) => entry.isDirectory())) await sync(join(each.parentPath, each.name))
  await rename(part, target)
  await sync(dirname(target))
  return bytes
}

async function sync(path: string): Promise<number> {
  const file = await open(path, 'r')
  try {
    await file.sync()
    return (await file.stat()).size
  } finally {
    await file.close()
  }
}
