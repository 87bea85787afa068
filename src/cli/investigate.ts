import type { Command } from 'commander'
import { investigateTransactions } from '../app/investigate.ts'
import { describeInvestigation } from './investigation-text.ts'
import type { Io, RunCommand } from './io.ts'
import { EXIT } from './io.ts'
import type { CommonOptions } from './options.ts'
import { listOf, withOutput } from './options.ts'
import { scopeOf } from './replay.ts'

type Options = CommonOptions & { tx?: string; full?: boolean; tree?: boolean }

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
    .addHelpText('after', '\n<source> is a bundle file or a JSON-RPC URL.')
  withOutput(command).action((source: string, options: Options) =>
    run(options, (io) => show(source, options, io)),
  )
}

async function show(source: string, options: Options, io: Io): Promise<number> {
  const { tx, protect, full } = options
  const investigation = await investigateTransactions({
    source,
    hashes: listOf(tx),
    scope: scopeOf(protect),
    full: full === true,
  })
  io.emit(investigation)
  for (const line of describeInvestigation(investigation, { tree: options.tree === true || full === true }))
    io.say(line)
  return EXIT.ok
}
