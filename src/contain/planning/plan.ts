import type { Rpc } from '../../chain/rpc/rpc.ts'
import { CordonError } from '../../kit/error.ts'
import { sha256 } from '../../kit/json.ts'
import type { ContainmentPlan } from '../../model/containment.ts'
import type { Address, Hash, Hex } from '../../model/hex.ts'
import { breadths, type Lever } from '../../model/lever.ts'
import type { SafeSignature } from '../../model/safe.ts'
import { type AuthorityOptions, type Resolved, resolveAuthority } from '../authority/authority.ts'
import { type Named, namedBy } from '../authority/named.ts'
import { savedShare } from '../trials/losses.ts'
import type { Sequencer } from '../trials/sequence.ts'
import { tryLever } from '../trials/simulate.ts'
import { type Reproduced, reproduce, type Trial } from '../trials/trial.ts'
import { discoverLevers } from './discover.ts'
import { probeForLevers } from './probing.ts'
import type { Related } from './protocol.ts'
import { isGated, isKnownAuthority, leversOfProtocol } from './protocol-levers.ts'
import { type Candidate, PEOPLE_SECONDS, rankCandidates } from './rank.ts'

export type PlanOptions = {
  rpc: Rpc
  sequencer: Sequencer
  chainId: number
  incidentId: string
  target: Address
  attackTransaction: Hash | null
  /** The attack as it was sent, used to rank levers; null where none is known. */
  attack: Trial | null
  /** The block before the attack (or the latest): levers, authority and simulation are read there. */
  pinnedBlock: number
  signers: readonly Address[]
  others: readonly Address[]
  /** The signatures that Safe owners gave in advance, on this chain. */
  presigned?: readonly SafeSignature[] | undefined
  /** A lever that people named in advance; the best one when left out. */
  wanted?: WantedLever | undefined
  /** The other contracts of the protocol: read only where no lever of the target stops the attack. None by default. */
  related?: () => Promise<readonly Related[]>
  /** The identity of the response to an attack: each has its own plans. */
  attempt?: string
  /** The names of functions, by selector; none known when left out. */
  names?: ReadonlyMap<Hex, string>
}

/** A lever by its template, with the template's arguments: `{ asset: '0x…' }`. */
export type WantedLever = { template: string; given: Readonly<Record<string, string>> }

export type Planned = {
  plan: ContainmentPlan
  /** The remaining levers, best first, for people. */
  besides: Candidate[]
}

/** Kinds that stop loss without an argument: the others must be requested. */
const UNASKED: ReadonlySet<Lever['kind']> = new Set(['pause', 'freeze'])
/** Maximum levers tried against the attack for ranking: each takes three runs of the sequencer. */
const MOST_TRIED = 12
/**
 * An available lever that saves half is pulled before the search for others: the remaining loss may be the attacker's
 * own money.
 */
const SAVED_ENOUGH = 0.5

/**
 * The best plan by `rankCandidates`: it stops the attack, soonest, with the least harm. A lever that is already pulled
 * comes only where no other is left. The same plan for the same attempt has the same plan id. Throws `contain.NoLever`
 * with what was examined.
 */
export async function planContainment(options: PlanOptions): Promise<Planned> {
  const { rpc, chainId, target, pinnedBlock, wanted, attempt } = options
  const given = wanted?.given ?? {}
  const levers = (await discoverLevers({ rpc, chainId, target, block: pinnedBlock, given })).filter(
    (lever) =>
      wanted === undefined
        ? UNASKED.has(lever.kind)
        : lever.template === wanted.template && isMeant(lever, given),
  )
  const named = new Map<Address, Promise<Named>>()
  const resolved = await Promise.all(levers.map((lever) => withAuthority(lever, { ...options, named })))
  const armed = resolved.filter(({ lever }) => lever.armed)
  const planning: Planning = { ...options, named, reproduced: once(() => reproducedFor(options)) }
  const own = await candidatesOf(armed, planning, options.related === undefined ? undefined : 'each')
  const elsewhere = await candidatesElsewhere(own, planning)
  const ranked = rankCandidates([...own, ...elsewhere.map(({ candidate }) => candidate)])
  const best = ranked[0]?.lever ?? resolved[0]?.lever
  if (best === undefined) throw noLever(options)
  const plan: ContainmentPlan = {
    id: sha256(`${options.incidentId}:${best.id}${attempt === undefined ? '' : `:${attempt}`}`).slice(0, 32),
    incidentId: options.incidentId,
    lever: best,
    pinnedBlock,
    attackTransaction: options.attackTransaction,
    route: [...resolved, ...elsewhere].find(({ lever }) => lever === best)?.route ?? { kind: 'direct' },
    protects: best.target === target ? null : target,
    purpose: 'contain',
    executes: null,
    byHand: null,
  }
  return { plan, besides: ranked.slice(1) }
}

/** A template may find one lever per market: the call must contain the named one. */
function isMeant({ calldata }: Lever, given: WantedLever['given']): boolean {
  const { asset, market } = given
  return [asset, market].every(
    (value) => value === undefined || calldata.includes(value.toLowerCase().replace(/^0x/, '')),
  )
}

type Pullable = Pick<Resolved, 'route' | 'seconds'> & { lever: Lever }

async function withAuthority(
  lever: Lever,
  options: PlanOptions & Pick<AuthorityOptions, 'named'>,
): Promise<Pullable> {
  const resolved = await resolveAuthority(lever, { ...options, block: options.pinnedBlock })
  const { authority, tried, route, seconds } = resolved
  return { lever: { ...lever, authority, evidence: [...lever.evidence, ...tried] }, route, seconds }
}

/** Data that is read from the chain once per plan, for any number of levers. */
type Planning = PlanOptions & {
  named: Map<Address, Promise<Named>>
  /** The attack without a lever, run on first use; null where none is known. */
  reproduced: () => Promise<Reproduced | null>
}

