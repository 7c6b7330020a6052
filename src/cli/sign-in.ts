import { readConfig } from '../config.ts'
import { readAdminToken, signInLink } from '../server/admin-token.ts'
import { findServer } from '../server/server-file.ts'
import { CliFailure, EXIT } from './failure.ts'
import { print } from './output.ts'

/** Print the link that signs a browser in to the server of this home folder. */
export async function signIn(): Promise<number> {
  const { adminToken, home } = readConfig(process.env)
  const address = await findServer(home)
  if (address === undefined) throw new CliFailure(`No server runs on ${home}. Start one with "npm start".`)
  const secret = adminToken ?? readAdminToken(home)
  if (secret === undefined) {
    throw new CliFailure(
      `There is no admin token in ${home}: that server has TUNEBOOK_ADMIN_TOKEN set. Set it here too.`,
    )
  }
  print(signInLink(address, secret))
  return EXIT.ready
}
