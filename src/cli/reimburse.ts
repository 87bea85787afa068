import { resolve } from 'node:path'
import type { Command } from 'commander'
import {
  assetNamed,
  makeClaims,
  readLosses,
  sharedLosses,
  verifyClaims,
  writeClaims,
} from '../investigate/reimburse.ts'
import { CordonError } from '../kit/error.ts'
import { addressOf } from '../model/given-address.ts'
import type { GlobalOptions, Io, RunCommand } from './io.ts'
import { EXIT } from './io.ts'
import { listOf, withOutput } from './options.ts'
import { blockNumber } from './record.ts'

type TreeOptions = GlobalOptions & { output: string }
type SharesOptions = TreeOptions & {
  token: string
  block: string
  fromBlock: string
  asset: string
  amount: string
  except?: string
}

export function registerReimburse(program: Command, run: RunCommand): void {
  const reimburse = program
    .command('reimburse')
    .description('compute who is owed what, as a Merkle tree of claims')
  withOutput(
    reimburse
      .command('tree <file>')
      .description('from losses: a JSON list, or lines of account,asset,amount'),
  )
    .requiredOption('-o, --output <file>', 'file to write')
    .action((file: string, options: TreeOptions) =>
      run(options, async (io) => tell(await readLosses(resolve(io.cwd, file)), options, io)),
    )
  withOutput(
    reimburse
      .command('shares <rpc>')
      .description('share a loss among the holders of a token at a block, in proportion'),
  )
    .requiredOption('--token <address>', 'the share token')
    .requiredOption('--block <n>', 'at the end of this block')
    .option('--from-block <n>', 'a block before the token’s first transfer', '0')
    .requiredOption('--asset <address|native>', 'what was lost')
    .requiredOption('--amount <n>', 'how much of it, in base units')
    .option('--except <addresses>', 'accounts without a claim: pools, the attacker, the contract itself')
    .requiredOption('-o, --output <file>', 'file to write')
    .action((rpc: string, options: SharesOptions) => run(options, (io) => shares(rpc, options, io)))
  withOutput(
    reimburse
      .command('verify <file>')
      .description('recompute the root and check each proof; exit code 5 if wrong'),
  ).action((file: string, options: GlobalOptions) => run(options, (io) => verify(file, io)))
}

async function shares(rpcUrl: string, options: SharesOptions, io: Io): Promise<number> {
  const losses = await sharedLosses({
    rpcUrl,
    token: addressOf(options.token),
    block: blockNumber(options.block, '--block'),
    fromBlock: blockNumber(options.fromBlock, '--from-block'),
    asset: assetNamed(options.asset),
    amount: amountOf(options.amount),
    except: new Set(listOf(options.except).map(addressOf)),
  })
  return tell(losses, options, io)
}

async function tell(
  losses: Parameters<typeof makeClaims>[0],
  { output }: TreeOptions,
  io: Io,
): Promise<number> {
  const claims = makeClaims(losses)
  await writeClaims(resolve(io.cwd, output), claims)
  io.emit({ type: 'claims', file: output, root: claims.root, totals: claims.totals })
  io.say(`root ${claims.root} of ${claims.claims.length} claims in ${output}`)
  for (const { asset, amount, accounts } of claims.totals)
    io.say(`  ${amount} of ${asset} to ${accounts} accounts`)
  return EXIT.ok
}

async function verify(file: string, io: Io): Promise<number> {
  const flaw = await verifyClaims(resolve(io.cwd, file))
  io.emit({ type: 'claims-verified', file, ok: flaw === null, flaw })
  io.say(flaw === null ? 'intact: the root matches the losses, and each proof is valid' : `WRONG: ${flaw}`)
  return flaw === null ? EXIT.ok : EXIT.broken
}

function amountOf(text: string): bigint {
  if (/^\d{1,78}$/.test(text)) return BigInt(text)
  throw new CordonError({
    code: 'app.InvalidNumber',
    message: `--amount must be base units, not “${text.slice(0, 40)}”.`,
    facts: { option: '--amount', got: text.slice(0, 40) },
    fix: 'Give a whole number of base units, for example 1000000 for one USDC.',
  })
}
