import type { BalanceDeltas, TransactionFacts } from '../model/fact.ts'
import type { Finding } from '../model/finding.ts'
import { type Address, ZERO_ADDRESS } from '../model/hex.ts'
import type { Actor } from '../model/investigation.ts'
import type { Attackers } from './attackers.ts'

export type ActorsOptions = {
  transactions: readonly TransactionFacts[]
  net: BalanceDeltas
  findings: readonly Finding[]
  attackers: Attackers
  victims: readonly Address[]
}

const MOST = 100

/** Who took part, with the likely role and every reason for it. Addresses only: nobody is named. */
export function actorsOf(options: ActorsOptions): Actor[] {
  const { attackers, victims, net } = options
  const own = new Set([...attackers.accounts, ...attackers.contracts])
  const paid = [...net]
    .filter(([address]) => !own.has(address) && !victims.includes(address) && address !== ZERO_ADDRESS)
    .filter(([, assets]) => [...assets.values()].every((amount) => amount > 0n))
    .map(([address]) => address)
  const contracts = contractsIn(options)
  const kindOf = (address: Address): Actor['kind'] => (contracts.has(address) ? 'contract' : 'account')
  return [
    ...attackers.accounts.map((address) =>
      attacker(address, { ...options, why: 'sent the transaction', least: 0.6 }),
    ),
    ...attackers.contracts.map((address) =>
      attacker(address, {
        ...options,
        why: 'called by the sender, or created by what he called',
        least: 0.5,
      }),
    ),
    ...victims.map((address) => ({
      address,
      role: 'victim' as const,
      confidence: 0.7,
      reasons: ['lost assets, or a finding names it'],
    })),
    ...paid.map((address) => ({
      address,
      role: 'beneficiary' as const,
      confidence: 0.4,
      reasons: ['got assets and gave none in these transactions'],
    })),
  ]
    .slice(0, MOST)
    .map((actor) => ({ ...actor, kind: kindOf(actor.address) }))
}

/** What was created here or called others, and what the attackers run. */
function contractsIn({ transactions, attackers }: ActorsOptions): Set<Address> {
  const frames = transactions.flatMap(({ transaction }) => transaction.frames)
  const ran = frames.filter(({ type, end, index }) => type.startsWith('CREATE') || end > index + 1)
  return new Set([...attackers.contracts, ...ran.flatMap(({ to }) => to ?? [])])
}

type Suspected = ActorsOptions & { why: string; least: number }

function attacker(address: Address, { findings, net, why, least }: Suspected): Omit<Actor, 'kind'> {
  const about = findings.filter(({ actors }) => actors.includes(address))
  const hasGained = [...(net.get(address)?.values() ?? [])].some((amount) => amount > 0n)
  const detectors = [...new Set(about.map(({ detector }) => detector))]
  return {
    address,
    role: 'attacker',
    confidence: Math.max(least, ...about.map(({ confidence }) => confidence)),
    reasons: [
      why,
      ...(hasGained ? ['gained assets'] : []),
      ...(detectors.length > 0 ? [`named by ${detectors.join(', ')}`] : []),
    ],
  }
}
