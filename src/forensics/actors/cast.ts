import type { Actor, ActorRole } from '../../model/actor.ts'
import type { BalanceDeltas } from '../../model/fact.ts'
import type { Finding } from '../../model/finding.ts'
import { type Address, ZERO_ADDRESS } from '../../model/hex.ts'
import { isSystemAccount } from '../../model/system-account.ts'
import type { Attackers } from '../attackers.ts'
import { wrappersIn } from '../prices.ts'
import { accomplicesOf } from './accomplices.ts'
import type { Cluster } from './clusters.ts'
import { copiesOf } from './copies.ts'
import type { Payments } from './funders.ts'
import type { Known, Origin, Placed } from './known.ts'
import { returnsOf } from './returns.ts'

export type ActorsOptions = {
  /** In chain order. */
  investigated: readonly Placed[]
  net: BalanceDeltas
  findings: readonly Finding[]
  attackers: Attackers
  victims: readonly Address[]
  known: Known
}

const MOST_REASONS = 20

/** The data of an actor before its history is added. */
export type Cast = Pick<Actor, 'address' | 'role' | 'confidence' | 'reasons' | 'cluster'>
export type Told = {
  origins: ReadonlyMap<Address, Origin>
  payments: Payments
  /** Contracts of the attackers that others use too, with the number of these others. */
  shared: ReadonlyMap<Address, number>
  contracts: ReadonlySet<Address>
}

/** All actors, each once, with the role and its reasons: attackers, victims, then the others. */
export function castOf(options: ActorsOptions, clusters: readonly Cluster[], told: Told): Cast[] {
  return merged([
    ...attackerCast(options, clusters, told),
    ...victimCast(options),
    ...helperCast(options, clusters, told),
    ...beneficiaries(options),
  ])
}

/** An address has one role: the first one found, but a copier’s evidence is stronger than a sender’s. */
function merged(cast: readonly Cast[]): Cast[] {
  const byAddress = new Map<Address, Cast>()
  for (const actor of cast) {
    const had = byAddress.get(actor.address)
    if (had === undefined) byAddress.set(actor.address, actor)
    else byAddress.set(actor.address, joined(had, actor))
  }
  return [...byAddress.values()]
}

function joined(had: Cast, more: Cast): Cast {
  const isTurned = had.role === 'attacker' && more.role === 'copier'
  if (!isTurned && had.role !== more.role) return had
  const reasons = [...new Set([...had.reasons, ...more.reasons])].slice(0, MOST_REASONS)
  const confidence = isTurned ? more.confidence : Math.max(had.confidence, more.confidence)
  return { ...had, role: more.role, confidence, reasons }
}

function attackerCast(
  options: ActorsOptions,
  clusters: readonly Cluster[],
  { origins, shared }: Told,
): Cast[] {
  const { attackers, known, victims } = options
  const deployers = new Set(victims.flatMap((victim) => origins.get(victim)?.deployer ?? []))
  const placed = inOrder([...options.investigated, ...known.near])
  const returns = new Map(
    clusters.map((cluster) => [
      cluster.id,
      returnsOf(cluster, { placed, victims: new Set(victims), deployers, labels: known.labels }),
    ]),
  )
  return [...attackers.accounts, ...attackers.contracts].map((address) => {
    const cluster = clusters.find(({ members }) => members.has(address))?.id
    const isOwn = isOwnContract(address, options, origins)
    const given = cluster === undefined ? undefined : returns.get(cluster)
    const own = suspected(address, { ...options, isOwn })
    const others = shared.get(address)
    if (others !== undefined)
      return {
        ...own,
        role: 'unknown' as const,
        confidence: 0.3,
        reasons: [
          ...own.reasons,
          `${others} other accounts called it in the blocks that were read: a public contract`,
        ],
      }
    const made = deployers.has(address) ? ['had a victim created: an insider, or somebody with its keys'] : []
    const reasons = [...own.reasons, ...made, ...(given?.reasons ?? [])]
    const same = cluster === undefined ? {} : { cluster }
    return given?.isRescue === true
      ? { ...own, ...same, reasons, role: 'white-hat' as const, confidence: given.confidence }
      : { ...own, ...same, reasons }
  })
}

/** True for a contract that an attacker sent from or created. */
function isOwnContract(
  address: Address,
  { attackers }: ActorsOptions,
  origins: ReadonlyMap<Address, Origin>,
): boolean {
  const { deployer } = origins.get(address) ?? {}
  return (
    attackers.accounts.includes(address) || (deployer !== undefined && attackers.accounts.includes(deployer))
  )
}

/**
 * The senders, and the contracts that they used. A contract that was only called, gained nothing, is named by no
 * detector and is not known to be the sender’s may also be a victim whose loss was not understood: its role stays open.
 */
