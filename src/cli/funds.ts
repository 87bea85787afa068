import { resolve } from 'node:path'
import type { Command } from 'commander'
import { loadAddressLabels } from '../files/address-labels.ts'
import { followFunds, tokensOfFlow, writeFundFlowSvg } from '../investigate/funds.ts'
import { CordonError } from '../kit/error.ts'
import { printable } from '../kit/text.ts'
import { type Asset, NATIVE } from '../model/block.ts'
import type { FlowNode, FlowSource, FundFlow } from '../model/fund-flow.ts'
import { addressOf } from '../model/given-address.ts'
import { type Tokens, tokenAmount, tokenName } from '../model/token.ts'
import type { Io, RunCommand } from './io.ts'
import { EXIT } from './io.ts'
import type { CommonOptions } from './options.ts'
import { listOf, positive, withOutput } from './options.ts'
import { blockNumber } from './record.ts'
import { scopeOf } from './replay.ts'

type Options = CommonOptions & {
  tx: string
  from?: string
  asset: string
  amount?: string
  blocks?: string
  dormant?: string
  labels?: string
  svg?: string
}

export function registerFunds(program: Command, run: RunCommand): void {
  const funds = program.command('funds').description('follow stolen funds')
  const command = funds
    .command('follow <source>')
    .description('follow funds stolen in a transaction, by haircut and FIFO, to labelled accounts')
    .requiredOption('--tx <hash>', 'the theft')
    .option('--from <address>', 'who lost it (default: the victims and losses of the findings)')
    .option('--asset <asset>', 'what was lost: a token, or native', NATIVE)
    .option('--amount <units>', 'how much, in base units')
    .option('--blocks <n>', 'blocks after the theft (default: all of a file, 50 of a node)')
    .option('--dormant <n>', 'blocks without a move after which an account is dormant', '7200')
    .option('--labels <files>', 'address labels, separated by commas (default: the shipped ones)')
    .option('--svg <file>', 'write a drawing of the flow')
    .option('--protect <addresses>', 'contracts to protect, separated by commas')
    .addHelpText('after', '\n<source> is a bundle file or a JSON-RPC URL.')
  withOutput(command).action((source: string, options: Options) =>
    run(options, (io) => follow(source, options, io)),
  )
}

async function follow(source: string, options: Options, io: Io): Promise<number> {
  const stolen = stolenOf(options)
  const found = await followFunds({
    source,
    hash: options.tx,
    scope: scopeOf(options.protect),
    labels: await loadAddressLabels(options.labels === undefined ? undefined : listOf(options.labels)),
    dormantBlocks: positive(options.dormant ?? '7200', '--dormant'),
    signal: io.signal,
    progress: (text) => io.progress(text),
    ...(stolen === undefined ? {} : { stolen }),
    ...(options.blocks === undefined ? {} : { blocks: blockNumber(options.blocks, '--blocks') }),
  })
  io.emit(found)
  const tokens = await tokensOfFlow(found, source)
  for (const line of describe(found, tokens)) io.say(line)
  if (options.svg !== undefined) {
    await writeFundFlowSvg(found, { file: resolve(io.cwd, options.svg), tokens })
    io.say(`drawn: ${options.svg}`)
  }
  return EXIT.ok
}

function stolenOf({ from, asset, amount }: Options): FlowSource | undefined {
  if (from === undefined && amount === undefined) return undefined
  if (from === undefined || amount === undefined || !/^[1-9]\d{0,77}$/.test(amount))
    throw new CordonError({
      code: 'app.InvalidNumber',
      message:
        '--from and --amount must be given together, and --amount must be a whole number of base units above 0.',
      facts: { from: from ?? '', amount: (amount ?? '').slice(0, 90) },
      fix: 'For example --from 0x… --asset native --amount 1000000000000000000.',
    })
  const what = asset === NATIVE ? NATIVE : addressOf(asset)
  return { account: addressOf(from), asset: what, tokenId: null, amount: BigInt(amount) }
}

const MOST_LINES = 40

function describe(found: FundFlow, tokens: Tokens): string[] {
  const movements = found.edges
    .slice(0, MOST_LINES)
    .map(
      ({ blockNumber: block, kind, from, to, asset, tainted: haircut, taintedFifo: fifo, through }) =>
        `${block} ${kind.padEnd(8)} ${from} → ${to} ${taintedText(asset, { haircut, fifo }, tokens)}${through.length === 0 ? '' : ` (through ${through.length})`}`,
    )
  const more = found.edges.length - movements.length
  return [
    `Funds of chain ${found.chainId}, blocks ${found.fromBlock} to ${found.toBlock}, ${found.transactions} transactions`,
    '',
    'Stolen',
    ...found.sources.map((stolen) => `${stolen.account} ${tokenAmount(stolen, tokens)}`),
    '',
    'Movements (stolen amounts by haircut, and by FIFO if it differs)',
    ...movements,
    ...(more > 0 ? [`… ${more} more: --json or --svg has all recorded movements`] : []),
    '',
    'Where it is (in units of the stolen asset)',
    ...found.nodes.flatMap((node) => describeNode(node, tokens)),
    '',
    ...found.totals.flatMap((total) => describeTotal(total, tokens)),
    ...found.doubted.map((token) => `DOUBT    ${token} contradicts itself: its amounts are unreliable`),
  ]
}

type Tainted = { haircut: bigint; fifo: bigint }

function taintedText(asset: Asset, { haircut, fifo }: Tainted, tokens: Tokens): string {
  const text = tokenAmount({ asset, amount: haircut }, tokens)
  return haircut === fifo ? text : `${text}, by FIFO ${tokenAmount({ asset, amount: fifo }, tokens)}`
}

function describeNode({ id, kind, label, held }: FlowNode, tokens: Tokens): string[] {
  const name = label === null ? '' : ` ${printable(label.name, 60)} (${printable(label.source, 60)})`
  return held.flatMap(({ stolen }) =>
    stolen.map(
      ({ asset, ...tainted }) => `${kind.padEnd(8)} ${id}${name} ${taintedText(asset, tainted, tokens)}`,
    ),
  )
}

function describeTotal(
  { asset, stolen, at, unexplained }: FundFlow['totals'][number],
  tokens: Tokens,
): string[] {
  const ends = Object.entries(at).map(([kind, tainted]) => `${kind} ${taintedText(asset, tainted, tokens)}`)
  const cut =
    unexplained.haircut + unexplained.fifo > 0n
      ? [`unexplained ${taintedText(asset, unexplained, tokens)}`]
      : []
  return [
    `${tokenName(asset, tokens)}: stolen ${tokenAmount({ asset, amount: stolen }, tokens)} = ${[...ends, ...cut].join('; ')}`,
  ]
}
