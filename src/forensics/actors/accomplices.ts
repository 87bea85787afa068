import { type AddressLabel, endsFlow } from '../../model/address-label.ts'
import type { Frame } from '../../model/block.ts'
import type { TransferFact } from '../../model/fact.ts'
import { type Address, ZERO_ADDRESS } from '../../model/hex.ts'
import { type Cluster, MOST_SERVED } from './clusters.ts'
import type { Payments } from './funders.ts'
import type { Origin, Placed } from './known.ts'

/** A payment below this share of the cluster's gain in an asset is a fee or dust, basis points. */
const LEAST_BPS = 100n
/** An account with at most this many transactions before the attack is fresh; the default of `preparation`. */
export const FRESH_NONCE = 3
/** An address that helped, with the reasons. */
export type Accomplice = { address: Address; confidence: number; reason: string; cluster: Address }

export type AccomplicesOptions = {
  clusters: readonly Cluster[]
  investigated: readonly Placed[]
  before: readonly Placed[]
  near: readonly Placed[]
  victims: ReadonlySet<Address>
  origins: ReadonlyMap<Address, Origin>
  payments: Payments
  labels: ReadonlyMap<Address, AddressLabel>
}

/**
 * The accounts that received the attackers’ gains directly, deployed the code they ran, or funded one of their fresh
 * accounts.
 */
export function accomplicesOf(options: AccomplicesOptions): Accomplice[] {
  const own = new Set(options.clusters.flatMap(({ members }) => [...members]))
  const isOutside = (address: Address): boolean => {
    const label = options.labels.get(address)
    return (
      address !== ZERO_ADDRESS &&
      !own.has(address) &&
      !options.victims.has(address) &&
      !(label !== undefined && endsFlow(label.kind))
    )
  }
  return options.clusters
    .flatMap((cluster) => [
      ...paidBy(cluster, options),
      ...deployersFor(cluster, options),
      ...fundersFor(cluster, options),
    ])
    .filter(({ address }) => isOutside(address))
}

/** By a payment that names the receiver, to an account that ran no code and does not produce the blocks. */
function paidBy({ id, members }: Cluster, { investigated, near }: AccomplicesOptions): Accomplice[] {
  const got = new Map<string, bigint>()
  for (const { tx } of investigated)
    for (const fact of tx.facts)
      if (fact.kind === 'transfer' && members.has(fact.to) && !members.has(fact.from))
        got.set(fact.asset, (got.get(fact.asset) ?? 0n) + fact.amount)
  const own = near.filter(({ tx }) => tx.transaction.from !== null && members.has(tx.transaction.from))
  return [...investigated, ...own].flatMap(({ tx, producer }) => {
    const { frames, hash } = tx.transaction
    const runners = runnersIn(frames)
    return tx.facts.flatMap((fact): Accomplice[] => {
      if (fact.kind !== 'transfer' || !members.has(fact.from) || members.has(fact.to)) return []
      const all = got.get(fact.asset) ?? 0n
      if (all === 0n || fact.amount * 10_000n < all * LEAST_BPS || fact.to === producer) return []
      if (!isDirect(fact, frames) || runners.has(fact.to)) return []
      const reason = `got ${fact.amount} of ${fact.asset} from ${fact.from} in ${hash}, by a direct payment and not through a market`
      return [{ address: fact.to, confidence: 0.5, reason, cluster: id }]
    })
  })
}

/** A fee that a token takes on the way goes to an account that the caller does not name. */
function isDirect({ asset, to, frame }: TransferFact, frames: readonly Frame[]): boolean {
  return asset === 'native' || frames[frame]?.input.includes(to.slice(2)) === true
}

/** Addresses that ran code in these frames. */
function runnersIn(frames: readonly Frame[]): Set<Address> {
  const runners = new Set<Address>()
  for (const { to, context, end, index, output, type } of frames) {
    if (end <= index + 1 && output === '0x' && !type.startsWith('CREATE')) continue
    if (to !== null) runners.add(to)
    if (context !== null) runners.add(context)
  }
  return runners
}

function deployersFor({ id, members }: Cluster, options: AccomplicesOptions): Accomplice[] {
  return [...members].flatMap((contract) => {
    const { deployer, createdAt } = options.origins.get(contract) ?? {}
    if (deployer === undefined || members.has(deployer)) return []
    const reason = `deployed ${contract}, which the attackers ran${createdAt === undefined ? '' : `, in ${createdAt.transactionHash}`}`
    return [{ address: deployer, confidence: 0.5, reason, cluster: id }]
  })
}

/** The accounts that paid a fresh account of the cluster, and not many others. */
function fundersFor({ id, members }: Cluster, options: AccomplicesOptions): Accomplice[] {
  const { origins, payments } = options
  const runners = runnersIn(options.before.flatMap(({ tx }) => tx.transaction.frames))
  return [...members].flatMap((account) => {
    const { nonce } = origins.get(account) ?? {}
    if (nonce === undefined || nonce > FRESH_NONCE) return []
    return (payments.get(account) ?? []).flatMap((payment): Accomplice[] => {
      const { from, asset, amount, transactionHash } = payment
      if (members.has(from) || payeesOf(from, payments) > MOST_SERVED) return []
      if (runners.has(from)) return []
      const reason = `funded ${account}, which had sent ${nonce} transactions, with ${amount} of ${asset} in ${transactionHash}`
      return [{ address: from, confidence: 0.3, reason, cluster: id }]
    })
  })
}

function payeesOf(payer: Address, payments: Payments): number {
  let payees = 0
  for (const list of payments.values()) if (list.some(({ from }) => from === payer)) payees++
  return payees
}
