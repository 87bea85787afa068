import type { Notice } from '../../contain/pipeline/notice.ts'
import type { Candidate } from '../../contain/planning/rank.ts'
import { routeText } from '../../contain/routes/route.ts'
import { protectedBy, type Simulation } from '../../model/containment.ts'
import type { EvidenceItem } from '../../model/evidence.ts'
import { minedText, simulationText, verifiedText } from '../../reports/step-text.ts'
import { shortCall } from '../../words/call.ts'
import type { StepEntry } from './record-step.ts'

type Entry = StepEntry & { evidence: EvidenceItem }
type Names = ReadonlyMap<string, string>
type Of<K extends Notice['kind']> = Extract<Notice, { kind: K }>
/** The results of stages that are recorded; people are paged about the others. */
export type Recorded = Exclude<Notice, Of<'limited' | 'fee-cap-too-low'>>

/** The timeline entry of a stage's result, with its evidence. */
export function stageEntry(notice: Recorded, names: Names): Entry {
  switch (notice.kind) {
    case 'planned':
    case 'needless':
    case 'scheduled':
      return planEntry(notice, names)
    case 'simulated':
    case 'reopening-simulated':
      return simulationEntry(notice)
    case 'decided':
    case 'unconfirmed':
      return decisionEntry(notice)
    case 'approval':
      return approvalEntry(notice)
    case 'sent':
    case 'replaced':
    case 'confirmed':
      return broadcastEntry(notice)
    case 'verified':
      return verificationEntry(notice)
  }
}

function planEntry(notice: Of<'planned' | 'needless' | 'scheduled'>, names: Names): Entry {
  const { plan } = notice
  const { lever } = plan
  const target = protectedBy(plan)
  const kind = 'plan'
  switch (notice.kind) {
    case 'planned': {
      const who =
        lever.authority === null
          ? 'nobody known may pull it'
          : `${lever.authority.address} may pull it, ${routeText(plan.route)}`
      const message = `Plan: ${lever.signature} on ${names.get(target) ?? target}; ${who} (state of block ${plan.pinnedBlock}).${besidesText(notice.besides)}`
      return { kind, message, evidence: { kind, body: { ...plan, besides: [...notice.besides] } } }
    }
    case 'needless':
      return {
        kind,
        message: `${lever.signature} of ${target} ${notice.why}.`,
        evidence: { kind, body: plan },
      }
    case 'scheduled': {
      const { readyAt } = notice
      const when =
        readyAt === null
          ? 'which nobody can tell: it is not scheduled'
          : new Date(readyAt * 1_000).toISOString()
      const message = `Scheduled ${lever.signature} of ${names.get(target) ?? target}; it can be executed at ${when}. Nothing is stopped until then.`
      return { kind, message, evidence: { kind: 'plan-scheduled', body: { planId: plan.id, readyAt } } }
    }
  }
}

/** At most three: the evidence has all. */
function besidesText(besides: readonly Candidate[]): string {
  if (besides.length === 0) return ''
  const named = besides
    .slice(0, 3)
    .map(({ lever, attack }) => `${lever.signature} (${lever.scope}; attack ${attack})`)
  return ` Besides: ${named.join(', ')}${besides.length > 3 ? `, ${besides.length - 3} more` : ''}.`
}

function simulationEntry(notice: Of<'simulated' | 'reopening-simulated'>): Entry {
  const { plan, simulation } = notice
  const { lever } = plan
  const evidence = { kind: 'simulation', body: simulation } as const
  const { attack, opEffects, atBlock, leverSucceeded } = simulation
  if (notice.kind === 'simulated') {
    const message = `${simulationText(plan, simulation, notice.before)}${notesText(simulation)}`
    const blocked = Object.keys(opEffects).filter((op) => opEffects[op] === 'blocked')
    const facts = { planId: plan.id, call: shortCall(lever.signature), attack, blocked }
    return { kind: 'simulation', message, facts, evidence }
  }
  const open = Object.values(opEffects).filter((effect) => effect === 'open').length
  const again = { stopped: 'fails', 'not-stopped': 'GOES THROUGH AGAIN' }[String(attack)] ?? 'is not known'
  const message = `Simulated at block ${atBlock}: ${lever.signature} ${leverSucceeded ? 'works' : 'fails'}; after it ${open} of ${notice.tried} recent operations are open, and the attack ${again}.`
  return { kind: 'simulation', message, evidence }
}

