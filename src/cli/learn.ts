import type { Command } from 'commander'
import { describeLearned, learnFiles, type TrainEnd } from '../backtest/learn.ts'
import { CordonError } from '../kit/error.ts'
import { addressOf } from '../model/given-address.ts'
import type { Io, RunCommand } from './io.ts'
import { EXIT } from './io.ts'
import { listOf, withOutput } from './options.ts'
import { blockNumber } from './record.ts'

type Options = {
  json?: boolean
  verbose?: boolean
  protect: string
  out?: string
  from?: string
  trainBefore?: string
}

export function registerLearn(program: Command, run: RunCommand): void {
  const command = program
    .command('learn <files...>')
    .description('learn from recorded bundle files how a protocol is used; needs no database and no chain')
    .requiredOption('--protect <addresses>', 'contracts of the protocol, separated by commas')
    .option('-o, --out <file>', 'model file to write (JSON), for detectors.invariants.model')
    .option('--from <file>', 'model to continue with')
    .option(
      '--train-before <end>',
      'a block number, or `500tx` for the first 500 transactions (default: all)',
    )
  withOutput(command).action((files: string[], options: Options) =>
    run(options, (io) => learn(files, options, io)),
  )
}

async function learn(files: readonly string[], options: Options, io: Io): Promise<number> {
  const { protect, out, from, trainBefore } = options
  const learned = await learnFiles({
    files,
    protect: addressesOf(protect),
    out: out ?? null,
    end: trainBefore === undefined ? null : endOf(trainBefore),
    from,
    signal: io.signal,
    progress: (text) => io.progress(text),
  })
  io.emit(learned)
  for (const line of describeLearned(learned)) io.say(line)
  return EXIT.ok
}

function addressesOf(text: string): ReturnType<typeof addressOf>[] {
  const addresses = listOf(text).map(addressOf)
  if (addresses.length > 0) return addresses
  throw new CordonError({
    code: 'app.InvalidAddress',
    message: '--protect names no contract.',
    facts: { got: text },
    fix: 'Give the addresses of one protocol, separated by commas.',
  })
}

function endOf(text: string): TrainEnd {
  const [, count] = /^(\d+)tx$/.exec(text) ?? []
  return count === undefined
    ? { kind: 'block', block: blockNumber(text, '--train-before') }
    : { kind: 'transactions', count: Number(count) }
}
