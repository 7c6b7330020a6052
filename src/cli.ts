import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'
import { Command, CommanderError } from 'commander'
import type { DownloadOptions } from './cli/download.ts'
import { EXIT, explain } from './cli/failure.ts'
import { say } from './cli/output.ts'
import { VERSION } from './server/version.ts'

// What was compiled once starts in half the time. Where the folder cannot be written, nothing is kept and nothing said.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/tunebook', import.meta.url)))

/** The command line. Each command is loaded when it is called, so that help is quick. */
function commandLine(run: (command: Promise<number>) => void): Command {
  const program = new Command('tunebook')
    .description('Tunes trading strategies and says honestly whether the winner would survive the future.')
    .version(VERSION)
    .option('--url <address>', 'use the server at this address instead of working on this machine')
    .option('--token <token>', 'sign in to that server with this token (or set TUNEBOOK_TOKEN)')
    .option('--json', 'print the result as JSON')
    .exitOverride()
    .showSuggestionAfterError()
    .addHelpText('after', HELP)
  const options = () => program.opts<{ url?: string; token?: string; json?: boolean }>()

  program
    .command('serve')
    .description('serve the dashboard and the API (what "npm start" runs)')
    .action(() => run(import('./cli/serve.ts').then(({ serve }) => serve())))
  program
    .command('worker')
    .description('work on the jobs of the PostgreSQL at DATABASE_URL, without dashboard and API')
    .action(() => {
      const environment = { ...process.env, TUNEBOOK_ROLE: 'worker' }
      run(import('./cli/serve.ts').then(({ serve }) => serve(environment)))
    })
  program
    .command('tune <file>')
    .description('run the tuning job that a JSON file describes; see examples/')
    .action((file: string) => run(import('./cli/tune.ts').then(({ tune }) => tune(file, options()))))
  program
    .command('backtest <file>')
    .description('backtest the one parameter set that a JSON file describes')
    .action((file: string) => run(import('./cli/backtest.ts').then(({ backtest }) => backtest(file, options()))))
  program
    .command('import <file>')
    .description('import candles: CSV, JSON or NDJSON, plain or gzip; Parquet; Feather')
    .requiredOption('--symbol <symbol>', 'as ccxt writes it: BTC/USDT')
    .requiredOption('--timeframe <timeframe>', '1m, 5m, 1h, 1d …')
    .option('--exchange <exchange>', 'as ccxt writes it', 'binance')
    .action((file: string, name: { symbol: string; timeframe: string; exchange: string }) =>
      run(import('./cli/import.ts').then(({ importFile }) => importFile(file, { ...name, ...options() }))),
    )
  program
    .command('download')
    .description('download what a market lacks of a period from its exchange')
    .requiredOption('--symbol <symbol>', 'as ccxt writes it: BTC/USDT')
    .requiredOption('--timeframe <timeframe>', '1m, 5m, 1h, 1d …')
    .requiredOption('--from <date>', 'UTC: 2024-01-01, or 2024-01-01T12:00:00Z')
    .option('--to <date>', 'UTC, exclusive; now where not given')
    .option('--exchange <exchange>', 'as ccxt writes it', 'binance')
    .action((period: DownloadOptions) =>
      run(import('./cli/download.ts').then(({ download }) => download({ ...period, ...options() }))),
    )
  program
    .command('import-trades <file>')
    .description(
      "import a bot's closed trades: JSON, NDJSON or CSV in the API's fields, freqtrade's export or its tradesv3.sqlite",
    )
    .requiredOption('--playbook <name>', 'whose memory they are for')
    .action((file: string, name: { playbook: string }) =>
      run(import('./cli/import-trades.ts').then(({ importTrades }) => importTrades(file, { ...name, ...options() }))),
    )
  program
    .command('demo')
    .description('tune a synthetic market with an edge and one without, and compare the verdicts')
    .action(() => run(import('./cli/demo.ts').then(({ demo }) => demo(options()))))
  program
    .command('replay <job>')
    .description('run a stored job again from its settings and compare the bits')
    .action((job: string) => run(import('./cli/replay.ts').then(({ replay }) => replay(job, options()))))
  program
    .command('export <job>')
    .description("write a job's best parameters, samples, trades or report for other tools")
    .requiredOption(
      '--as <format>',
      'freqtrade, yaml, samples, samples-parquet, trades, trades-parquet, report or json',
    )
    .option('--out <file>', 'where to; standard output where not given')
    .action((job: string, what: { as: string; out?: string }) =>
      run(import('./cli/export.ts').then(({ exportJob }) => exportJob(job, { ...what, ...options() }))),
    )
  program
    .command('mcp')
    .description('serve assistants by the Model Context Protocol on standard input and output')
    .action(() => run(import('./cli/mcp.ts').then(({ mcp }) => mcp(options()))))
  program
    .command('backup <folder>')
    .description('copy the embedded database into a new folder, while no server runs')
    .action((folder: string) => run(import('./cli/backup.ts').then(({ backup }) => backup(folder))))
  program
    .command('migrate')
    .description("bring the database's schema up to date (starting a server does the same)")
    .action(() => run(import('./cli/migrate.ts').then(({ migrate }) => migrate())))
  program
    .command('sign-in')
    .description('print the link that signs your browser in to the server of this machine')
    .action(() => run(import('./cli/sign-in.ts').then(({ signIn }) => signIn())))
  addTokenCommands(program, options, run)
  addAuditCommands(program, options, run)
  program
    .command('print-schema', { hidden: true })
    .description('print the API as a schema file')
    .action(() => run(import('./cli/print-schema.ts').then(({ printApi }) => printApi())))
  return program
}

