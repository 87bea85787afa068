import type { Command } from 'commander'
import { loadConfig } from '../app/config/load.ts'
import { startDrilled } from '../app/drilled.ts'
import { type ServedApi, serveApi } from '../app/serve.ts'
import { type RunningApp, startApp } from '../app/start.ts'
import { runDrill } from '../drills/run.ts'
import { followSchedule } from '../drills/scheduled.ts'
import { CordonError, messageOf } from '../kit/error.ts'
import type { AttackKind } from '../model/attack-kind.ts'
import { attackKinds } from '../model/attack-kind.ts'
import type { Notification } from '../model/notification.ts'
import { createHub } from '../notify/hub.ts'
import { aloneNow } from '../respond/alone/alone.ts'
import { deliver } from '../respond/outbox.ts'
import { counted } from '../words/share.ts'
import type { Io, RunCommand } from './io.ts'
import { EXIT } from './io.ts'
import type { CommonOptions } from './options.ts'
import { listOf, withChain } from './options.ts'
import { drillEnd, drillStory, liveStory, type Story } from './story.ts'

type Options = CommonOptions & {
  once?: boolean
  attack: string
  response: boolean
  mempool?: boolean
  seed: string
}

export function registerStart(program: Command, run: RunCommand): void {
  const command = program
    .command('start')
    .description(
      'watch your protocol, respond and record; without a configuration: run a drill on a local chain',
    )
    .option('--once', 'drill: exit when it is over; 0 only if the attack was contained')
    .option('--attack <kind>', `drill: ${attackKinds.join(', ')}`, 'option')
    .option('--no-response', 'watch and record, never act')
    .option('--mempool', 'look at pending transactions too')
    .option('--seed <n>', 'drill: seed of the honest traffic', '1')
  withChain(command).action((options: Options) => run(options, (io) => start(options, io)))
}

async function start(options: Options, io: Io): Promise<number> {
  const { config: file, rpc } = options
  const loaded = await loadConfig({ cwd: io.cwd, env: io.env, file, rpc, protect: listOf(options.protect) })
  if (loaded.origin === 'none') return drill(options, io)
  const hub = createHub()
  const story = liveStory(hub, io)
  const config = options.response
    ? loaded.config
    : { ...loaded.config, respond: { ...loaded.config.respond, enabled: false } }
  const { env, logger, signal } = io
  const running = await startApp({ config, env, logger, hub, write: writer(io, story), signal })
  const api = await serveApi(running.app, config.api.port)
  const drills = new AbortController()
  const child = { program: process.argv[1] ?? '', dataDir: config.dataDir, cwd: io.cwd, env: io.env }
  const { app } = running
  const page = (notification: Notification) => deliver(app, notification)
  const drilling = followSchedule({ ...app, ...child, page, signal: drills.signal })
  try {
    story.say(`Cordon watches ${chainsText(running)} · API ${apiText(api)}`)
    io.emit({ type: 'ready', api: api.url })
    void sayAlone(running, { io, story })
    await Promise.race([running.watching, aborted(io.signal)])
    return EXIT.ok
  } finally {
    drills.abort()
    await drilling
    await api.stop()
    await running.stop()
  }
}

/**
 * Prints the actions that need no people and those that do, one line per contract; in parallel to the watch, which
 * waits for nothing.
 */
async function sayAlone({ app }: RunningApp, { io, story }: { io: Io; story: Story }): Promise<void> {
  try {
    for await (const one of aloneNow(app)) {
      io.emit({ type: 'alone', ...one })
      story.say(one.text, one.alone ? 'well' : 'danger')
    }
  } catch (thrown) {
    if (!io.signal.aborted)
      io.logger.warn({ reason: messageOf(thrown) }, 'could not list what Cordon does alone')
  }
}

function chainsText({ app }: RunningApp): string {
  const names = [...app.chains.values()].map(({ chainId, config: { name } }) => name ?? `chain ${chainId}`)
  return `${names.join(', ')}, ${counted(app.config.protect.length, 'protected contract')}`
}

/** A token that the operator has set is theirs, and is never shown again. */
function apiText({ url, token, isOwnToken }: ServedApi): string {
  return isOwnToken ? `${url} (token: CORDON_API_TOKEN)` : `${url} (token ${token})`
}

/** Notifications of the console channel; in JSON mode stdout is reserved for NDJSON. */
export function writer(io: Io, story: Pick<Story, 'write'>): (line: string) => void {
  return (line) => (io.json ? process.stderr.write(line) : story.write(line))
}

async function drill(options: Options, io: Io): Promise<number> {
  const attack = attackOf(options.attack)
  const hub = createHub()
  const story = drillStory(hub, io)
  let api: ServedApi | undefined
  let running: RunningApp | undefined
  const serve = async (): Promise<void> => {
    if (options.once === true || running === undefined) return
    api = await serveApi(running.app, 4480)
    story.say(`API ${apiText(api)}`)
    io.emit({ type: 'ready', api: api.url })
  }
  const drilled = await runDrill({
    attack,
    respond: options.response,
    people: 'none',
    pace: 1,
    standing: true,
    mempool: options.mempool === true,
    blockSeconds: 1,
    seed: Number(options.seed) || 1,
    dataDir: '.cordon',
    apiPort: 4480,
    hub,
    logger: io.logger,
    env: io.env,
    write: writer(io, story),
    say: story.say,
    async start(given) {
      const drilled = await startDrilled(given)
      running = drilled
      return drilled
    },
    started: serve,
    signal: io.signal,
  })
  try {
    io.emit({ type: 'drill', ...drilled.outcome })
    await drillEnd(drilled, { io, api: api && apiText(api), story })
    if (api !== undefined) {
      io.say('\nStill watching; Ctrl-C ends it.')
      await Promise.race([drilled.running.watching, aborted(io.signal)])
    }
    return drilled.outcome.contained ? EXIT.ok : EXIT.notContained
  } finally {
    await api?.stop()
    await drilled.stop()
  }
}

export function attackOf(text: string): AttackKind {
  const kind = attackKinds.find((known) => known === text)
  if (kind !== undefined) return kind
  throw new CordonError({
    code: 'app.InvalidAttack',
    message: `There is no attack called “${text.slice(0, 40)}”.`,
    facts: { got: text.slice(0, 40), known: attackKinds },
    fix: `Choose one of ${attackKinds.join(', ')}.`,
  })
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
