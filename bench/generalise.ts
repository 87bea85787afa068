/**
 * Detection on recordings that it was not written with: 84 attacks as they happened (`corpus/real`), each alone, with its victim
 * protected and with nothing protected; and benign transactions, by how complex they are. A page is an alert at `high` or above.
 *
 * Attacks before 2022 and the benign sets named in DEV are for development; `later` is looked at seldom, and each look is written
 * down in bench/README.md.
 *
 * npm run build && node dist/bench/generalise.js [--part dev|later|all] [--set attacks,benign,mev,blocks,busiest]
 *   [--model FILE | --folds PREFIX] [--layers pattern,invariant,baseline,preparation] [--why] [--json]
 */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { crc32 } from 'node:zlib'
import { clopperPearson, proportionText } from '../src/calibrate/statistics.ts'
import { readBundles } from '../src/chain/bundle/read.ts'
import { createEngine, evaluateSettled } from '../src/detect/engine/engine.ts'
import { isEntry } from '../src/detect/lib/entries.ts'
import { detectors } from '../src/detect/registry.ts'
import { blockFacts } from '../src/facts/facts.ts'
import { withFiles } from '../src/files/detector-options.ts'
import { withRules } from '../src/files/rules.ts'
import { alertsOf } from '../src/incidents/alerts.ts'
import type { Alert } from '../src/model/alert.ts'
import { layers } from '../src/model/assessment.ts'
import type { Scope } from '../src/model/detector.ts'
import type { BlockFacts } from '../src/model/fact.ts'
import { atLeast } from '../src/model/finding.ts'
import type { Address } from '../src/model/hex.ts'
import { filesUnder } from './corpus-files.ts'

