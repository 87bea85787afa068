import type { Command } from 'commander'
import { recordBlocks } from '../backtest/record.ts'
import { CordonError } from '../kit/error.ts'
import type { Io, RunCommand } from './io.ts'
import { EXIT } from './io.ts'
import { loadedOrFail } from './loaded.ts'
import type { CommonOptions } from './options.ts'
import { withChain } from './options.ts'

type Options = CommonOptions & { from?: string; to?: string; out: string }

export function registerRecord(program: Command, run: RunCommand): void {
  const command = program
    .command('record')
    .description('write blocks with receipts and traces from an RPC into a bundle file')
    .requiredOption('-o, --out <file>', 'bundle file to write: .ndjson or .ndjson.gz')
    .option('--from <block>', 'first block (default: the latest)')
    .option('--to <block>', 'last block (default: the first)')
  withChain(command).action((options: Options) => run(options, (io) => record(options, io)))
}

async function record(options: Options, io: Io): Promise<number> {
  const { config } = await loadedOrFail(options, io)
  const from = options.from === undefined ? undefined : blockNumber(options.from, '--from')
  const to = options.to === undefined ? undefined : blockNumber(options.to, '--to')
  const result = await recordBlocks({
    config,
    out: options.out,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    progress: (text) => io.progress(text),
    signal: io.signal,
  })
  io.emit({ type: 'recorded', ...result })
  const range =
    result.first === result.last ? `block ${result.first}` : `blocks ${result.first} to ${result.last}`
  io.say(
    `${range} of chain ${result.chainId}, ${result.transactions} transactions, written to ${result.file} (traces: ${result.traces})`,
  )
  return EXIT.ok
}

export function blockNumber(text: string, option: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new CordonError({
    code: 'app.InvalidNumber',
    message: `${option} must be a block number, not “${text.slice(0, 40)}”.`,
    facts: { option, got: text.slice(0, 40) },
    fix: 'Give a whole number, for example --from 19000000.',
  })
}
