import { type Command, Option } from 'commander'
import { startDrilled } from '../app/drilled.ts'
import { openSigners } from '../contain/signers/configured.ts'
import { type DrillHome, openDrillHome, writeDrillFile } from '../drills/home.ts'
import { type Practice, type PracticeOptions, practise } from '../drills/practice.ts'
import { answerReach, reachTypedData, signReach, testReach } from '../drills/reach.ts'
import { archiveOf } from '../drills/read.ts'
import { hashOf } from '../investigate/investigate.ts'
import { systemClock } from '../kit/clock.ts'
import { durationMs } from '../kit/duration.ts'
import { CordonError } from '../kit/error.ts'
import { toJson } from '../kit/json.ts'
import { printable } from '../kit/text.ts'
import { attackKinds } from '../model/attack-kind.ts'
import type { Config, LoadedConfig } from '../model/config.ts'
import { type DrillPeople, type DrillReport, drillPeople } from '../model/drill.ts'
import { hexSchema } from '../model/hex.ts'
import { createHub } from '../notify/hub.ts'
import { openChannels } from '../notify/registry.ts'
import type { Io, RunCommand } from './io.ts'
import { EXIT } from './io.ts'
import { loadedOrFail } from './loaded.ts'
import { type CommonOptions, load, positive, withChain, withOutput } from './options.ts'
import { attackOf, writer } from './start.ts'
import { drillStory } from './story.ts'

type RunOptions = CommonOptions & {
  attack: string
  mempool?: boolean
  people: DrillPeople
  standing: boolean
  pace: string
  seed: string
  forkUrl?: string
  replay?: string
  dataDir?: string
}

export function registerDrill(program: Command, run: RunCommand): void {
  const drill = program
    .command('drill')
    .description('practise an attack with your team: timed, measured, scored (docs/guides/drills.md)')
  const runs = drill
    .command('run')
    .description('play an attack from the first block to containment; exit code 3 if it was not contained')
    .option('--attack <kind>', attackKinds.join(', '), 'option')
    .option('--mempool', 'look at pending transactions too')
    .addOption(
      new Option('--people <who>', 'played by a script, real and timed, or none')
        .choices([...drillPeople])
        .default('played'),
    )
    .option('--no-standing', 'no standing authorisation: people must sign')
    .option('--pace <n>', 'played people are n times faster than real people', '60')
    .option('--seed <n>', 'seed of the honest traffic and of the played people', '1')
    .option('--fork-url <rpc>', 'on a fork of this chain, under another chain id, with your configuration')
    .option('--replay <transaction>', 'with --fork-url: replay this recorded attack')
    .option('--data-dir <folder>', 'keep the record below this folder, and read no configuration')
  withChain(runs).action((options: RunOptions) => run(options, (io) => runIt(options, io)))
  registerReach(drill, run)
  const listed = drill.command('list').description('list drills and reach tests, newest first')
  withConfig(listed).action((options: CommonOptions) => run(options, (io) => list(options, io)))
  const reported = drill
    .command('report [id]')
    .description('print the report of a drill or reach test (default: the newest)')
  withConfig(reported).action((id: string | undefined, options: CommonOptions) =>
    run(options, (io) => report(id, options, io)),
  )
}

type ReachOptions = CommonOptions & { timeout: string }

function registerReach(drill: Command, run: RunCommand): void {
  const reached = drill
    .command('reach')
    .description(
      'page everybody who holds a key with a one-time code; exit code 4 if somebody does not answer',
    )
    .option('--timeout <duration>', 'how long to wait for answers', '10m')
  withConfig(reached).action((options: ReachOptions) => run(options, (io) => reach(options, io)))
  const answered = drill
    .command('answer <code>')
    .description('answer a page of `drill reach`')
    .requiredOption('--by <name>', 'who answers, as written in the page')
    .option('--sign', 'sign with their key, if it is a signer of the configuration')
    .option('--signature <hex>', 'the signature of a wallet over the message of --show')
    .option('--show', 'only print the EIP-712 message to sign')
  withConfig(answered).action((code: string, options: AnswerOptions) =>
    run(options, (io) => answer(code, options, io)),
  )
}

async function reach(options: ReachOptions, io: Io): Promise<number> {
  const { config } = await loadedOrFail(options, io)
  const timeoutMs = durationMs(options.timeout)
  if (timeoutMs === undefined || timeoutMs <= 0) throw invalidDuration(options.timeout)
  const write = writer(io, { write: io.say })
  const channels = openChannels({ config, env: io.env, write, clock: systemClock })
  return withHome(config.dataDir, io, async (home) => {
    const { signal } = io
    const given = { home, config, channels, timeoutMs, clock: systemClock, signal, say: io.say }
    const { test, people, file, markdown } = await testReach(given)
    io.emit({ type: 'reach', ...test, people })
    io.say(`\n${markdown}`)
    io.say(`Kept in ${file}`)
    const all = people.length > 0 && people.every(({ reached }) => reached) && test.emptyRoles.length === 0
    return all ? EXIT.ok : EXIT.unhealthy
  })
}

type AnswerOptions = CommonOptions & { by: string; sign?: boolean; signature?: string; show?: boolean }

