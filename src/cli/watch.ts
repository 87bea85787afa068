import type { Command } from 'commander'
import { listedLexicons } from '../names/listed-lexicon.ts'
import type { WatchLine } from '../respond/watch-only.ts'
import { watchOnly } from '../respond/watch-only.ts'
import { type Lexicon, NO_LEXICON } from '../words/lexicon.ts'
import type { Io, RunCommand } from './io.ts'
import { EXIT } from './io.ts'
import { describeLine } from './lines.ts'
import { loadedOrFail } from './loaded.ts'
import type { CommonOptions } from './options.ts'
import { withChain } from './options.ts'

type Options = CommonOptions & { blocks?: string; from?: string; mempool?: boolean }

export function registerWatch(program: Command, run: RunCommand): void {
  const command = program
    .command('watch')
    .description('watch a chain and print findings; no database, no response')
    .option('--from <block>', 'first block (default: the latest)')
    .option('--blocks <n>', 'stop after so many blocks')
    .option('--mempool', 'look at pending transactions too')
  withChain(command).action((options: Options) => run(options, (io) => watch(options, io)))
}

async function watch(options: Options, io: Io): Promise<number> {
  const { config } = await loadedOrFail(options, io)
  const limit = options.blocks === undefined ? Number.POSITIVE_INFINITY : Number(options.blocks)
  const lines = watchOnly({
    config,
    logger: io.logger,
    mempool: options.mempool === true,
    ...(options.from === undefined ? {} : { fromBlock: Number(options.from) }),
    maxBlocks: limit,
    progress: (text) => io.progress(text),
    signal: io.signal,
  })
  const lexicons = listedLexicons(config)
  for await (const line of lines) {
    io.emit(line)
    const lexicon = line.type === 'finding' ? await lexicons(line.chainId) : NO_LEXICON
    for (const text of describe(line, lexicon)) io.say(text)
  }
  return EXIT.ok
}

function describe(line: WatchLine, lexicon: Lexicon): string[] {
  switch (line.type) {
    case 'notice':
      return [`NOTICE   ${line.message}`]
    case 'blind':
      return [`BLIND    ${line.detector}: no ${line.missing} with this node`]
    case 'reorg':
      return [`REORG    ${line.removed} blocks after block ${line.ancestor} were replaced`]
    default:
      return describeLine(line, lexicon)
  }
}
