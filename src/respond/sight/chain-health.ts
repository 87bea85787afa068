import type { ChainHealth, HealthReason } from '../../model/health.ts'
import { worstOf } from '../../model/health.ts'
import type { ChainVitals } from '../../model/vitals.ts'
import { type Pace, paceOf } from './pace.ts'
import type { ChainSight, EndpointSight } from './sight.ts'

export type ChainInputs = {
  chainId: number
  vitals: ChainVitals
  sight: ChainSight
  /** Detectors that need traces. */
  traceDetectors: readonly string[]
}

/**
 * Blocks, in the chain's own time, after which a lag or a standing head is reported; and after which Cordon is blind.
 */
const LATE_BLOCKS = 3
const BLIND_BLOCKS = 10
/** On fast chains: delays that a busy machine alone causes are not reported. Seconds. */
const LATE_SECONDS = 4
const BLIND_SECONDS = 10
/** Assumed for a chain whose own block time is not known yet; seconds. */
const USUAL_BLOCK_SECONDS = 12

/** Reasons of one chain, the worst first, and its figures. `now` in milliseconds. */
export function chainHealthOf(
  inputs: ChainInputs,
  now: number,
): { health: ChainHealth; reasons: HealthReason[] } {
  const at = stateOf(inputs, now)
  const reasons = [
    ...stopped(inputs),
    ...endpoints(inputs, at),
    ...standing(inputs, at),
    ...lag(inputs, at),
    ...partial(inputs),
    ...blindness(inputs),
    ...learning(inputs),
    ...recording(inputs),
    ...upkeep(inputs),
  ].map((reason) => ({ ...reason, chainId: inputs.chainId }))
  const isBlind = ({ status }: HealthReason): number => (status === 'blind' ? 0 : 1)
  reasons.sort((a, b) => isBlind(a) - isBlind(b))
  return { health: figures(inputs, at, worstOf(reasons)), reasons }
}

type State = {
  now: number
  head: number | null
  processed: { number: number; timestamp: number | null } | null
  pace: Pace
  blockSeconds: number | null
  lateSeconds: number
  blindSeconds: number
  lagBlocks: number | null
  lagSeconds: number | null
}

function stateOf({ vitals, sight }: ChainInputs, now: number): State {
  const pace = paceOf(sight.heads)
  const blockSeconds = vitals.blockSeconds ?? pace.blockSeconds
  const ownTime = blockSeconds ?? USUAL_BLOCK_SECONDS
  const processed = vitals.processed ?? sight.processed
  const head = headOf(sight) ?? vitals.head?.number ?? null
  const known = head !== null && processed !== null
  const lagBlocks = known ? Math.max(0, head - processed.number) : null
  return {
    now,
    head,
    processed,
    pace,
    blockSeconds,
    lateSeconds: Math.max(LATE_BLOCKS * ownTime, LATE_SECONDS),
    blindSeconds: Math.max(BLIND_BLOCKS * ownTime, BLIND_SECONDS),
    lagBlocks,
    lagSeconds: lagBlocks === null ? null : waited({ sight, processed, lagBlocks, blockSeconds, now }),
  }
}

/** With three or more endpoints, one that reports blocks that no other endpoint has is not believed. */
function headOf({ endpoints, heads, answeredAt }: ChainSight): number | null {
  const told = endpoints.flatMap(({ head, failure }) => (failure === null && head !== null ? [head] : []))
  told.sort((a, b) => b - a)
  // Heads from before a restart do not show where the chain is now.
  return told[told.length > 2 ? 1 : 0] ?? (answeredAt === null ? null : (heads.at(-1)?.number ?? null))
}

type Waiting = {
  sight: ChainSight
  processed: State['processed']
  lagBlocks: number
  blockSeconds: number | null
  now: number
}

function waited({ sight, processed, lagBlocks, blockSeconds, now }: Waiting): number {
  if (lagBlocks === 0) return 0
  const next = sight.heads.find(({ number }) => number > (processed?.number ?? 0))
  const sinceSeen = next === undefined ? 0 : (now - next.at) / 1000
  return Math.max(sinceSeen, (lagBlocks - 1) * (blockSeconds ?? USUAL_BLOCK_SECONDS))
}

function figures(
  { chainId }: ChainInputs,
  { now, head, processed, blockSeconds, lagBlocks, lagSeconds }: State,
  status: ChainHealth['status'],
): ChainHealth {
  const time = processed?.timestamp ?? null
  return {
    chainId,
    status,
    head,
    lastBlock: processed?.number ?? null,
    lagBlocks,
    lagSeconds: lagSeconds === null ? null : round(lagSeconds),
    ageSeconds: time === null ? null : round(now / 1000 - time),
    blockSeconds: blockSeconds === null ? null : round(blockSeconds),
  }
}

function stopped({ sight }: ChainInputs): HealthReason[] {
  if (sight.stopped === null) return []
  const { reason, at } = sight.stopped
  const message = 'The watcher of this chain has stopped: start Cordon again.'
  return [{ code: 'watching-stopped', status: 'blind', message, detail: reason, since: at }]
}

