import { isAbsolute, relative } from 'node:path'
import type { RunningDrill } from '../drills/run.ts'
import { printable } from '../kit/text.ts'
import type { Asset } from '../model/block.ts'
import type { Hub, LiveEvent } from '../notify/hub.ts'
import { reportPath } from '../respond/actions/report.ts'
import { amountText } from '../words/amount.ts'
import type { Lexicon } from '../words/lexicon.ts'
import { counted, elapsedText } from '../words/share.ts'
import { wrapped } from '../words/wrap.ts'
import { type Beat, beatOf, subjectOf, type Tone } from './beats.ts'
import { drillBeat } from './drill-beats.ts'
import type { Io } from './io.ts'

/** The events, reported to people line by line, in the order in which they happen. */
export type Story = {
  say(text: string, tone?: Tone): void
  /** A line of a page, as the console channel writes it. */
  write(line: string): void
  /** Resolves when everything is reported. */
  told(): Promise<void>
}

/** Maximum number of columns; a narrower terminal breaks lines itself. */
const WIDTH = 100
const MARKS: Readonly<Record<Tone, string>> = { danger: '⚠ ', deed: '▸ ', well: '✔ ', plain: '' }
/** Longer than any of Cordon's own sentences: a stranger's text is cut here. */
const LONGEST = 600

type Telling = {
  hub: Hub
  io: Io
  /** The prefix of a line: a clock, always equally wide. */
  clock: () => string
  beat: (event: LiveEvent, lexicon: Lexicon) => Beat | null
  /** Whether pages are shown as the console channel writes them. */
  showsPages: boolean
}

/** A drill, with the minutes and seconds since its start. */
export function drillStory(hub: Hub, io: Io): Story {
  const began = performance.now()
  const clock = (): string => {
    const seconds = Math.floor((performance.now() - began) / 1_000)
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`.padStart(5)
  }
  const { verbose } = io
  const beat: Telling['beat'] = verbose ? (event, lexicon) => beatOf(event, lexicon, true) : drillBeat
  return tellStory({ hub, io, clock, beat, showsPages: verbose })
}

/** The same for a real chain, with the time of day (UTC). */
export function liveStory(hub: Hub, io: Io): Story {
  const clock = (): string => `${new Date().toISOString().slice(11, 19)}Z`
  const beat: Telling['beat'] = (event, lexicon) => beatOf(event, lexicon, io.verbose)
  return tellStory({ hub, io, clock, beat, showsPages: true })
}

function tellStory({ hub, io, clock, beat: beatFor, showsPages }: Telling): Story {
  let last = Promise.resolve()
  const later = (make: () => Promise<string[]>): void => {
    last = last.then(async () => {
      for (const line of await make()) io.say(line)
    })
  }
  const say = (text: string, tone: Tone = 'plain'): void => {
    const at = clock()
    later(async () => linesOf({ text, tone }, { at, io }))
  }
  hub.listen((event) => {
    io.emit(event)
    const at = clock()
    later(async () => {
      const beat = beatFor(event, await lexiconFor(hub, event))
      if (event.type === 'block') io.progress(`${at}  block ${event.blockNumber} judged`)
      return beat === null ? [] : linesOf(beat, { at, io })
    })
  })
  return {
    say,
    write: (line) => {
      if (!showsPages) return
      const indent = ' '.repeat(clock().length + 4)
      later(async () => wrapped(`${indent}│ ${line.trimEnd()}`, { width: WIDTH, hang: indent.length + 4 }))
    },
    told: async () => {
      let waited: Promise<void> | undefined
      while (waited !== last) {
        waited = last
        await waited
      }
    },
  }
}

/** Entries of the timeline do not state their chain: a process that watches several uses its names of each. */
async function lexiconFor(hub: Hub, event: LiveEvent): Promise<Lexicon> {
  const subject = subjectOf(event)
  return hub.lexicon(subject?.chainId ?? 0, subject?.assets ?? [])
}

function linesOf({ tone, text, aside = '' }: Beat, { at, io }: { at: string; io: Io }): string[] {
  const lead = `${at}  ${MARKS[tone]}`
  const line = `${lead}${printable(text, LONGEST)}`
  const room = WIDTH - line.length - aside.length
  const whole = aside === '' ? line : room > 1 ? `${line}${' '.repeat(room)}${aside}` : `${line} · ${aside}`
  const lines = wrapped(whole, { width: WIDTH, hang: lead.length })
  return lines.map((line) => tinted(line, tone, io))
}

const COLOURS: Readonly<Record<Tone, string>> = { danger: '31', deed: '36', well: '32', plain: '' }

/** Colour on a terminal only, and never alone: the mark shows the same. */
function tinted(line: string, tone: Tone, { colour }: Pick<Io, 'colour'>): string {
  return colour && COLOURS[tone] !== '' ? `\u001b[${COLOURS[tone]}m${line}\u001b[0m` : line
}

/** The result, and the links to more: the page first. */
export async function drillEnd(
  { outcome, running }: RunningDrill,
  { io, api, story }: { io: Io; api: string | undefined; story: Story },
): Promise<void> {
  const { incident, contained } = outcome
  const { app } = running
  const lexicon = await app.hub.lexicon(incident?.chainId ?? [...app.chains.keys()][0] ?? 0, [])
  await story.told()
  io.say('')
  const head = `${contained ? '✔ contained' : '⚠ NOT CONTAINED'}${fundsText(outcome, lexicon)}`
  for (const line of wrapped(head, { width: WIDTH, hang: 2 }))
    io.say(tinted(line, contained ? 'well' : 'danger', io))
  for (const [name, text] of endRows(outcome, { api, dataDir: app.config.dataDir, cwd: io.cwd }))
    io.say(`  ${name.padEnd(17)}${text}`)
}

type Outcome = RunningDrill['outcome']

function fundsText({ funds }: Outcome, { tokens }: Lexicon): string {
  if (funds === null) return ''
  const { before, after, withoutResponse } = funds
  const asset = funds.asset as Asset
  const text = (amount: bigint): string => amountText({ asset, amount }, tokens)
  const lost = before > after ? before - after : 0n
  return ` · ${text(lost)} lost, ${text(after)} kept (without Cordon: ${text(withoutResponse)})`
}

type Places = { api: string | undefined; dataDir: string; cwd: string }

function endRows(outcome: Outcome, { api, dataDir, cwd }: Places): [string, string][] {
  const { incident, attackTransactions, containedAfterMs } = outcome
  const { mined, reverted } = attackTransactions
  const rows: [string, string][] = api === undefined ? [] : [['API', api]]
  rows.push(['attack', `${counted(mined, 'transaction')} went through, ${reverted} failed`])
  if (containedAfterMs !== null)
    rows.push(['stopped after', `${elapsedText(containedAfterMs)}, seen to verified`])
  if (incident === null) return rows
  const report = reportPath(dataDir, { incidentId: incident.id, format: 'html' })
  const near = relative(cwd, report)
  return [
    ...rows,
    ['report', near.startsWith('..') || isAbsolute(near) ? report : near],
    ['record', `npx cordon incidents show ${incident.id}`],
  ]
}
