import { atLeast } from '../model/finding.ts'
import type { TimelineEntry } from '../model/timeline.ts'
import type { LiveEvent } from '../notify/hub.ts'
import { functionText } from '../words/call.ts'
import type { Lexicon } from '../words/lexicon.ts'
import { readable } from '../words/readable.ts'
import { counted } from '../words/share.ts'
import { type Beat, beatOf } from './beats.ts'

/**
 * A drill as a story: each beat is one short line, made from the facts of an event. The sentences of the record and the pages
 * are `--verbose`. Null if the event is no part of the story.
 */
export function drillBeat(event: LiveEvent, lexicon: Lexicon): Beat | null {
  switch (event.type) {
    case 'alert':
      return atLeast(event.severity, 'high') ? alertBeat(event, lexicon) : null
    case 'timeline':
      return entryBeat(event, lexicon)
    case 'notice':
      return event.code === 'gap-filled' ? null : beatOf(event, lexicon, false)
    default:
      return beatOf(event, lexicon, false)
  }
}

type Alert = Extract<LiveEvent, { type: 'alert' }>

/** The first clause of the surest finding: the rest explains it and stands in the record. */
function alertBeat({ findings, message, severity, confidence }: Alert, lexicon: Lexicon): Beat {
  const [surest] = [...findings].sort((a, b) => b.confidence - a.confidence)
  const [clause = ''] = readable(surest?.message ?? message, lexicon).split(/: |; |\. /)
  return {
    tone: 'danger',
    text: `attack: ${clause.replace(/\.$/, '')}`,
    aside: `${severity} ${confidence.toFixed(2)}`,
  }
}

const OUTCOMES: Readonly<Record<string, string>> = {
  stopped: 'stops the loss',
  reduced: 'makes the loss smaller',
  'not-stopped': 'does NOT stop the loss',
  'not-reproduced': 'the attack does not repeat in a simulation',
}

function entryBeat(entry: TimelineEntry, lexicon: Lexicon): Beat | null {
  const deed = (text: string): Beat => ({ tone: 'deed', text })
  switch (entry.kind) {
    case 'notification': {
      const { reached = 0, missed = 0 } = entry.facts
      if (missed > 0)
        return {
          tone: 'danger',
          text: `paged ${counted(reached, 'person', 'people')}, ${missed} NOT reached`,
        }
      return reached === 0 ? null : deed(`paged ${counted(reached, 'person', 'people')}`)
    }
    case 'simulation': {
      const { call, attack = '', blocked = [] } = entry.facts
      if (call === undefined) return beatOf({ ...entry, type: 'timeline' }, lexicon, false)
      const names = blocked.map((selector) => functionText(selector, lexicon))
      const blocks = names.length === 0 ? 'blocks no recently used function' : `blocks ${shortList(names)}`
      return deed(
        `${call} simulated: ${OUTCOMES[attack] ?? 'no attack is known to try it against'}, ${blocks}`,
      )
    }
    case 'broadcast': {
      const { call, state, blockNumber } = entry.facts
      if (call === undefined || state === undefined)
        return beatOf({ ...entry, type: 'timeline' }, lexicon, false)
      if (state === 'sent') return deed(`${call} sent`)
      return state === 'mined'
        ? deed(`${call} mined in block ${blockNumber}`)
        : { tone: 'danger', text: `${call} is ${state}` }
    }
    case 'verification': {
      const { call, passed, checks, failed } = entry.facts
      if (call === undefined) return beatOf({ ...entry, type: 'timeline' }, lexicon, false)
      return failed === true
        ? { tone: 'danger', text: `${call} NOT verified: ${passed} of ${checks} checks` }
        : { tone: 'well', text: `${call} holds, verified: ${passed} of ${checks} checks` }
    }
    case 'state':
      return { tone: entry.facts.to === 'open' ? 'danger' : 'well', text: `incident is ${entry.facts.to}` }
    case 'investigation': {
      const { category, contract, function: name, confidence = 0 } = entry.facts
      if (category === undefined) return beatOf({ ...entry, type: 'timeline' }, lexicon, false)
      const where = contract == null ? '' : ` of ${readable(contract, lexicon)}`
      const what = typeof name === 'string' ? ` in ${name.slice(0, Math.max(0, name.indexOf('(')))}()` : ''
      return deed(`cause: ${category}${what}${where}, ${Math.round(confidence * 100)} % by Cordon's rules`)
    }
    default:
      return beatOf({ ...entry, type: 'timeline' }, lexicon, false)
  }
}

const MOST_NAMES = 3

function shortList(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES)
  if (names.length > MOST_NAMES) return `${shown.join(', ')} and ${names.length - MOST_NAMES} more`
  const last = shown.pop()
  return shown.length === 0 ? `${last}` : `${shown.join(', ')} and ${last}`
}
