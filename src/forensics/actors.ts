import type { BalanceDeltas, TransactionFacts } from '../model/fact.ts'
import type { Finding } from '../model/finding.ts'
import type { Address } from '../model/hex.ts'
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
  const { attackers, victims, net, findings, transactions } = options
  const own = new Set([...attackers.accounts, ...attackers.contracts])
  const code = new Set(
    transactions.flatMap(({ transaction }) =>
      transaction.frames.flatMap(({ to, type, end, index }) =>
        to !== null && (type.startsWith('CREATE') || end > index + 1) ? [to] : [],
      ),
    ),
  )
  const kindOf = (address: Address): Actor['kind'] =>
    code.has(address) || attackers.contracts.includes(address) ? 'contract' : 'account'
  const of = (address: Address, role: Actor['role'], [confidence, reasons]: [number, string[]]): Actor => ({
    address,
    kind: kindOf(address),
    role,
    confidence,
    reasons,
  })
  const gained = (address: Address): boolean =>
    [...(net.get(address)?.values() ?? [])].some((amount) => amount > 0n)
  const named = (address: Address): number =>
    Math.max(
      0,
      ...findings.filter(({ actors }) => actors.includes(address)).map(({ confidence }) => confidence),
    )
  const list: Actor[] = [
    ...attackers.accounts.map((address) =>
      of(address, 'attacker', [Math.max(0.6, named(address)), reasonsFor(address, 'sent the transaction')]),
    ),
    ...attackers.contracts.map((address) =>
      of(address, 'attacker', [
        Math.max(0.5, named(address)),
        reasonsFor(address, 'called by the sender, or created by what he called'),
      ]),
    ),
    ...victims.map((address) => of(address, 'victim', [0.7, [`lost assets, or a finding names it`]])),
  ]
  for (const [address, assets] of net) {
    if (own.has(address) || victims.includes(address) || /^0x0{40}$/.test(address)) continue
    const isPaid = [...assets.values()].every((amount) => amount > 0n)
    if (isPaid)
      list.push(of(address, 'beneficiary', [0.4, ['got assets and gave none in these transactions']]))
  }
  return list.slice(0, MOST)

  function reasonsFor(address: Address, first: string): string[] {
    const reasons = [first]
    if (gained(address)) reasons.push('gained assets')
    const detectors = findings
      .filter(({ actors }) => actors.includes(address))
      .map(({ detector }) => detector)
    if (detectors.length > 0) reasons.push(`named by ${[...new Set(detectors)].join(', ')}`)
    return reasons
  }
}
