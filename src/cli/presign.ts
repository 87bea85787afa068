import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { CordonError } from '../kit/error.ts'
import { toJson } from '../kit/json.ts'
import { addressOf } from '../model/given-address.ts'
import { importPresigned, presignRequests } from '../respond/levers/presign.ts'
import type { Io, RunCommand } from './io.ts'
import { EXIT } from './io.ts'
import { loadedOrFail } from './loaded.ts'
import type { CommonOptions } from './options.ts'
import { withChain } from './options.ts'
import { blockNumber } from './record.ts'

type Options = CommonOptions & { safe?: string; nonce?: string; out?: string; import?: string }

export function registerPresign(levers: Command, run: RunCommand): void {
  const command = levers
    .command('presign [address]')
    .description(
      'collect signatures of a Safe’s owners in advance, to send its pauses at once; sends nothing',
    )
    .option('--safe <address>', 'the Safe that may pull the levers of the contract')
    .option('--nonce <n>', 'the nonce of the Safe to sign for (default: its current one)')
    .option('-o, --out <file>', 'file to write the request to sign to')
    .option('--import <file>', 'import that file, with the owners’ signatures in signatures[]')
  withChain(command).action((address: string | undefined, options: Options) =>
    run(options, (io) =>
      options.import === undefined ? ask(address, options, io) : take(options.import, options, io),
    ),
  )
}

async function ask(address: string | undefined, options: Options, io: Io): Promise<number> {
  const { safe, nonce, out } = options
  if (address === undefined || safe === undefined) throw nothingNamed()
  const { config } = await loadedOrFail(options, io)
  const presigned = await presignRequests({
    config,
    target: addressOf(address),
    safe: addressOf(safe),
    nonce: nonce === undefined ? null : blockNumber(nonce, '--nonce'),
  })
  if (out !== undefined) await writeFile(out, `${toJson({ presigned }, 2)}\n`, { flag: 'wx' })
  for (const request of presigned) {
    io.emit({ type: 'presign', ...request })
    io.say(`${request.lever} of ${request.to}: SafeTx ${request.safeTxHash}, nonce ${request.nonce}`)
    io.say(
      `    ${request.threshold} owners sign the typed data${out === undefined ? ' (see --out)' : ` in ${out}`}`,
    )
  }
  if (presigned.length === 0) io.say('The Safe may pull no lever that Cordon found.')
  return presigned.length === 0 ? EXIT.failed : EXIT.ok
}

async function take(file: string, options: Options, io: Io): Promise<number> {
  const { config } = await loadedOrFail(options, io)
  const results = await importPresigned({ config, file, env: io.env, logger: io.logger })
  for (const result of results) {
    io.emit({ type: 'presigned', ...result })
    const { owner, safe, nonce, problem } = result
    io.say(problem === null ? `✓ ${owner} for ${safe}, nonce ${nonce}` : `✗ not kept: ${problem}`)
  }
  if (results.length === 0) io.say('The file has no signature.')
  return results.length > 0 && results.every(({ problem }) => problem === null) ? EXIT.ok : EXIT.failed
}

function nothingNamed(): CordonError {
  return new CordonError({
    code: 'app.InvalidAddress',
    message: 'Name a contract and its Safe, or a file to import.',
    fix: 'cordon levers presign ADDR --safe SAFE -o FILE, or cordon levers presign --import FILE',
  })
}
