import type { Actor } from '../../model/actor.ts'
import type { Address } from '../../model/hex.ts'
import { type ActorsOptions, castOf, type Told } from './cast.ts'
import { clustersOf, sharedOf } from './clusters.ts'
import { paymentsIn } from './funders.ts'
import { joinOrigins, originsIn } from './origins.ts'
import { profiled } from './profile.ts'

const MOST = 100

/**
 * The actors, with the likely role and every reason for it: the attackers, the victims, then the accounts that helped,
 * copied or received something. Addresses only: it names no person. `unexplained` lists the histories that were cut
 * short.
 */
export function actorsOf(options: ActorsOptions): { actors: Actor[]; unexplained: string[] } {
  const { known, investigated, attackers } = options
  const origins = joinOrigins(originsIn([...known.before, ...investigated]), known.origins)
  const payments = paymentsIn(known.before, known.labels)
  for (const payment of known.payments)
    payments.set(payment.to, [...(payments.get(payment.to) ?? []), payment])
  const around = [...known.before, ...known.near].map(({ tx }) => tx)
  const shared = sharedOf(around, attackers)
  const clusters = clustersOf(
    investigated.map(({ tx }) => tx),
    { ...attackers, shared },
  )
  const told: Told = { origins, payments, shared, contracts: contractsIn(options) }
  const cast = castOf(options, clusters, told).slice(0, MOST)
  return profiled(cast, { ...options, told, clusters })
}

/** The contracts that were created here or called others, and the code that the attackers run. */
function contractsIn({ investigated, known, attackers }: ActorsOptions): Set<Address> {
  const contracts = new Set<Address>([...attackers.contracts, ...known.code.keys()])
  for (const { tx } of [...investigated, ...known.near, ...known.before])
    for (const { type, end, index, to } of tx.transaction.frames)
      if (to !== null && (type.startsWith('CREATE') || end > index + 1)) contracts.add(to)
  return contracts
}
