import type { Command } from 'commander'
import { systemClock } from '../kit/clock.ts'
import { addressOf } from '../model/given-address.ts'
import { listedLexicon } from '../names/listed-lexicon.ts'
import { givenOf } from '../respond/levers/lever-given.ts'
import { readLevers, storeLevers } from '../respond/levers/lever-record.ts'
import { describeLevers, describeObservation } from '../respond/levers/lever-text.ts'
import type { DiscoveredLevers } from '../respond/levers/levers.ts'
import { findLevers } from '../respond/levers/levers.ts'
import { describeReopening, reopeningOf } from '../respond/reopening.ts'
import { registerAuthorize } from './authorize.ts'
import type { Io, RunCommand } from './io.ts'
import { EXIT } from './io.ts'
import { dataDirOf, loadedOrFail } from './loaded.ts'
import type { CommonOptions } from './options.ts'
import { listOf, withChain, withOutput } from './options.ts'
import { registerPresign } from './presign.ts'
import { blockNumber } from './record.ts'

type Options = CommonOptions & { as?: string; with?: string; blocks: string }

export function registerLevers(program: Command, run: RunCommand): void {
  const levers = program
    .command('levers')
    .description('find calls that stop a loss (pause, freeze, cap) and who may make them')
  const command = levers
    .command('discover <address>')
    .description('find the levers of a contract, who may pull them and what each blocks; sends nothing')
    .option('--as <addresses>', 'also try these accounts: guardians, Safes, timelocks, separated by commas')
    .option('--with <names>', 'arguments of levers: asset=0x…,spender=0x…, separated by commas')
    .option('--blocks <n>', 'try each lever on the calls of this many latest blocks', '20')
  withChain(command).action((address: string, options: Options) =>
    run(options, (io) => discover(address, options, io)),
  )
  registerPresign(levers, run)
  registerAuthorize(levers, run)
  const back = levers
    .command('reopen <incident>')
    .description('show the stages in which the levers of an incident would be reopened; sends nothing')
  withChain(back).action((incident: string, options: CommonOptions) =>
    run(options, (io) => reopen(incident, options, io)),
  )
  withOutput(
    levers.command('list').description('list the levers on record, their age, and who could pull them'),
  )
    .option('-c, --config <file>', 'configuration (default: cordon.config.ts here)')
    .action((options: CommonOptions) => run(options, (io) => list(options, io)))
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
  const { config, file } = await loadedOrFail(options, io)
  const people = Object.values(config.roles).flatMap((role) => role.flatMap((person) => person.address ?? []))
  const found = await findLevers({
    config,
    target,
    callers: [...listOf(options.as).map(addressOf), ...people],
    given: givenOf(listOf(options.with)),
    blocks: blockNumber(options.blocks, '--blocks'),
    signal: io.signal,
    progress: (text) => io.progress(text),
  })
  if (found === undefined) return EXIT.failed
  io.emit(found)
  const { functions } = await listedLexicon(config, found.chainId)
  for (const line of describeLevers(found, functions)) io.say(line)
  await keep(found, { file, dataDir: config.dataDir }, io)
  return EXIT.ok
}

/** On record where there is a record: with a configuration file or DATABASE_URL. An RPC URL alone leaves nothing behind. */
async function keep(
  found: DiscoveredLevers,
  { file, dataDir }: { file: string | null; dataDir: string },
  { env, logger, say }: Io,
): Promise<void> {
  const isKept = file !== null || (env['DATABASE_URL'] ?? '') !== ''
  if (isKept) await storeLevers({ dataDir, env, logger }, found)
  say(
    isKept ? 'on record: cordon levers list' : 'not put on record: no configuration file and no DATABASE_URL',
  )
}

async function list(options: CommonOptions, io: Io): Promise<number> {
  const { env, logger } = io
  const observations = await readLevers({ dataDir: await dataDirOf(options, io), env, logger })
  const now = systemClock.now()
  for (const observation of observations) {
    io.emit({ type: 'lever', ...observation })
    io.say(describeObservation(observation, now))
  }
  if (observations.length === 0) io.say('no levers on record: cordon levers discover ADDR')
  return EXIT.ok
}