function suspected(
  address: Address,
  { findings, net, attackers, investigated, isOwn }: ActorsOptions & { isOwn: boolean },
): Cast {
  const about = findings.filter(({ actors }) => actors.includes(address))
  const gained = [...(net.get(address) ?? [])].filter(([, amount]) => amount > 0n).slice(0, 3)
  const detectors = [...new Set(about.map(({ detector }) => detector))]
  const isSender = attackers.accounts.includes(address)
  const sent = investigated.flatMap(({ tx: { transaction } }) =>
    transaction.from === address ? [transaction.hash] : [],
  )
  const why = isSender
    ? `sent ${sent.slice(0, 3).join(', ')}${sent.length > 3 ? ` and ${sent.length - 3} more` : ''}`
    : 'called by the sender and no victim, or created by what he called'
  const isOpen = !isOwn && about.length === 0 && gained.length === 0
  return {
    address,
    role: isOpen ? 'unknown' : 'attacker',
    confidence: Math.max(baseOf(isSender, findings), ...about.map(({ confidence }) => confidence)),
    reasons: [
      why,
      ...(gained.length > 0
        ? [`gained ${gained.map(([key, amount]) => `${amount} of ${key}`).join(', ')}`]
        : []),
      ...(detectors.length > 0 ? [`named by ${detectors.join(', ')}`] : []),
      ...(isOpen ? ['nothing shows whose it is: it gained nothing and no detector names it'] : []),
    ],
  }
}

/** A sender that no rule flags gets a low suspicion score. */
function baseOf(isSender: boolean, findings: readonly Finding[]): number {
  return findings.length === 0 ? 0.3 : isSender ? 0.6 : 0.5
}

function victimCast({ victims, net, findings }: ActorsOptions): Cast[] {
  return victims.map((address) => {
    const lost = [...(net.get(address) ?? [])].filter(([, amount]) => amount < 0n).slice(0, 3)
    const named = findings.filter(({ victims: all }) => all.includes(address)).map(({ detector }) => detector)
    const reasons = [
      ...(lost.length > 0 ? [`lost ${lost.map(([key, amount]) => `${-amount} of ${key}`).join(', ')}`] : []),
      ...(named.length > 0 ? [`named as the victim by ${[...new Set(named)].join(', ')}`] : []),
    ]
    return {
      address,
      role: 'victim',
      confidence: named.length > 0 ? 0.7 : lost.length > 0 ? 0.6 : 0.4,
      reasons: reasons.length > 0 ? reasons : ['its code ran where a victim lost, or a hypothesis names it'],
    }
  })
}

function helperCast(options: ActorsOptions, clusters: readonly Cluster[], told: Told): Cast[] {
  const { investigated, victims, known } = options
  const common = { investigated, near: known.near, victims: new Set(victims) }
  const copies = copiesOf(common).flatMap(({ accounts, contracts, role, confidence, reasons }) =>
    [...accounts, ...contracts].map(
      (address): Cast => ({
        address,
        role,
        confidence,
        reasons,
        ...(accounts[0] === undefined ? {} : { cluster: accounts[0] }),
      }),
    ),
  )
  const helpers = accomplicesOf({ ...common, ...told, clusters, before: known.before, labels: known.labels })
  return [
    ...copies,
    ...helpers.map(
      ({ address, confidence, reason, cluster }): Cast => ({
        address,
        role: 'accomplice',
        confidence,
        reasons: [reason],
        cluster,
      }),
    ),
  ]
}

/**
 * The accounts that only gained. A block producer is paid for inclusion, and the chain’s own accounts belong to nobody.
 */
function beneficiaries({ net, investigated, attackers, victims }: ActorsOptions): Cast[] {
  const own = new Set([...attackers.accounts, ...attackers.contracts, ...victims])
  const producers = new Set(investigated.flatMap(({ producer }) => producer ?? []))
  // a wrapper of the coin holds it for others
  const wrappers: ReadonlySet<string> = new Set(wrappersIn(investigated.map(({ tx }) => tx)))
  return [...net]
    .filter(([address]) => !own.has(address) && address !== ZERO_ADDRESS && !wrappers.has(address))
    .filter(([address]) => !isSystemAccount(address))
    .filter(([, assets]) => assets.size > 0 && [...assets.values()].every((amount) => amount > 0n))
    .map(([address, assets]) => {
      const got = [...assets].slice(0, 3).map(([key, amount]) => `${amount} of ${key}`)
      const role: ActorRole = producers.has(address) ? 'unknown' : 'beneficiary'
      const made = producers.has(address) ? ['made the block: what it got pays for the place in it'] : []
      const reasons = [`got ${got.join(', ')} and gave nothing in these transactions`, ...made]
      return { address, role, confidence: 0.4, reasons }
    })
}

function inOrder(placed: readonly Placed[]): Placed[] {
  return [...placed].sort((a, b) => a.block - b.block || a.tx.transaction.index - b.tx.transaction.index)
}
