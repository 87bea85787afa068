import type { Command } from 'commander'
import { CordonError } from '../kit/error.ts'
import { printable } from '../kit/text.ts'
import { type ChainCursors, type ChainStanding, openCursors } from '../respond/chain-cursors.ts'
import type { Io, RunCommand } from './io.ts'
import { EXIT } from './io.ts'
import { type CommonOptions, load, withOutput } from './options.ts'
import { blockNumber } from './record.ts'

type SkipOptions = CommonOptions & { to: string; reason: string; by: string }

const CONFIG: [string, string] = ['-c, --config <file>', 'configuration (default: cordon.config.ts here)']

export function registerChains(program: Command, run: RunCommand): void {
  const chains = program.command('chains').description('show how far each watched chain has been read')
  withOutput(
    chains.command('list').description('how far each chain has been read, and where a restart continues'),
  )
    .option(...CONFIG)
    .action((options: CommonOptions) =>
      run(options, (io) => withCursors(options, io, (cursors) => list(cursors, io))),
    )
  withOutput(
    chains
      .command('skip <chain>')
      .description('skip blocks that cannot be read: they are never inspected, and the record says so'),
  )
    .requiredOption('--to <block>', 'the block at which reading continues')
    .requiredOption('--reason <text>', 'why')
    .requiredOption('--by <name>', 'your name')
    .option(...CONFIG)
    .action((chain: string, options: SkipOptions) =>
      run(options, (io) => withCursors(options, io, (cursors) => skip(cursors, { chain, options }, io))),
    )
}

async function withCursors(
  options: CommonOptions,
  io: Io,
  act: (cursors: ChainCursors) => Promise<number>,
): Promise<number> {
  const loaded = await load(options, io)
  const dataDir = loaded.origin === 'none' ? '.cordon' : loaded.config.dataDir
  const cursors = await openCursors({ dataDir, env: io.env, logger: io.logger })
  try {
    return await act(cursors)
  } finally {
    await cursors.close()
  }
}

async function list(cursors: ChainCursors, io: Io): Promise<number> {
  const standings = await cursors.list()
  for (const standing of standings) {
    io.emit({ type: 'chain', ...standing })
    for (const line of describe(standing)) io.say(line)
  }
  if (standings.length === 0)
    io.say('No chain has been watched from this folder yet. Start with: cordon start')
  return EXIT.ok
}

function describe({ chainId, first, processed, finalized, snapshot, waiting }: ChainStanding): string[] {
  const place = (block: { number: number } | null): string => (block === null ? 'none' : String(block.number))
  const kept =
    snapshot === null
      ? 'no snapshot yet: a restart reads all blocks again'
      : `snapshot of block ${snapshot.final}, ${new Date(snapshot.takenAt).toISOString()}, ${snapshot.bytes} bytes`
  return [
    `chain ${chainId}: read from block ${first ?? 'unknown'} to ${place(processed)}, final to ${place(finalized)}; ${kept}`,
    ...waiting.map(
      ({ from, to, author, reason }) =>
        `    at the next start Cordon skips blocks ${from} to ${to - 1}, decided by ${printable(author, 60)}: ${printable(reason, 200)}`,
    ),
  ]
}

type Skipping = { chain: string; options: SkipOptions }

async function skip(cursors: ChainCursors, { chain, options }: Skipping, io: Io): Promise<number> {
  const { reason, by: author } = options
  const move = await cursors.skip({
    chainId: chainIdOf(chain),
    to: blockNumber(options.to, '--to'),
    author: named(author, '--by'),
    reason: named(reason, '--reason'),
  })
  io.emit({ type: 'cursor-move', ...move })
  io.say(
    `Cordon skips blocks ${move.from} to ${move.to - 1} of chain ${move.chainId} from the next start on. Restart Cordon.`,
  )
  return EXIT.ok
}

function chainIdOf(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
  throw new CordonError({
    code: 'app.InvalidNumber',
    message: `“${printable(text, 40)}” is not a chain ID.`,
    facts: { got: printable(text, 40) },
    fix: 'Give the number that `cordon chains list` shows.',
  })
}

function named(text: string, option: string): string {
  if (text.trim() !== '') return text.trim()
  throw new CordonError({
    code: 'app.ReasonMissing',
    message: `${option} is empty.`,
    facts: { option },
    fix: 'Give your name and the reason for skipping the blocks: the record keeps them.',
  })
}
