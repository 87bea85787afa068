import { resolve } from 'node:path'
import type { Command } from 'commander'
import { investigateWhatIf } from '../investigate/counterfactual/investigate.ts'
import type { BeyondOptions } from '../investigate/gather/beyond.ts'
import { beyondOptions } from '../investigate/gather/beyond-options.ts'
import { isUrl } from '../investigate/gather/source.ts'
import {
  type IncidentSource,
  incidentSource,
  noSource,
  recordOnIncident,
} from '../investigate/incident-source.ts'
import {
  freezeInvestigation,
  type InvestigateTransactionOptions,
  investigateTransactions,
} from '../investigate/investigate.ts'
import { withAtRisk } from '../investigate/siblings/at-risk.ts'
import { printable } from '../kit/text.ts'
import { addressOf } from '../model/given-address.ts'
import type { FirstScreen, Investigation } from '../model/investigation.ts'
import type { DecodingOptions } from '../names/decoding.ts'
import { checkReportFile, reportOnInvestigation } from '../reports/share/written-report.ts'
import { describeInvestigation, firstSight } from './investigation-text.ts'
import type { Io, RunCommand } from './io.ts'
import { EXIT } from './io.ts'
import type { CommonOptions } from './options.ts'
import { listOf, load, positive, withOutput } from './options.ts'
import { scopeOf } from './replay.ts'

type Options = CommonOptions & {
  tx?: string
  incident?: string
  full?: boolean
  tree?: boolean
  abi?: string
  signatures?: string
  guess?: boolean
  freeze?: string
  prices?: string
  tokens?: string
  history?: string
  propose?: string
  storage?: boolean
  find?: string
  depth?: string
  counterfactual?: boolean
  legitimate?: string
  siblings?: string
  known?: string
  addresses?: string
  around?: string
  labels?: string
  report?: string
  record?: boolean
}

export function registerInvestigate(program: Command, run: RunCommand): void {
  const command = program
    .command('investigate [source]')
    .description('find root cause, losses, actors and steps of an attack, each with its evidence')
    .option('--tx <hashes>', 'the transactions, separated by commas (optional if a bundle has one)')
    .option(
      '--incident <id>',
      'the transactions of an incident on record; default <source>: the endpoint of its chain',
    )
    .option('--record', 'with --incident: put it on the incident’s timeline and into its evidence')
    .option('-c, --config <file>', 'configuration (default: cordon.config.ts here)')
    .option('--protect <addresses>', 'contracts to protect, separated by commas')
    .option('--full', 'show the call tree, with reads')
    .option('--tree', 'show the call tree')
    .option('--find <text>', 'show only calls with this name, address, selector or argument')
    .option('--depth <levels>', 'show only this many levels')
    .option('--abi <paths>', 'ABI files, artifacts or metadata folders, separated by commas; 0xADDRESS=PATH')
    .option('--signatures <files>', '4-byte tables, separated by commas')
    .option('--tokens <files>', 'token lists, separated by commas')
    .option('--prices <files>', 'price files, separated by commas')
    .option('--history <files>', 'propose rules from these bundle files with the protocol’s history')
    .option('--propose <folder>', 'write the proposed rules there')
    .option('--storage', 'show storage changes, with names if --abi has layouts (only from a node)')
    .option(
      '--freeze <file>',
      'write every answer of the node into a bundle file (.ndjson, .ndjson.gz), to investigate without a node',
    )
    .option(
      '--around <blocks>',
      'read this many blocks around the attack from a node, and ask it how the actors began',
    )
    .option('--known <paths>', 'known attackers’ code: JSON lists or folders of them, separated by commas')
    .option(
      '--addresses <list>',
      'contracts to compare with the weak one: addresses, or a file with one in each line',
    )
    .option('--labels <paths>', 'address labels, separated by commas (default: the shipped ones)')
    .option('--report <file>', 'write a report to this file: .md, .html, .pdf, .stix.json or .csv')
    .option('--guess', 'guess the functions of unknown code from its bytecode')
    .option(
      '--counterfactual',
      'run the attack again with one thing altered at a time; <source> is a node, or a file of `regress freeze`',
    )
    .option(
      '--legitimate <hashes>',
      'with --counterfactual: ordinary transactions that a sound alteration does not break',
    )
    .option('--siblings <addresses>', 'try the same attack on these contracts, on a fork of <source>')
    .addHelpText('after', '\n<source> is a bundle file or a JSON-RPC URL.')
  withOutput(command).action((source: string | undefined, options: Options) =>
    run(options, (io) => show(source, options, io)),
  )
}