type Options = () => { url?: string; token?: string; json?: boolean }
type Run = (command: Promise<number>) => void

function addTokenCommands(program: Command, options: Options, run: Run): void {
  const token = program.command('token').description('what programs and people sign in with')
  token
    .command('create <name>')
    .description('make a token and print its secret, once')
    .requiredOption('--role <role...>', 'viewer, bot, tuner, approver or admin; one or more')
    .option('--expires <time>', 'when it ends: 2027-01-31T00:00:00Z; never where not given')
    .option('--playbook <id>', 'bind a bot to one playbook')
    .action((name: string, own: { role: string[]; expires?: string; playbook?: string }) =>
      run(import('./cli/token.ts').then(({ createToken }) => createToken(name, { ...own, ...options() }))),
    )
  token
    .command('list')
    .description('list the tokens; their secrets are nowhere')
    .action(() => run(import('./cli/token.ts').then(({ listTokens }) => listTokens(options()))))
  token
    .command('revoke <id>')
    .description('end a token; who is in with it is out within seconds')
    .action((id: string) => run(import('./cli/token.ts').then(({ revokeToken }) => revokeToken(id, options()))))
}

function addAuditCommands(program: Command, options: Options, run: Run): void {
  const audit = program.command('audit').description('who changed what')
  audit
    .command('verify')
    .description('compute every hash of the audit log again; names the first broken entry')
    .action(() => run(import('./cli/audit.ts').then(({ verifyAudit }) => verifyAudit(options()))))
  audit
    .command('export')
    .description('print the audit log as NDJSON, newest entry first')
    .action(() => run(import('./cli/audit.ts').then(({ exportAudit }) => exportAudit(options()))))
}

const HELP = `
Exit codes: 0 ready (or done), 1 failed, 2 wrong usage, 3 tuned but not production-ready.
Settings come from the environment: TUNEBOOK_HOME, DATABASE_URL, PORT, HOST, TUNEBOOK_ADMIN_TOKEN,
TUNEBOOK_THREADS, LOG_LEVEL; see README.md.`

/** @returns the exit code */
async function main(): Promise<number> {
  let running: Promise<number> = Promise.resolve(EXIT.usage)
  try {
    commandLine((command) => (running = command)).parse()
    return await running
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage // it has said why
    const { message, exitCode } = explain(error)
    say(message)
    return exitCode
  }
}

/** A pipe takes 64 KiB at a time: what it has not taken yet would be lost with the process. */
function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.once('error', () => resolve()) // nobody reads any longer
    stream.write('', () => resolve())
  })
}

const exitCode = await main()
await Promise.all([written(process.stdout), written(process.stderr)])
process.exit(exitCode)