const corpus = resolve(process.env['CORDON_CORPUS'] ?? '../shared/corpus')
const { values } = parseArgs({
  options: {
    part: { type: 'string', default: 'dev' },
    set: { type: 'string', default: 'attacks,benign' },
    /** A learned score that was trained on the development part alone (`train/train.py`); the shipped one saw both parts. */
    model: { type: 'string' },
    /** Prefix of five models of `train/train.py --folds`: each file is judged by the one that did not see it. */
    folds: { type: 'string' },
    /** The layers that run: all unless named. For the ablation. */
    layers: { type: 'string', default: layers.join() },
    why: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
const sets = new Set(values.set.split(','))
const isWanted = (isDev: boolean): boolean => values.part === 'all' || (values.part === 'dev') === isDev

/** Frames from which a transaction counts as complex. */
const COMPLEX = 20
const DEV = new Set(['pevm', 'linea', 'scroll', 'raiko-keth', 'zisk-rsp', 'firehose'])

type RealLabel = {
  id: string
  date: string
  file: string
  transactions: string[]
  vulnerableContracts: Address[]
  harmRecorded: boolean
  missedBecause?: string
  mechanism?: string
}

const optionsWith = async (model: string | undefined) =>
  withRules(await withFiles(model === undefined ? {} : { economics: { model: resolve(model) } }), undefined)
const models =
  values.folds === undefined ? [values.model] : [0, 1, 2, 3, 4].map((n) => `${values.folds}${n}.json`)
const options = await Promise.all(models.map(optionsWith))
const wanted = new Set(values.layers.split(','))
const running = detectors.filter(({ layer }) => wanted.has(layer))
const ids = new Set(running.map(({ id }) => id))
const given = options.map((one) => Object.fromEntries(Object.entries(one).filter(([id]) => ids.has(id))))
const engineFor = (file: string, scope: Scope) =>
  createEngine({ detectors: running, scope, options: given[crc32(file) % given.length] ?? {} })

async function blocksOf(file: string): Promise<BlockFacts[]> {
  const blocks: BlockFacts[] = []
  for await (const bundle of readBundles(join(corpus, file))) blocks.push(blockFacts(bundle))
  return blocks
}

function alertsIn(file: string, blocks: readonly BlockFacts[], scope: Scope): Alert[] {
  const engine = engineFor(file, scope)
  return blocks.flatMap((facts) => alertsOf(evaluateSettled(engine, facts)))
}

const isPage = ({ severity }: Alert): boolean => atLeast(severity, 'high')
/** It concerns a protected contract, so it opens an incident and notifies people; others are recorded only. */
const concerns = (alert: Alert): boolean => isPage(alert) && alert.protected.length > 0
const tell = (line: string): void => {
  if (values.why) process.stdout.write(`${line}\n`)
}
const saying = ({ findings }: Alert): string =>
  findings
    .map(({ detector, severity, confidence, message }) =>
      [detector, severity, confidence.toFixed(2), message.slice(0, 140)].join(' '),
    )
    .join(' | ')

const rates: Record<string, string> = {}
const rate = (name: string, count: number, of: number): void => {
  rates[name] = proportionText(clopperPearson({ successes: count, n: of }))
}

if (sets.has('attacks')) await attacks()
if (sets.has('benign'))
  await benign(
    filesUnder(corpus, 'benign').filter((file) => isWanted(DEV.has(file.split('/')[1] ?? ''))),
    'benign',
  )
if (sets.has('mev')) await benign(filesUnder(corpus, 'mev'), 'mev')
if (sets.has('blocks')) await benign(filesUnder(corpus, 'blocks'), 'blocks')
if (sets.has('busiest')) await busiest()
process.stdout.write(
  `${
    values.json
      ? JSON.stringify(rates)
      : Object.entries(rates)
          .map(([name, text]) => `${name}: ${text}`)
          .join('\n')
  }\n`,
)

async function attacks(): Promise<void> {
  const labels = JSON.parse(readFileSync(join(corpus, 'real.labels.json'), 'utf8')) as RealLabel[]
  const wanted = labels.filter(({ date }) => isWanted(date < '2022-01-01'))
  const hits = {
    protected: 0,
    concerned: 0,
    open: 0,
    harm: 0,
    harmProtected: 0,
    harmConcerned: 0,
    harmOpen: 0,
  }
  for (const label of wanted) {
    const file = join('real', label.file)
    const blocks = await blocksOf(file)
    const alone = alertsIn(file, blocks, { kind: 'contracts', addresses: new Set(label.vulnerableContracts) })
    const open = alertsIn(file, blocks, { kind: 'everything' })
    const [isAlone, isOpen] = [alone.some(isPage), open.some(isPage)]
    const isConcerned = alone.some(concerns)
    hits.protected += Number(isAlone)
    hits.concerned += Number(isConcerned)
    hits.open += Number(isOpen)
    if (label.harmRecorded) {
      hits.harm++
      hits.harmProtected += Number(isAlone)
      hits.harmConcerned += Number(isConcerned)
      hits.harmOpen += Number(isOpen)
    }
    if (isConcerned && isOpen) continue
    tell(
      `${label.id} (${label.date}): protected ${isConcerned ? 'paged' : isAlone ? 'recorded' : 'missed'}, open ${isOpen ? 'paged' : 'missed'}; harm ${label.harmRecorded}; ${label.mechanism ?? ''}`,
    )
    for (const [name, alerts] of [
      ['protected', alone],
      ['open', open],
    ] as const)
      for (const alert of alerts.slice(0, 3)) tell(`    ${name}: ${alert.severity}: ${saying(alert)}`)
  }
  rate('attacks, victim protected', hits.protected, wanted.length)
  rate('attacks, victim protected, an incident of its own', hits.concerned, wanted.length)
  rate('attacks, nothing protected', hits.open, wanted.length)
  rate('attacks whose harm is recorded, victim protected', hits.harmProtected, hits.harm)
  rate(
    'attacks whose harm is recorded, victim protected, an incident of its own',
    hits.harmConcerned,
    hits.harm,
  )
  rate('attacks whose harm is recorded, nothing protected', hits.harmOpen, hits.harm)
}

async function benign(files: readonly string[], name: string): Promise<void> {
  const counts = { simple: 0, complex: 0, simplePages: 0, complexPages: 0 }
  for (const file of files) {
    const blocks = await blocksOf(file)
    const complex = new Set<string>()
    for (const { transaction } of blocks.flatMap(({ transactions }) => transactions)) {
      if (transaction.frames.length >= COMPLEX) complex.add(transaction.hash)
      counts[transaction.frames.length >= COMPLEX ? 'complex' : 'simple']++
    }
    for (const alert of alertsIn(file, blocks, { kind: 'everything' }).filter(isPage)) {
      const isComplex = complex.has(alert.transactionHash ?? '')
      counts[isComplex ? 'complexPages' : 'simplePages']++
      tell(`${file} ${alert.transactionHash} ${isComplex ? 'complex' : 'simple'}: ${saying(alert)}`)
    }
  }
  rate(`${name}, simple: pages`, counts.simplePages, counts.simple)
  rate(`${name}, complex: pages`, counts.complexPages, counts.complex)
}

/** The contracts that are entered most often in the benign blocks, protected one at a time. */
async function busiest(): Promise<void> {
  const files = filesUnder(corpus, 'benign').filter((file) => isWanted(DEV.has(file.split('/')[1] ?? '')))
  const entries = new Map<Address, number>()
  const all: { file: string; blocks: BlockFacts[] }[] = []
  for (const file of files) {
    const blocks = await blocksOf(file)
    all.push({ file, blocks })
    for (const { transaction } of blocks.flatMap(({ transactions }) => transactions))
      for (const frame of transaction.frames)
        if (frame.context !== null && isEntry(frame, transaction.frames))
          entries.set(frame.context, (entries.get(frame.context) ?? 0) + 1)
  }
  const busy = [...entries].sort((a, b) => b[1] - a[1]).slice(0, 40)
  let [pages, touched] = [0, 0]
  for (const [address, count] of busy) {
    touched += count
    for (const { file, blocks } of all) {
      const paged = alertsIn(file, blocks, { kind: 'contracts', addresses: new Set([address]) }).filter(
        concerns,
      )
      pages += paged.length
      for (const alert of paged) tell(`${address} ${alert.transactionHash}: ${saying(alert)}`)
    }
  }
  rate('busiest contracts, protected one at a time: pages', pages, touched)
}