async function reproducedFor({ sequencer, attack, pinnedBlock }: PlanOptions): Promise<Reproduced | null> {
  return attack === null ? null : reproduce(sequencer, pinnedBlock, attack)
}

function once<T>(act: () => Promise<T>): () => Promise<T> {
  let begun: Promise<T> | undefined
  return () => {
    begun ??= act()
    return begun
  }
}

type Elsewhere = Pullable & { candidate: Candidate }

/**
 * Levers of other contracts of the protocol, where none of the target's own stops the attack. The attacker may control
 * such a contract: its lever counts only where an account that the defender knows may pull it and the attack is seen to
 * stop.
 */
async function candidatesElsewhere(own: readonly Candidate[], options: Planning): Promise<Elsewhere[]> {
  const { related, attack, wanted, target, named, signers, others } = options
  // an attack that does not succeed without a lever proves nothing about any lever
  const isEnough = own.some(
    (candidate) =>
      isStopping(candidate) || candidate.attack === 'not-reproduced' || candidate.saved >= SAVED_ENOUGH,
  )
  if (related === undefined || attack === null || wanted !== undefined || isEnough) return []
  const at = { ...options, block: options.pinnedBlock }
  const contracts = await related()
  const levers = (await leversOfProtocol(at, contracts)).filter(
    ({ kind, armed, target: place }) => UNASKED.has(kind) && armed && place !== target,
  )
  const names = await (named.get(target) ?? namedBy(options.rpc, target, options.pinnedBlock))
  const known = { signers, others, named: names.accounts.map(({ address }) => address) }
  const resolved = await Promise.all(levers.map((lever) => withAuthority(lever, options)))
  const gated = await Promise.all(resolved.map(({ lever }) => isGated(lever, at)))
  const pullable = resolved.filter(({ lever }, i) => gated[i] && isKnownAuthority(lever, known))
  const candidates = await candidatesOf(pullable, options, 'each')
  const stopping = paired(candidates, pullable)
  if (stopping.length > 0) return stopping
  const owners = [...known.signers, ...known.others, ...known.named]
  const unknown = await unnamedLevers([target, ...contracts.map(({ address }) => address)], {
    ...options,
    owners,
  })
  return paired(await candidatesOf(unknown, options, 'each'), unknown)
}

/** Where no known lever helps: calls of the owner, by their effect. People must review them before they are pulled. */
async function unnamedLevers(
  contracts: readonly Address[],
  options: Planning & { owners: readonly Address[] },
): Promise<Pullable[]> {
  const { pinnedBlock: block, names = new Map() } = options
  const attack = await options.reproduced()
  if (attack === null) return []
  const levers = await probeForLevers({ ...options, block, attack, names, contracts })
  return Promise.all(levers.map((lever) => withAuthority(lever, options)))
}

function isStopping({ leverSucceeded, attack }: Candidate): boolean {
  return leverSucceeded && attack === 'stopped'
}

/** The candidates that stop the attack, each with its route. */
function paired(candidates: readonly Candidate[], pullable: readonly Pullable[]): Elsewhere[] {
  return candidates.filter(isStopping).flatMap((candidate) => {
    const found = pullable.find(({ lever }) => lever === candidate.lever)
    return found === undefined ? [] : [{ ...found, candidate }]
  })
}

/** With one lever there is nothing to rank, and the loss continues meanwhile: it is tried once, in the simulation. */
async function candidatesOf(
  levers: readonly Pullable[],
  options: Planning,
  tried: 'each' | 'where there is a choice' = 'where there is a choice',
): Promise<Candidate[]> {
  const { rpc, sequencer, pinnedBlock: block, target } = options
  // the widest first: where there are more levers than are tried, one that stops everything is among them
  const soonest = [...levers].sort(
    (a, b) =>
      secondsOf(a) - secondsOf(b) || breadths.indexOf(b.lever.breadth) - breadths.indexOf(a.lever.breadth),
  )
  const isAlone = levers.length === 1 && tried !== 'each'
  const reproduced = isAlone || levers.length === 0 ? null : await options.reproduced()
  return Promise.all(
    soonest.map(async (pullable, i) => {
      const { lever, route } = pullable
      const seconds = secondsOf(pullable)
      if (isAlone || i >= MOST_TRIED)
        return { lever, seconds, attack: 'not-run' as const, saved: 0, leverSucceeded: true }
      const at = { rpc, sequencer, block, protects: target }
      const { attack, losses, leverSucceeded } = await tryLever({ ...at, lever, route, attack: reproduced })
      return { lever, seconds, attack, saved: savedShare(losses, target), leverSucceeded }
    }),
  )
}

/** A lever without a known authority comes last: the authority must be found first. */
function secondsOf({ lever: { authority }, seconds }: Pullable): number {
  if (authority === null) return PEOPLE_SECONDS * 10
  return authority.live ? seconds : PEOPLE_SECONDS + seconds
}

function noLever({ target, pinnedBlock, wanted }: PlanOptions): CordonError {
  const what = wanted === undefined ? 'no pause or freeze' : `no lever ${wanted.template}`
  return new CordonError({
    code: 'contain.NoLever',
    message: `${target} offers ${what} that Cordon knows.`,
    facts: { target, block: pinnedBlock, ...(wanted === undefined ? {} : { given: wanted.given }) },
    fix: 'See what it offers with `cordon levers discover`; protect the contract that holds the pause, or act by hand.',
  })
}

/** Why no one here can send a plan. */
export function notOurs({ route }: ContainmentPlan): string {
  if (route.kind === 'safe') return `too few owners of the Safe ${route.safe} have signed`
  return 'no signer at hand may pull the lever'
}
