import type { DrillPeople, DrillPoint, DrillTimes, ReachedPerson } from '../model/drill.ts'

export type Scoring = {
  times: DrillTimes
  people: DrillPeople
  contained: boolean
  /** Person → channels that accepted a page in this drill. */
  channelsByPerson: ReadonlyMap<string, ReadonlySet<string>>
  evidence: { ok: boolean; count: number; head: string } | null
  /** The newest reach test; null if there never was one. */
  reach: { startedAt: number; people: readonly ReachedPerson[]; emptyRoles: readonly string[] } | null
  /** Authorisations of the configuration that are validly signed and hold now. */
  authorisations: number
  /** Whether an authorisation covered the transactions of this drill. */
  sentOnStanding: boolean
  /** Milliseconds since the epoch. */
  now: number
}

const DAY_MS = 86_400_000
/** The longest quarter. */
const QUARTER_DAYS = 92

/**
 * Judges a drill by the points of SEAL's certification for incident response. `not-tried` never counts as met: nothing
 * is known about it.
 */
export function scoreDrill(scoring: Scoring): DrillPoint[] {
  return [
    redundantPaging(scoring),
    tamperEvidentLogs(scoring),
    reachTests(scoring),
    preSigned(scoring),
    endToEnd(scoring),
  ]
}

type Judged = Pick<DrillPoint, 'state' | 'evidence'> & { fix: string }

function point(id: string, title: string, { state, evidence, fix }: Judged): DrillPoint {
  return { id, title, state, evidence, fix: state === 'met' ? null : fix }
}

function redundantPaging({ channelsByPerson }: Scoring): DrillPoint {
  const people = [...channelsByPerson]
  const evidence = people.map(
    ([person, channels]) =>
      `${person}: ${channels.size === 0 ? 'not reached over any channel' : [...channels].join(', ')}`,
  )
  const state =
    people.length === 0 ? 'not-tried' : people.every(([, channels]) => channels.size >= 2) ? 'met' : 'not-met'
  return point('redundant-paging', 'Everybody who is paged is paged over at least two channels', {
    state,
    evidence: people.length === 0 ? ['nobody was paged in this drill'] : evidence,
    fix: 'Give each person two channels that do not fail together (`channels` and `roles` in cordon.config.ts).',
  })
}

function tamperEvidentLogs({ evidence }: Scoring): DrillPoint {
  const fix = 'Run `cordon incidents verify` on the drill’s incident and find out who changed the record.'
  if (evidence === null)
    return point('tamper-evident-logs', 'The record shows if it was changed', {
      state: 'not-tried',
      evidence: ['there was no incident, so no record'],
      fix: 'Repeat the drill when the attack is detected.',
    })
  return point('tamper-evident-logs', 'The record shows if it was changed', {
    state: evidence.ok && evidence.count > 0 ? 'met' : 'not-met',
    evidence: [
      `${evidence.count} links in the hash chain, ${evidence.ok ? 'intact' : 'BROKEN'}, head ${evidence.head.slice(0, 16)}`,
    ],
    fix,
  })
}

function reachTests({ reach, now }: Scoring): DrillPoint {
  const title = 'Everybody who holds a key was reached in the last quarter'
  const fix = 'Run `cordon drill reach`, and telephone the people who do not answer.'
  if (reach === null)
    return point('signer-reach', title, {
      state: 'not-tried',
      evidence: ['there was no reach test yet'],
      fix,
    })
  const days = Math.floor((now - reach.startedAt) / DAY_MS)
  const silent = reach.people.filter(({ reached }) => !reached)
  const evidence = [
    `last test ${days} days ago: ${reach.people.length - silent.length} of ${reach.people.length} reached`,
    ...silent.map(({ person, answer }) => `${person}: ${reasonOf(answer)}`),
    ...reach.emptyRoles.map((role) => `${role}: nobody has this role`),
  ]
  const met =
    days <= QUARTER_DAYS && silent.length === 0 && reach.people.length > 0 && reach.emptyRoles.length === 0
  return point('signer-reach', title, { state: met ? 'met' : 'not-met', evidence, fix })
}

function reasonOf(answer: ReachedPerson['answer']): string {
  if (answer === null) return 'no answer'
  return answer.late ? 'answered too late' : 'answered without the signature of their address'
}

function preSigned({ authorisations, sentOnStanding, times }: Scoring): DrillPoint {
  const title = 'Emergency calls are authorised in advance'
  const sent = times.milestones.some(({ name, at }) => name === 'broadcast' && at !== null)
  const state = authorisations === 0 ? 'not-met' : !sent ? 'not-tried' : sentOnStanding ? 'met' : 'not-met'
  return point('pre-signed', title, {
    state,
    evidence: [
      `valid standing authorisations: ${authorisations} (signed bounds on calls and their count; the transaction itself is signed when it is sent)`,
      sent
        ? sentOnStanding
          ? 'this drill was contained under one, without waiting for a signature'
          : 'this drill waited for people to sign'
        : 'nothing was sent in this drill',
    ],
    fix: 'Have a guardian sign a standing authorisation for the levers that must not wait (docs/guides/containment.md).',
  })
}

const NEEDED = ['detected', 'paged', 'acknowledged', 'broadcast', 'mined', 'verified', 'contained'] as const

function endToEnd({ times, people, contained }: Scoring): DrillPoint {
  const missing = NEEDED.filter((name) => times.milestones.find((it) => it.name === name)?.at == null)
  const measured = times.milestones
    .filter(({ afterMs }) => afterMs !== null)
    .map(({ name, afterMs }) => `${name} after ${afterMs} ms`)
  const unanswered = times.questions.filter(({ answer }) => answer === null).length
  const real = people === 'timed'
  const evidence = [
    { timed: 'real people took part', played: 'people were played by a script', none: 'nobody took part' }[
      people
    ],
    measured.join(', ') || 'nothing was measured',
    ...(missing.length === 0 ? [] : [`never came: ${missing.join(', ')}`]),
    ...(unanswered === 0 ? [] : [`${unanswered} questions without an answer`]),
  ]
  const whole = contained && missing.length === 0 && unanswered === 0
  const state = real ? (whole ? 'met' : 'not-met') : contained ? 'not-tried' : 'not-met'
  return point('end-to-end', 'A drill from attack to containment with real people and response times', {
    state,
    evidence,
    fix: real
      ? 'Find out why a milestone or an answer is missing, fix it, and repeat the drill.'
      : 'Run `cordon drill run --people timed`: a script shows that the parts work together, not that people respond.',
  })
}