async function show(given: string | undefined, options: Options, io: Io): Promise<number> {
  const { protect, full, find } = options
  const { source, hashes, others, findings } = await whatToLookAt(given, options, io)
  if (options.report !== undefined) checkReportFile(options.report)
  const depth = options.depth === undefined ? undefined : positive(options.depth, '--depth')
  const tree = options.tree === true || full === true || find !== undefined || depth !== undefined
  const asked = {
    source,
    hashes,
    scope: scopeOf(protect),
    full: full === true,
    view: { find, depth: depth === undefined ? undefined : depth - 1 },
    recorded: findings,
    storage: options.storage === true,
    onFirst: (screen: FirstScreen) => io.progress(firstSight(screen)),
    ...(await filesIn(options, io)),
    propose: proposeIn(source, options, io),
    beyond: await beyondIn(options, { io, others }),
  }
  const found = await investigated(asked, options, io)
  const siblings = listOf(options.siblings).map(addressOf)
  const investigation = siblings.length === 0 ? found : await withAtRisk(found, { source, siblings })
  io.emit(investigation)
  for (const line of describeInvestigation(investigation, { tree })) io.say(line)
  if (options.record === true && options.incident !== undefined) {
    const { env, logger } = io
    const incidentId = options.incident
    await recordOnIncident(investigation, { loaded: await load(options, io), incidentId, env, logger })
    io.say(`\nOn record: ${printable(incidentId, 80)}`)
  }
  if (options.report !== undefined) {
    const { file, sha256 } = await reportOnInvestigation(investigation, resolve(io.cwd, options.report))
    io.say(`\nReport: ${file}, TLP:RED, SHA-256 ${sha256}`)
  }
  return EXIT.ok
}

/** The investigation as it was, frozen into a file on the way, or with the profit that would have remained. */
async function investigated(
  asked: InvestigateTransactionOptions,
  { freeze, counterfactual, legitimate }: Options,
  { cwd }: Io,
): Promise<Investigation> {
  if (freeze !== undefined) await freezeInvestigation(asked, resolve(cwd, freeze), listOf(legitimate))
  if (counterfactual === true) return investigateWhatIf({ ...asked, legitimate: listOf(legitimate) })
  return investigateTransactions(freeze === undefined ? asked : { ...asked, source: resolve(cwd, freeze) })
}
type LookAt = Pick<IncidentSource, 'findings'> & {
  source: string
  hashes: readonly string[]
  others: NonNullable<BeyondOptions['incidents']>
}

/** The named transactions, or those of an incident on record. Throws `app.NoSource`, `incidents.UnknownIncident`. */
async function whatToLookAt(given: string | undefined, options: Options, io: Io): Promise<LookAt> {
  const named = listOf(options.tx)
  if (options.incident === undefined) {
    if (given === undefined) throw noSource()
    return { source: given, hashes: named, others: [], findings: [] }
  }
  const loaded = await load(options, io)
  const { env, logger } = io
  const found = await incidentSource({ loaded, incidentId: options.incident, env, logger })
  const source = given ?? found.rpcUrl
  if (source === null) throw noSource()
  return {
    source,
    hashes: named.length > 0 ? named : found.hashes,
    others: found.others,
    findings: found.findings,
  }
}

/** Watched contracts of the configuration are compared too; the command line’s lists precede its own. */
async function beyondIn(
  { addresses, around, known, labels, ...options }: Options,
  { io, others }: { io: Io; others: LookAt['others'] },
): Promise<BeyondOptions> {
  const loaded = await load(options, io)
  const config = loaded.origin === 'none' ? undefined : loaded.config
  return beyondOptions(config, {
    addresses,
    around: around === undefined ? undefined : Math.ceil(positive(around, '--around')),
    known: known === undefined ? undefined : listOf(known),
    labels: labels === undefined ? undefined : listOf(labels),
    incidents: others,
  })
}

/** The named history; for --propose alone, the blocks before the attack in the bundle file itself. */
function proposeIn(
  source: string,
  { history, propose }: Options,
  { cwd }: Io,
): InvestigateTransactionOptions['propose'] {
  if (history === undefined && propose === undefined) return undefined
  const file = isUrl(source) ? undefined : source
  const files = listOf(history).map((path) => resolve(cwd, path))
  return {
    history: files.length > 0 || file === undefined ? files : [file],
    folder: propose === undefined ? undefined : resolve(cwd, propose),
    attack: file,
  }
}

type Files = { decoding: DecodingOptions; prices: readonly string[]; tokens: readonly string[] }

/** The files that the command line names, otherwise those of the configuration. */
async function filesIn(options: Options, io: Io): Promise<Files> {
  const loaded = await load(options, io)
  const config = loaded.origin === 'none' ? undefined : loaded.config
  const named = (kind: 'abi' | 'signatures' | 'prices' | 'tokens', configured: string[] = []): string[] =>
    options[kind] === undefined ? configured : listOf(options[kind])
  return {
    decoding: {
      abis: named('abi', config?.abis),
      signatures: named('signatures', config?.signatures),
      guess: options.guess === true,
    },
    prices: named('prices', config?.prices),
    tokens: named('tokens', config?.tokens),
  }
}
