import type { Command } from 'commander'
import { investigateTransaction } from '../app/investigate.ts'
import type { Investigation } from '../model/investigation.ts'
import type { Io, RunCommand } from './io.ts'
import { EXIT } from './io.ts'
import { describeFinding } from './lines.ts'
import type { CommonOptions } from './options.ts'
import { withOutput } from './options.ts'
import { scopeOf } from './replay.ts'

type Options = CommonOptions & { tx?: string; full?: boolean }

export function registerInvestigate(program: Command, run: RunCommand): void {
  const command = program
    .command('investigate <source>')
    .description('what happened in a transaction: call tree, gains and losses, findings with evidence')
    .option('--tx <hash>', 'the transaction (may be left out where a bundle has one)')
    .option('--protect <addresses>', 'contracts to protect, separated by commas')
    .option('--full', 'show reads too')
    .addHelpText('after', '\n<source> is a bundle file or a JSON-RPC URL.')
  withOutput(command).action((source: string, options: Options) =>
    run(options, (io) => show(source, options, io)),
  )
}

async function show(source: string, options: Options, io: Io): Promise<number> {
  const { tx: hash, protect, full } = options
  const investigation = await investigateTransaction({
    source,
    scope: scopeOf(protect),
    full: full === true,
    ...(hash === undefined ? {} : { hash }),
  })
  io.emit(investigation)
  for (const line of describe(investigation)) io.say(line)
  return EXIT.ok
}

function describe(found: Investigation): string[] {
  const outcome =
    found.succeeded === false ? 'failed' : found.succeeded === true ? 'succeeded' : 'outcome not recorded'
  const source =
    found.movementsFrom === 'calls' ? ' · logs not recorded: movements are what calls asked for' : ''
  return [
    `Transaction ${found.transactionHash}`,
    `chain ${found.chainId}, block ${found.blockNumber}, ${outcome}, ${found.frames} frames${source}`,
    '',
    'Calls',
    ...found.tree,
    '',
    'Who gained and lost (base units, gas not counted)',
    ...changes(found),
    '',
    'Findings',
    ...(found.findings.length === 0 ? ['none'] : found.findings.flatMap(describeFinding)),
    ...found.blind.map((item) => `BLIND    ${item}`),
  ]
}

function changes({ balanceChanges }: Investigation): string[] {
  return balanceChanges.map(({ account, asset, tokenId, amount, side }) => {
    const unit = tokenId === null ? asset : `${asset} #${tokenId}`
    return `${side.padEnd(7)} ${account} ${amount > 0n ? '+' : ''}${amount} ${unit}`
  })
}
