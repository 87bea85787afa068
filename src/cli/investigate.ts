import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { DecodingOptions } from '../app/decoding.ts'
import { incidentSource, noSource } from '../app/incident-source.ts'
import { investigateTransactions } from '../app/investigate.ts'
import { checkReportFile, reportOnInvestigation } from '../app/written-report.ts'
import { describeInvestigation } from './investigation-text.ts'
import type { Io, RunCommand } from './io.ts'
import { EXIT } from './io.ts'
import type { CommonOptions } from './options.ts'
import { listOf, load, positive, withOutput } from './options.ts'
import { scopeOf } from './replay.ts'

type Options = CommonOptions & {
  tx?: string
  incident?: string
  full?: boolean
  tree?: boolean
  abi?: string
  signatures?: string
  guess?: boolean
  storage?: boolean
  find?: string
  depth?: string
  report?: string
}

export function registerInvestigate(program: Command, run: RunCommand): void {
  const command = program
    .command('investigate [source]')
    .description(
      'why an attack was possible, to whom, by whom, in which steps; each statement with its evidence',
    )
    .option('--tx <hashes>', 'the transactions, separated by commas (may be left out where a bundle has one)')
    .option(
      '--incident <id>',
      'the transactions of an incident on record; <source> is its chain’s endpoint when left out',
    )
    .option('-c, --config <file>', 'configuration (default: cordon.config.ts here)')
    .option('--protect <addresses>', 'contracts to protect, separated by commas')
    .option('--full', 'show the call tree, with reads')
    .option('--tree', 'show the call tree')
    .option('--find <text>', 'of the tree only calls with this name, address, selector or argument')
    .option('--depth <levels>', 'of the tree only so many levels')
    .option('--abi <paths>', 'ABI files, artifacts or metadata folders, separated by commas; 0xADDRESS=PATH')
    .option('--signatures <files>', '4-byte tables, separated by commas')
    .option('--storage', 'what changed in storage, with names where --abi gives layouts (from a node only)')
    .option('--report <file>', 'write a report there: .md, .html, .pdf, .stix.json or .csv by its ending')
    .option('--guess', 'guess the functions of unknown code from its bytecode')
    .addHelpText('after', '\n<source> is a bundle file or a JSON-RPC URL.')
  withOutput(command).action((source: string | undefined, options: Options) =>
    run(options, (io) => show(source, options, io)),
  )
}

async function show(given: string | undefined, options: Options, io: Io): Promise<number> {
  const { protect, full, find } = options
  const { source, hashes } = await whatToLookAt(given, options, io)
  if (options.report !== undefined) checkReportFile(options.report)
  const depth = options.depth === undefined ? undefined : positive(options.depth, '--depth')
  const tree = options.tree === true || full === true || find !== undefined || depth !== undefined
  const investigation = await investigateTransactions({
    source,
    hashes,
    scope: scopeOf(protect),
    full: full === true,
    view: { find, depth: depth === undefined ? undefined : depth - 1 },
    decoding: await decodingIn(options, io),
    storage: options.storage === true,
  })
  io.emit(investigation)
  for (const line of describeInvestigation(investigation, { tree })) io.say(line)
  if (options.report !== undefined) {
    const { file, sha256 } = await reportOnInvestigation(investigation, resolve(io.cwd, options.report))
    io.say(`\nReport: ${file}, TLP:RED, SHA-256 ${sha256}`)
  }
  return EXIT.ok
}

/** Named transactions, or those of an incident on record. Throws `app.NoSource`, `incidents.UnknownIncident`. */
async function whatToLookAt(
  given: string | undefined,
  options: Options,
  io: Io,
): Promise<{ source: string; hashes: readonly string[] }> {
  const named = listOf(options.tx)
  if (options.incident === undefined) {
    if (given === undefined) throw noSource()
    return { source: given, hashes: named }
  }
  const loaded = await load(options, io)
  const { env, logger } = io
  const found = await incidentSource({ loaded, incidentId: options.incident, env, logger })
  const source = given ?? found.rpcUrl
  if (source === null) throw noSource()
  return { source, hashes: named.length > 0 ? named : found.hashes }
}

/** What the command line names, or else the configuration. */
async function decodingIn(options: Options, io: Io): Promise<DecodingOptions> {
  const { abi, signatures, guess } = options
  const loaded = await load(options, io)
  const config = loaded.origin === 'none' ? undefined : loaded.config
  return {
    abis: abi === undefined ? config?.abis : listOf(abi),
    signatures: signatures === undefined ? config?.signatures : listOf(signatures),
    guess: guess === true,
  }
}
