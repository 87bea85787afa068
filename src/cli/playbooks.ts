import { type Command, Option } from 'commander'
import { openSigners } from '../contain/signers/configured.ts'
import { loadPlaybooks } from '../files/playbooks.ts'
import { CordonError } from '../kit/error.ts'
import { printable } from '../kit/text.ts'
import type { LoadedConfig } from '../model/config.ts'
import { type Hex, hexSchema } from '../model/hex.ts'
import { answers, type Playbook } from '../model/playbook.ts'
import { rolesOf } from '../model/role.ts'
import { type Answer, answerTypedData, proofOf, signAnswer } from '../playbooks/answers.ts'
import { actionKinds } from '../respond/actions/registry.ts'
import {
  cacaoOf,
  findPlaybookNamed,
  lacking,
  lintPlaybooks,
  openRunDesk,
  planFor,
  playbookFromCacao,
  type RunDesk,
} from '../respond/playbooks.ts'
import type { Io, RunCommand } from './io.ts'
import { EXIT, tellError } from './io.ts'
import { type CommonOptions, load, withOutput } from './options.ts'

type Options = Pick<CommonOptions, 'json' | 'verbose' | 'config'>

export function registerPlaybooks(program: Command, run: RunCommand): void {
  const playbooks = program
    .command('playbooks')
    .description('list, check and run response playbooks (docs/guides/playbooks.md)')
  const add = (name: string, description: string): Command =>
    withOutput(playbooks.command(name).description(description)).option(
      '-c, --config <file>',
      'configuration (default: cordon.config.ts here)',
    )
  add('list', 'list the playbooks that Cordon chooses from').action((options: Options) =>
    run(options, (io) => list(options, io)),
  )
  add('show <id>', 'show the text of a playbook and the steps that it would run').action(
    (id: string, options: Options) => run(options, (io) => show(id, options, io)),
  )
  add('lint [files...]', 'check playbook files without running them; exit code 2 if one is invalid').action(
    (files: string[], options: Options) => run(options, (io) => lint(files, options, io)),
  )
  add('run <id>', 'start a playbook for an incident; a running Cordon carries it out')
    .requiredOption('--incident <incident>', 'the incident')
    .option('--by <name>', 'who starts it', 'operator')
    .option('--dry-run', 'only print what it would do')
    .action((id: string, options: RunOptions) => run(options, (io) => begin(id, options, io)))
  add('export <id>', 'export a playbook in another format, to stdout')
    .addOption(new Option('--format <format>', 'which form').choices(['cacao']).default('cacao'))
    .action((id: string, options: Options) => run(options, (io) => exportOne(id, options, io)))
  add(
    'import <file>',
    'convert a CACAO 2.0 file to a playbook, on stdout; refuse what has no equivalent',
  ).action((file: string, options: Options) => run(options, (io) => importOne(file, io)))
  add('signal <run> <step> <answer>', `answer a step that waits: ${answers.join(' or ')}`)
    .requiredOption('--by <name>', 'who answers; for an approval, a name in `roles` of the configuration')
    .option('--note <text>', 'a note to the answer', '')
    .option('--sign', 'sign with their key, if it is a signer of the configuration')
    .option('--signature <hex>', 'the signature of a wallet over the message of --show')
    .option('--show', 'only print the EIP-712 message to sign')
    .action((runId: string, step: string, answer: string, options: SignalOptions) =>
      run(options, (io) => signal({ runId, step, answer }, options, io)),
    )
}

async function exportOne(id: string, options: Options, io: Io): Promise<number> {
  const cacao = cacaoOf(await findPlaybookNamed(filesOf(await load(options, io)), id))
  io.emit(cacao)
  io.say(JSON.stringify(cacao, null, 2))
  return EXIT.ok
}

async function importOne(file: string, io: Io): Promise<number> {
  const yaml = await playbookFromCacao(file)
  io.emit({ type: 'playbook-import', file, yaml })
  io.say(yaml)
  return EXIT.ok
}

type RunOptions = Options & { incident: string; by: string; dryRun?: boolean }
type SignalOptions = Options & {
  by: string
  note: string
  sign?: boolean
  signature?: string
  show?: boolean
}

function filesOf(loaded: LoadedConfig): readonly string[] | undefined {
  return loaded.origin === 'none' ? undefined : loaded.config.respond.playbooks
}

async function list(options: Options, io: Io): Promise<number> {
  const found = await loadPlaybooks(filesOf(await load(options, io)), actionKinds)
  for (const { playbook, contentHash } of found) {
    const { id, title, owner, level, when } = playbook
    io.emit({ type: 'playbook', id, title, owner, level, when, contentHash })
    io.say(`${id.padEnd(26)} ${when.severity.padEnd(8)} ${printable(title, 60)} (${occasionOf(when)})`)
  }
  return EXIT.ok
}

