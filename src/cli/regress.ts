import { resolve } from 'node:path'
import type { Command } from 'commander'
import { hashOf } from '../investigate/investigate.ts'
import {
  freeze,
  readRegression,
  readRuntimeCode,
  rerun,
  writeRegression,
} from '../investigate/regress/regress.ts'
import { addressOf } from '../model/given-address.ts'
import type { Address, Hash, Hex } from '../model/hex.ts'
import type { Rerun } from '../model/regression.ts'
import type { GlobalOptions, Io, RunCommand } from './io.ts'
import { EXIT } from './io.ts'
import { listOf, withOutput } from './options.ts'

type FreezeOptions = GlobalOptions & { tx: string; legitimate?: string; output: string }
type RunOptions = GlobalOptions & { replace: string[] }

export function registerRegress(program: Command, run: RunCommand): void {
  const regress = program
    .command('regress')
    .description('freeze an attack with its state, and test that it no longer works')
  withOutput(
    regress.command('freeze <rpc>').description('freeze transactions with all the state that they touched'),
  )
    .requiredOption('--tx <hashes>', 'the attack, transactions separated by commas')
    .option('--legitimate <hashes>', 'ordinary transactions that a fix must not break')
    .requiredOption('-o, --output <file>', 'file to write')
    .action((rpc: string, options: FreezeOptions) => run(options, (io) => freezeIt(rpc, options, io)))
  withOutput(
    regress
      .command('run <file>')
      .description('run them again, without an RPC; exit code 1 while the attack pays or is not reproduced'),
  )
    .option(
      '--replace <address=file>',
      'the fix: runtime code (hex, or an artifact) for a contract; repeatable',
      (value: string, before: string[]) => [...before, value],
      [] as string[],
    )
    .action((file: string, options: RunOptions) => run(options, (io) => runIt(file, options, io)))
}

async function freezeIt(rpcUrl: string, options: FreezeOptions, io: Io): Promise<number> {
  const { tx, legitimate, output } = options
  const regression = await freeze({ source: rpcUrl, attacks: hashesOf(tx), legitimate: hashesOf(legitimate) })
  await writeRegression(resolve(io.cwd, output), regression)
  const accounts = Object.keys(regression.prestate).length
  const measure = regression.losses === undefined ? 'gains' : 'losses'
  io.emit({ type: 'frozen', file: output, transactions: regression.transactions.length, accounts, measure })
  io.say(`${regression.transactions.length} transactions with ${accounts} accounts in ${output}`)
  if (measure === 'losses')
    io.say('the attackers’ accounts gained nothing: Cordon judges the attack by the losses of its victims')
  return EXIT.ok
}

async function runIt(file: string, options: RunOptions, io: Io): Promise<number> {
  const regression = await readRegression(resolve(io.cwd, file))
  const reruns = await rerun({ regression, replace: await replacements(options.replace, io) })
  for (const one of reruns) {
    io.emit({ type: 'rerun', ...one })
    io.say(lineOf(one))
  }
  return reruns.every(({ passed }) => passed) ? EXIT.ok : EXIT.failed
}

function lineOf({ hash, is, succeeded, reproduced, gained, givenMore, lost, passed }: Rerun): string {
  const mark = passed ? '✓' : '✗'
  if (!reproduced) return `${mark} ${is} ${hash} is not reproduced: it shows nothing, with or without a fix`
  const what = [
    ...gained.map(({ account, asset, amount }) => `${account} gains ${amount} of ${asset}`),
    ...lost.map(({ account, asset, amount }) => `${account} loses ${amount} of ${asset}`),
  ].join(', ')
  const outcome = succeeded ? 'goes through' : 'fails'
  const price = givenMore
    .map(({ asset, amount }) => `${amount} of ${asset} more than in the attack`)
    .join(', ')
  return `${mark} ${is} ${hash} ${outcome}${what === '' ? '' : `: ${what}`}${price === '' ? '' : `, and gives ${price}`}`
}

async function replacements(pairs: readonly string[], io: Io): Promise<Map<Address, Hex>> {
  const replace = new Map<Address, Hex>()
  for (const pair of pairs) {
    const [address = '', file = ''] = pair.split('=')
    replace.set(addressOf(address), await readRuntimeCode(resolve(io.cwd, file)))
  }
  return replace
}

function hashesOf(text: string | undefined): Hash[] {
  return listOf(text).map((item) => hashOf(item.trim()))
}
