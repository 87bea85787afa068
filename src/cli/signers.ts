import type { Command } from 'commander'
import type { SignerCheck } from '../contain/signers/configured.ts'
import { checkSigners, openSigners, writeKeystore } from '../contain/signers/configured.ts'
import type { GlobalOptions, Io, RunCommand } from './io.ts'
import { EXIT } from './io.ts'
import { loadedOrFail } from './loaded.ts'
import type { CommonOptions } from './options.ts'
import { withChain, withOutput } from './options.ts'

type NewOptions = GlobalOptions & { keystore: string; passwordEnv: string }

export function registerSigners(program: Command, run: RunCommand): void {
  const signers = program.command('signers').description('manage the keys that Cordon signs with')
  const listed = signers.command('list').description('address and kind of each signer of the configuration')
  withChain(listed).action((options: CommonOptions) => run(options, (io) => list(options, io)))
  const checked = signers
    .command('check')
    .description('has each signer sign what allows nothing, and reads its balances; sends nothing')
  withChain(checked).action((options: CommonOptions) => run(options, (io) => check(options, io)))
  const made = signers
    .command('new')
    .description('make a key in an encrypted keystore; prints its address only')
    .requiredOption('--keystore <file>', 'file to write; an existing file is never overwritten')
    .requiredOption('--password-env <name>', 'environment variable that holds the password')
  withOutput(made).action((options: NewOptions) => run(options, (io) => make(options, io)))
}

async function list(options: CommonOptions, io: Io): Promise<number> {
  const { config } = await loadedOrFail(options, io)
  for (const { signer, kind, from } of await openSigners(config, io.env)) {
    io.emit({ type: 'signer', address: signer.address, kind, from })
    io.say(`${signer.address}  ${kind}  ${from}`)
  }
  return EXIT.ok
}

async function check(options: CommonOptions, io: Io): Promise<number> {
  const { config } = await loadedOrFail(options, io)
  const checks = await checkSigners(config, io.env)
  for (const signer of checks) {
    io.emit({ type: 'signer', ...signer })
    for (const line of describe(signer)) io.say(line)
  }
  if (checks.length === 0) io.say('No signer is configured: Cordon proposes and people act.')
  return checks.some(({ problem }) => problem !== null) ? EXIT.unhealthy : EXIT.ok
}

function describe({ from, kind, address, problem, fix, balances }: SignerCheck): string[] {
  if (problem !== null)
    return [`✗ ${from} (${kind}): ${problem}`, ...(fix === null ? [] : [`    Fix: ${fix}`])]
  const funds = Object.entries(balances).map(([chainId, wei]) => `${wei} wei on chain ${chainId}`)
  return [`✓ ${address} (${kind}, ${from}) signs; ${funds.join(', ')}`]
}

async function make({ keystore, passwordEnv }: NewOptions, io: Io): Promise<number> {
  const address = await writeKeystore({ path: keystore, passwordEnv }, io.env)
  io.emit({ type: 'keystore', address, path: keystore })
  io.say(`${address} in ${keystore}. Fund it, name it in signers[], and keep the password elsewhere.`)
  return EXIT.ok
}