async function answer(code: string, options: AnswerOptions, io: Io): Promise<number> {
  const word = { code, by: options.by }
  if (options.show) {
    io.emit({ type: 'answer-to-sign', typedData: reachTypedData(word) })
    io.say(JSON.stringify(reachTypedData(word), null, 2))
    return EXIT.ok
  }
  const { config } = await loadedOrFail(options, io)
  const signature = options.sign
    ? await signReach(
        word,
        config.roles,
        (await openSigners(config, io.env)).map(({ signer }) => signer),
      )
    : options.signature === undefined
      ? null
      : hexSchema.parse(options.signature)
  return withHome(config.dataDir, io, async ({ store }) => {
    const kept = await answerReach({ store, clock: systemClock }, { ...word, signature })
    io.emit(kept)
    const missing = kept.proof === 'missing' ? '; NOT signed, so it does not count (--sign)' : ''
    io.say(
      `kept: ${printable(kept.person, 60)} answers over ${kept.channel}${kept.late ? ', too late' : ''}${missing}`,
    )
    return kept.late || kept.proof === 'missing' ? EXIT.failed : EXIT.ok
  })
}

function invalidDuration(text: string): CordonError {
  return new CordonError({
    code: 'app.InvalidDuration',
    message: `“${printable(text, 40)}” is not a duration.`,
    fix: 'Give one as 30m, 4h or 1d.',
  })
}

function withConfig(command: Command): Command {
  return withOutput(command).option('-c, --config <file>', 'configuration (default: cordon.config.ts here)')
}

function dataDirOf(loaded: LoadedConfig): string {
  return loaded.origin === 'none' ? '.cordon' : loaded.config.dataDir
}

async function withHome<T>(dataDir: string, io: Io, act: (home: DrillHome) => Promise<T>): Promise<T> {
  const home = await openDrillHome({ dataDir, env: io.env, logger: io.logger })
  try {
    return await act(home)
  } finally {
    await home.close()
  }
}

async function runIt(options: RunOptions, io: Io): Promise<number> {
  const { people } = options
  const loaded = await loadedFor(options, io)
  return withHome(options.dataDir ?? dataDirOf(loaded), io, async (home) => {
    const hub = createHub()
    const story = drillStory(hub, io)
    const { say } = story
    const practice = await practise({
      home,
      start: startDrilled,
      attack: attackOf(options.attack),
      people,
      pace: positive(options.pace, '--pace'),
      standing: options.standing,
      ...groundOf(loaded, options),
      ready: (config) => tellPeople({ loaded, people, home, say }, config),
      mempool: options.mempool === true,
      blockSeconds: 1,
      seed: Number(options.seed) || 1,
      hub,
      logger: io.logger,
      write: writer(io, story),
      say,
      signal: io.signal,
    })
    await story.told()
    return end(practice, io)
  })
}

async function loadedFor(options: RunOptions, io: Io): Promise<LoadedConfig> {
  if (options.forkUrl !== undefined) return fileFor(options, io)
  return options.dataDir === undefined ? load(options, io) : { origin: 'none' }
}

async function fileFor(options: RunOptions, io: Io): Promise<LoadedConfig> {
  return { origin: 'file', ...(await loadedOrFail(options, io)) }
}

type Ground = Pick<PracticeOptions, 'on' | 'team'>

/** The fork, if any, and the people to page: on the drill's own chain, real people are those of the configuration. */
function groundOf(loaded: LoadedConfig, { people, forkUrl, replay }: RunOptions): Ground {
  if (loaded.origin === 'none') return {}
  const { config } = loaded
  if (forkUrl !== undefined) {
    return { on: { config, forkUrl, replay: replay === undefined ? null : hashOf(replay) } }
  }
  const real = people === 'timed' && Object.keys(config.roles).length > 0
  return real ? { team: { roles: config.roles, channels: config.channels } } : {}
}

type Telling = { loaded: LoadedConfig; people: DrillPeople; home: DrillHome; say: (line: string) => void }

/** Real people answer with the ordinary commands, on the drill's own record. */
async function tellPeople({ loaded, people, home, say }: Telling, config: Config): Promise<void> {
  if (people !== 'timed') return
  const signers = loaded.origin === 'none' ? [] : loaded.config.signers
  const text = `${toJson({ ...config, signers }, 2)}\n`
  const file = await writeDrillFile(home.dataDir, 'cordon.config.json', text)
  say(`answer with the commands of the pages and: -c ${file}`)
  say('Ctrl-C cancels the drill and keeps the measurements so far')
}

/** Reports the result. */
function end({ report, markdown, file }: Practice, io: Io): number {
  io.emit(report)
  io.say(`\n${markdown}`)
  io.say(`Kept in ${file}`)
  return report.contained ? EXIT.ok : EXIT.notContained
}

async function list(options: CommonOptions, io: Io): Promise<number> {
  return withHome(dataDirOf(await load(options, io)), io, async ({ store }) => {
    const { drills, reaches } = await archiveOf(store)
    for (const drill of drills) {
      io.emit(drill)
      io.say(drillLine(drill))
    }
    for (const { test, people } of reaches) {
      io.emit({ type: 'reach', ...test, people })
      const reached = people.filter((person) => person.reached).length
      io.say(`${test.id}  ${iso(test.startedAt)}  reach test: ${reached} of ${people.length} reached`)
    }
    if (drills.length + reaches.length === 0) io.say('no drill yet: cordon drill run')
    return EXIT.ok
  })
}

function drillLine({ id, startedAt, attack, people, contained, points, where }: DrillReport): string {
  const met = points.filter(({ state }) => state === 'met').length
  const how = contained ? 'contained' : 'NOT contained'
  return `${id}  ${iso(startedAt)}  ${printable(attack, 60)} (${where.kind}), people ${people}: ${how}; ${met} of ${points.length} points`
}

async function report(id: string | undefined, options: CommonOptions, io: Io): Promise<number> {
  return withHome(dataDirOf(await load(options, io)), io, async ({ store }) => {
    const found = await (await archiveOf(store)).find(id)
    io.emit(found.document)
    io.say(found.markdown)
    return EXIT.ok
  })
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}