/** An endpoint counts as the worse of the two states that the watcher and the loop next to it observe. */
function endpoints(
  { vitals, sight }: ChainInputs,
  { now, lateSeconds, head, blockSeconds }: State,
): HealthReason[] {
  const behind = Math.max(LATE_BLOCKS, LATE_SECONDS / (blockSeconds ?? USUAL_BLOCK_SECONDS))
  const troubles = new Map<string, string>()
  for (const { name, state, reason } of vitals.endpoints)
    if (state !== 'up' && state !== 'unknown')
      troubles.set(name, `${state}${reason === null ? '' : `: ${reason}`}`)
  for (const endpoint of sight.endpoints) {
    const trouble = troubleOf(endpoint, head, behind)
    if (trouble !== null && !troubles.has(endpoint.name)) troubles.set(endpoint.name, trouble)
  }
  const silent = sight.endpoints.length > 0 && sight.endpoints.every(({ failure }) => failure !== null)
  const lastAnswer = sight.answeredAt ?? sight.startedAt
  const detail = [...troubles].map(([name, trouble]) => `${name} ${trouble}`).join('; ')
  if (silent && now - lastAnswer > lateSeconds * 1000) {
    const message = 'No node of this chain answers: Cordon sees no new blocks.'
    return [{ code: 'no-endpoint', status: 'blind', message, detail, since: lastAnswer }]
  }
  if (head === null) {
    const message = 'No node of this chain has reported a block yet.'
    return [{ code: 'no-endpoint', status: 'blind', message, detail, since: sight.startedAt }]
  }
  if (troubles.size === 0) return []
  const count = Math.max(vitals.endpoints.length, sight.endpoints.length)
  const message = `${troubles.size} of ${count} nodes of this chain are unreliable.`
  return [{ code: 'endpoint-failing', status: 'degraded', message, detail }]
}

function troubleOf(
  { head: own, failure }: EndpointSight,
  head: number | null,
  behind: number,
): string | null {
  if (failure !== null) return `does not answer: ${failure}`
  if (own === null || head === null || head - own <= behind) return null
  return `is ${head - own} blocks behind the others`
}

/**
 * A head that stands still matters only on a chain with regular block times; one that goes back matters on every chain.
 */
function standing({ sight }: ChainInputs, at: State): HealthReason[] {
  const { head, processed, pace, now } = at
  const last = sight.heads.at(-1)
  if (head !== null && processed !== null && processed.number - head >= LATE_BLOCKS) {
    const message = `The head of the nodes is block ${head}, but Cordon has already judged block ${processed.number}: the nodes are behind, or were reset.`
    return [{ code: 'head-back', status: 'blind', message }]
  }
  if (last === undefined || pace.longestGap === null) return []
  const stood = (now - last.at) / 1000
  const usual = 2 * pace.longestGap
  if (stood <= Math.max(at.lateSeconds, usual)) return []
  const status = stood > Math.max(at.blindSeconds, usual) ? 'blind' : 'degraded'
  const message = `No new block for ${Math.round(stood)} s; this chain makes one every ${round(pace.blockSeconds ?? 0)} s.`
  return [{ code: 'head-standing', status, message, since: last.at }]
}

function lag({ sight }: ChainInputs, at: State): HealthReason[] {
  const { lagBlocks, lagSeconds, processed, now } = at
  if (processed === null) {
    const message = 'No block of this chain was judged yet.'
    return [{ code: 'no-block-judged', status: 'blind', message, since: sight.startedAt }]
  }
  if (lagBlocks === null || lagSeconds === null || lagSeconds <= at.lateSeconds) return []
  const status = lagSeconds > at.blindSeconds ? 'blind' : 'degraded'
  const message = `Watching is ${blocks(lagBlocks)} behind the head, ${Math.round(lagSeconds)} s.`
  return [{ code: 'behind', status, message, since: Math.round(now - lagSeconds * 1000) }]
}

function partial({ vitals }: ChainInputs): HealthReason[] {
  const { open, givenUp } = vitals.partial
  const reasons: HealthReason[] = []
  if (open > 0) {
    const message = `${blocks(open)} could be read only in part; Cordon reads them again in the background.`
    reasons.push({ code: 'blocks-partial', status: 'degraded', message })
  }
  if (givenUp > 0) {
    const message = `${blocks(givenUp)} of the last hour could never be read in full.`
    reasons.push({ code: 'blocks-given-up', status: 'degraded', message })
  }
  return reasons
}

function blindness({ vitals, traceDetectors }: ChainInputs): HealthReason[] {
  const blind = vitals.blindDetectors
  if (blind.size === 0) return []
  const detail = [...blind].map(([detector, missing]) => `${detector}: no ${missing}`).join('; ')
  const allTraced = traceDetectors.length > 0 && traceDetectors.every((id) => blind.get(id) === 'traces')
  const message = allTraced
    ? 'All detectors that read traces are blind: Cordon does not see what happens inside transactions.'
    : `${blind.size} ${blind.size === 1 ? 'detector is' : 'detectors are'} blind.`
  return [{ code: 'detectors-blind', status: allTraced ? 'blind' : 'degraded', message, detail }]
}

function learning({ vitals }: ChainInputs): HealthReason[] {
  if (vitals.learning?.state !== 'learning') return []
  const { from, to, at } = vitals.learning
  const message = `Detectors are still learning what is usual: at block ${at}, from ${from} to ${to}.`
  return [{ code: 'not-learned', status: 'degraded', message }]
}

function recording({ vitals }: ChainInputs): HealthReason[] {
  const { waiting, capacity } = vitals.recording
  if (waiting * 2 <= capacity) return []
  const message = `${blocks(waiting)} wait to be recorded; the limit is ${capacity}.`
  return [{ code: 'recording-late', status: 'degraded', message }]
}

function upkeep({ vitals }: ChainInputs): HealthReason[] {
  const failures = [...vitals.upkeepFailures]
  if (failures.length === 0) return []
  const message = `${failures.length} upkeep ${failures.length === 1 ? 'task fails' : 'tasks fail'}.`
  const detail = failures.map(([task, reason]) => `${task}: ${reason}`).join('; ')
  return [{ code: 'upkeep-failing', status: 'degraded', message, detail }]
}

function blocks(count: number): string {
  return `${count} ${count === 1 ? 'block' : 'blocks'}`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