function occasionOf({ manual, categories, otherwise, protocols }: Playbook['when']): string {
  if (manual === true) return 'by people'
  const rest = categories.length === 0 || otherwise === true ? ['anything else'] : []
  const where = protocols === undefined ? '' : ` on ${protocols.join(', ')}`
  return `${[...categories, ...rest].join(', ')}${where}`
}

async function show(id: string, options: Options, io: Io): Promise<number> {
  const pinned = await findPlaybookNamed(filesOf(await load(options, io)), id)
  const plan = planFor(pinned)
  io.emit({ type: 'playbook', ...pinned, plan })
  io.say(`${pinned.source}\nIt would do:`)
  tellPlan(pinned, io)
  return EXIT.ok
}

function tellPlan(pinned: Parameters<typeof planFor>[0], io: Io): void {
  for (const { depth, id, block, what, under } of planFor(pinned)) {
    const pad = '  '.repeat(depth + 1)
    if (under !== null) io.say(`${pad.slice(1)}${under}:`)
    io.say(`${pad}${id}  ${block}  ${printable(what, 200)}`)
  }
}

async function lint(files: readonly string[], options: Options, io: Io): Promise<number> {
  const named = files.length > 0 ? files : filesOf(await load(options, io))
  const results = await lintPlaybooks(named)
  for (const { file, id, error } of results) {
    if (error === null) io.emit({ type: 'playbook-lint', file, id, valid: true })
    else tellError(error, io.json)
  }
  const bad = results.filter(({ error }) => error !== null).length
  const holes = lacking(
    results.flatMap(({ pinned }) => pinned ?? []),
    files.length === 0 && bad === 0,
  )
  for (const hole of holes) tellError(hole, io.json)
  io.say(`${results.length} playbooks, ${bad} not valid, ${holes.length} gaps in the response`)
  return bad === 0 && holes.length === 0 ? EXIT.ok : EXIT.usage
}

async function begin(id: string, options: RunOptions, io: Io): Promise<number> {
  const loaded = await load(options, io)
  const pinned = await findPlaybookNamed(filesOf(loaded), id)
  return withDesk(loaded, io, async (desk) => {
    const incident = await desk.incident(options.incident)
    if (options.dryRun) {
      io.emit({ type: 'plan', playbookId: id, incidentId: incident.id, steps: planFor(pinned) })
      io.say(`${id} for ${incident.id} (${printable(incident.title, 80)}) would do, and has not done:`)
      tellPlan(pinned, io)
      return EXIT.ok
    }
    const run = await desk.begin(incident.id, pinned, options.by)
    io.emit({ type: 'run', ...run })
    io.say(`${run.id} is ${run.state}; a running Cordon starts it within two seconds`)
    return EXIT.ok
  })
}

type Given = { runId: string; step: string; answer: string }

async function signal({ runId, step, answer }: Given, options: SignalOptions, io: Io): Promise<number> {
  const word = answers.find((known) => known === answer)
  if (word === undefined) throw unknownAnswer(answer)
  const loaded = await load(options, io)
  const people = loaded.origin === 'none' ? {} : loaded.config.roles
  const said = { runId, target: step, answer: word, author: options.by, note: options.note }
  if (options.show) {
    io.emit({ type: 'answer-to-sign', typedData: answerTypedData(said) })
    io.say(JSON.stringify(answerTypedData(said), null, 2))
    return EXIT.ok
  }
  const signature = await signatureFor(said, { options, loaded, io })
  const proof = await proofOf(said, people, signature)
  return withDesk(loaded, io, async (desk) => {
    const kept = await desk.signal({ ...said, roles: rolesOf(people, options.by), proof, signature })
    io.emit({ type: 'signal', ...kept })
    const how = kept.proof === 'signed' ? ', signed' : ''
    io.say(`kept: ${kept.author} says ${word} to ${printable(step, 80)} of ${printable(runId, 80)}${how}`)
    return EXIT.ok
  })
}

type Signing = { options: SignalOptions; loaded: LoadedConfig; io: Io }

async function signatureFor(said: Answer, { options, loaded, io }: Signing): Promise<Hex | null> {
  if (options.sign && loaded.origin !== 'none') {
    const signers = await openSigners(loaded.config, io.env)
    return signAnswer(
      said,
      loaded.config.roles,
      signers.map(({ signer }) => signer),
    )
  }
  return options.signature === undefined ? null : hexSchema.parse(options.signature)
}

async function withDesk(
  loaded: LoadedConfig,
  io: Io,
  act: (desk: RunDesk) => Promise<number>,
): Promise<number> {
  const dataDir = loaded.origin === 'none' ? '.cordon' : loaded.config.dataDir
  const desk = await openRunDesk({ dataDir, env: io.env, logger: io.logger })
  try {
    return await act(desk)
  } finally {
    await desk.close()
  }
}

function unknownAnswer(word: string): CordonError {
  return new CordonError({
    code: 'app.InvalidAnswer',
    message: `“${word.slice(0, 40)}” is not an answer.`,
    facts: { got: word.slice(0, 40), answers },
    fix: `Give one of ${answers.join(', ')}.`,
  })
}
