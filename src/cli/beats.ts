import type { Asset } from '../model/block.ts'
import { atLeast } from '../model/finding.ts'
import type { TimelineEntry } from '../model/timeline.ts'
import type { LiveEvent } from '../notify/hub.ts'
import type { Lexicon } from '../words/lexicon.ts'
import { assetsNamed, readable } from '../words/readable.ts'
import { counted } from '../words/share.ts'

/** The style of a line of a story: a loss or danger, a response, a success, and everything else. */
export type Tone = 'danger' | 'deed' | 'well' | 'plain'
export type Beat = {
  tone: Tone
  text: string
  /** Stands at the right edge, where there is room for it on the line. */
  aside?: string
}

/** The chain of an event, and the assets that its text names. */
export function subjectOf(event: LiveEvent): { chainId: number; assets: Asset[] } | null {
  switch (event.type) {
    case 'alert':
    case 'finding':
      return { chainId: event.chainId, assets: assetsNamed(wordsOf(event)) }
    case 'timeline':
      return { chainId: 0, assets: assetsNamed(event.message) }
    default:
      return null
  }
}

/**
 * The message to people about an event; null if it is not worth reporting. Details that are only useful for a closer
 * look (every finding, every block, steps that succeeded) appear with `verbose` alone.
 */
export function beatOf(event: LiveEvent, lexicon: Lexicon, verbose: boolean): Beat | null {
  switch (event.type) {
    case 'block':
      return verbose && event.transactions > 0
        ? plain(
            `block ${event.blockNumber}: ${counted(event.transactions, 'transaction')}, judged in ${event.milliseconds.toFixed(1)} ms`,
          )
        : null
    case 'finding':
      return verbose
        ? plain(
            `${event.severity} ${event.detector} in block ${event.blockNumber}: ${readable(event.message, lexicon)}`,
          )
        : null
    case 'alert': {
      const grave = atLeast(event.severity, 'medium')
      const text = `${readable(wordsOf(event), lexicon)} · ${event.severity} ${event.confidence.toFixed(2)}`
      return grave ? { tone: 'danger', text } : verbose ? plain(text) : null
    }
    case 'incident':
      return null
    case 'timeline':
      return entryBeat(event, lexicon, verbose)
    case 'reorg':
      return plain(`reorg: ${counted(event.removed, 'block')} after ${event.ancestor} replaced`)
    case 'notice':
      return plain(event.message)
    case 'blind':
      return { tone: 'danger', text: `not seen: ${event.detector} has no ${event.missing} with this node` }
    case 'health':
      return event.status === 'ok'
        ? plain('health: ok')
        : {
            tone: 'danger',
            text: `health: ${event.status} · ${event.reasons.map(({ message, detail }) => `${message} ${detail ?? ''}`.trim()).join('; ')}`,
          }
  }
}

/** An alert uses the text of its most confident finding. */
function wordsOf(event: Extract<LiveEvent, { type: 'alert' | 'finding' }>): string {
  if (event.type === 'finding') return event.message
  const [surest] = [...event.findings].sort((a, b) => b.confidence - a.confidence)
  return surest?.message ?? event.message
}

function plain(text: string): Beat {
  return { tone: 'plain', text }
}

type Entry = Pick<TimelineEntry, 'kind' | 'facts' | 'message'>

/** The kinds of entries that are always reported. */
const NEWS: ReadonlySet<TimelineEntry['kind']> = new Set([
  'simulation',
  'broadcast',
  'approval',
  'verdict',
  'withdrawn',
  'question',
  'answer',
  'investigation',
  'fund-movement',
  'note',
])

function entryBeat({ kind, facts, message }: Entry, lexicon: Lexicon, verbose: boolean): Beat | null {
  const text = readable(message, lexicon)
  if (kind === 'error' || isTrouble(facts)) return { tone: 'danger', text }
  if (kind === 'verification') return { tone: 'well', text }
  if (kind === 'state') return { tone: facts.to === 'open' ? 'danger' : 'well', text }
  if (kind === 'plan' && facts.proposed === true) return { tone: 'danger', text }
  if (NEWS.has(kind)) return { tone: 'deed', text }
  return verbose && kind !== 'alert' ? plain(text) : null
}

/** A step that did not succeed, an effect that the chain did not confirm, a page that did not reach everybody. */
function isTrouble({ state, missed, failed }: Entry['facts']): boolean {
  if (failed === true || (typeof missed === 'number' && missed > 0)) return true
  return state === 'failed' || state === 'timed-out' || state === 'refused'
}