function notesText({ notes, asymmetry }: Simulation): string {
  const said = [...(asymmetry === null ? [] : [asymmetry]), ...notes].slice(0, 4)
  return said.length === 0 ? '' : ` Note: ${said.join('; ')}.`
}

function decisionEntry(notice: Of<'decided' | 'unconfirmed'>): Entry {
  const kind = 'decision'
  if (notice.kind === 'unconfirmed') {
    const { plan, opinion } = notice
    const message = `Signed without a second endpoint that shows the same: ${opinion.text}.`
    return { kind, message, evidence: { kind: 'second-opinion', body: { planId: plan.id, opinion } } }
  }
  const { judgement } = notice
  const word = judgement.automatic
    ? 'Enough is known to act without people'
    : `For people to decide, because ${judgement.reasons.join('; ')}`
  return { kind, message: `${word}. ${judgement.statement}.`, evidence: { kind, body: judgement } }
}

/** The current verdict, with the signatures that did not count and the reasons. */
function approvalEntry({ plan, verdict }: Of<'approval'>): Entry {
  const who = 'by' in verdict ? ` by ${[verdict.by].flat().join(', ')}` : ''
  const uncounted = verdict.rejected.map(({ signer, reason }) => `${signer}: ${reason}`).join('; ')
  const message = `${plan.lever.signature} of ${plan.lever.target} is ${verdict.state}${who} (plan ${plan.id}).${uncounted === '' ? '' : ` Not counted: ${uncounted}.`}`
  return {
    kind: 'approval',
    message,
    evidence: { kind: 'approval-verdict', body: { planId: plan.id, ...verdict } },
  }
}

function broadcastEntry(notice: Of<'sent' | 'replaced' | 'confirmed'>): Entry {
  const { plan, broadcast } = notice
  const { lever } = plan
  const kind = 'broadcast'
  const evidence = { kind, body: broadcast } as const
  const call = shortCall(lever.signature)
  switch (notice.kind) {
    case 'sent': {
      const { trouble, does, authorisation } = notice
      const word = trouble === null ? 'Sent' : `Not taken yet (${trouble}), and sent again until it is:`
      const what = does === 'schedule' ? 'the schedule of ' : ''
      const under = authorisation === null ? '' : `, under authorisation ${authorisation}`
      const message = `${word} ${what}${lever.signature} as ${broadcast.transactionHash} from ${broadcast.from} (nonce ${broadcast.nonce})${under}.`
      const facts = { planId: plan.id, call, state: trouble === null ? 'sent' : 'held' }
      return { kind, message, facts, evidence }
    }
    case 'replaced':
      return { kind, message: `Replaced by ${broadcast.transactionHash}: ${notice.reason}.`, evidence }
    case 'confirmed': {
      const { state, blockNumber } = broadcast
      const facts = { call, state, blockNumber, failed: state !== 'mined' }
      return { kind, message: minedText(plan, broadcast), facts, evidence }
    }
  }
}

function verificationEntry({ plan, verification }: Of<'verified'>): Entry {
  const { checks, verified } = verification
  return {
    kind: 'verification',
    message: verifiedText(plan, verification),
    evidence: { kind: 'verification', body: verification },
    facts: {
      call: shortCall(plan.lever.signature),
      passed: checks.filter(({ passed }) => passed).length,
      checks: checks.length,
      failed: !verified,
    },
  }
}
