import type { Command } from 'commander'
import { addressOf } from '../app/config/load.ts'
import { describeLevers, findLevers } from '../app/levers.ts'
import { describeReopening, reopeningOf } from '../app/reopening.ts'
import { registerAuthorize } from './authorize.ts'
import type { Io, RunCommand } from './io.ts'
import { EXIT } from './io.ts'
import { loadedOrFail } from './loaded.ts'
import type { CommonOptions } from './options.ts'
import { listOf, withChain } from './options.ts'
import { registerPresign } from './presign.ts'
import { blockNumber } from './record.ts'

type Options = CommonOptions & { as?: string; blocks: string }

export function registerLevers(program: Command, run: RunCommand): void {
  const levers = program.command('levers').description('what may be pulled to stop loss, and by whom')
  const command = levers
    .command('discover <address>')
    .description(
      'find the levers of a contract, try who may pull them, probe what each blocks; sends nothing',
    )
    .option('--as <addresses>', 'whom to try too: guardians, Safes, timelocks, separated by commas')
    .option('--blocks <n>', 'latest blocks whose ordinary calls each lever is tried on', '20')
  withChain(command).action((address: string, options: Options) =>
    run(options, (io) => discover(address, options, io)),
  )
  registerPresign(levers, run)
  registerAuthorize(levers, run)
  const back = levers
    .command('reopen <incident>')
    .description('the stages in which what an incident pulled would be opened again; sends nothing')
  withChain(back).action((incident: string, options: CommonOptions) =>
    run(options, (io) => reopen(incident, options, io)),
  )
}

async function reopen(incidentId: string, options: CommonOptions, io: Io): Promise<number> {
  const { config } = await loadedOrFail(options, io)
  const stages = await reopeningOf({ config, env: io.env, logger: io.logger, incidentId })
  io.emit({ type: 'reopening', incidentId, ...stages })
  for (const line of describeReopening(stages)) io.say(line)
  return EXIT.ok
}

async function discover(address: string, options: Options, io: Io): Promise<number> {
  const target = addressOf(address)
  const { config } = await loadedOrFail(options, io)
  const people = Object.values(config.roles).flatMap((role) => role.flatMap((person) => person.address ?? []))
  const found = await findLevers({
    config,
    target,
    callers: [...listOf(options.as).map(addressOf), ...people],
    blocks: blockNumber(options.blocks, '--blocks'),
    signal: io.signal,
    progress: (text) => io.progress(text),
  })
  if (found === undefined) return EXIT.failed
  io.emit(found)
  for (const line of describeLevers(found)) io.say(line)
  return EXIT.ok
}
