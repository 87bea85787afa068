import type { Command } from 'commander'
import type { DecodingOptions } from '../app/decoding.ts'
import { investigateTransactions } from '../app/investigate.ts'
import { describeInvestigation } from './investigation-text.ts'
import type { Io, RunCommand } from './io.ts'
import { EXIT } from './io.ts'
import type { CommonOptions } from './options.ts'
import { listOf, load, positive, withOutput } from './options.ts'
import { scopeOf } from './replay.ts'

type Options = CommonOptions & {
  tx?: string
  full?: boolean
  tree?: boolean
  abi?: string
  signatures?: string
  guess?: boolean
  storage?: boolean
  find?: string
  depth?: string
}

export function registerInvestigate(program: Command, run: RunCommand): void {
  const command = program
    .command('investigate <source>')
    .description(
      'why an attack was possible, to whom, by whom, in which steps; each statement with its evidence',
    )
    .option('--tx <hashes>', 'the transactions, separated by commas (may be left out where a bundle has one)')
    .option('--protect <addresses>', 'contracts to protect, separated by commas')
    .option('--full', 'show the call tree, with reads')
    .option('--tree', 'show the call tree')
    .option('--find <text>', 'of the tree only calls with this name, address, selector or argument')
    .option('--depth <levels>', 'of the tree only so many levels')
    .option('--abi <paths>', 'ABI files, artifacts or metadata folders, separated by commas; 0xADDRESS=PATH')
    .option('--signatures <files>', '4-byte tables, separated by commas')
    .option('--storage', 'what changed in storage, with names where --abi gives layouts (from a node only)')
    .option('--guess', 'guess the functions of unknown code from its bytecode')
    .addHelpText('after', '\n<source> is a bundle file or a JSON-RPC URL.')
  withOutput(command).action((source: string, options: Options) =>
    run(options, (io) => show(source, options, io)),
  )
}

async function show(source: string, options: Options, io: Io): Promise<number> {
  const { tx, protect, full, find } = options
  const depth = options.depth === undefined ? undefined : positive(options.depth, '--depth')
  const tree = options.tree === true || full === true || find !== undefined || depth !== undefined
  const investigation = await investigateTransactions({
    source,
    hashes: listOf(tx),
    scope: scopeOf(protect),
    full: full === true,
    view: { find, depth: depth === undefined ? undefined : depth - 1 },
    decoding: await decodingIn(options, io),
    storage: options.storage === true,
  })
  io.emit(investigation)
  for (const line of describeInvestigation(investigation, { tree })) io.say(line)
  return EXIT.ok
}

/** What the command line names, or else the configuration. */
async function decodingIn(options: Options, io: Io): Promise<DecodingOptions> {
  const { abi, signatures, guess } = options
  const loaded = await load({}, io)
  const config = loaded.origin === 'none' ? undefined : loaded.config
  return {
    abis: abi === undefined ? config?.abis : listOf(abi),
    signatures: signatures === undefined ? config?.signatures : listOf(signatures),
    guess: guess === true,
  }
}
