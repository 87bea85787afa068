import { keccak256 } from 'viem'
import type { Attack } from '../../forensics/counterfactual/alteration.ts'
import { type Address, type Hex, selectorOf } from '../../model/hex.ts'
import type { Investigation } from '../../model/investigation.ts'
import type { Regression } from '../../model/regression.ts'
import { functionNames } from '../../names/function-names.ts'
import type { Ran } from '../regress/node.ts'

const MOST_SUSPECTED = 4
/** Mappings of Solidity are searched for in this many slots. */
const MAPPINGS = 64
const MOST_KEYS = 32

type Recorded = { regression: Regression; recorded: readonly Ran[] }

/** The input of the finders of alterations: an attack that was frozen, run again, and investigated. */
export function attackOf({ regression, recorded }: Recorded, found: Investigation): Attack {
  const { accounts, contracts } = found.attackers
  const attackers = new Set<Address>([...regression.attackers, ...accounts, ...contracts])
  const standing = new Set(
    (Object.keys(regression.prestate) as Address[]).filter(
      (address) => !attackers.has(address) && hasCode(regression, address),
    ),
  )
  const named = [
    ...found.rootCause.hypotheses.flatMap(({ contract }) => contract ?? []),
    ...found.victims.map(({ address }) => address),
  ]
  const suspected = [...new Set(named)].filter((address) => standing.has(address))
  return {
    transactions: recorded.flatMap(({ frozen, seen }) =>
      frozen.is === 'attack' && seen !== null ? [seen.tx] : [],
    ),
    attackers,
    standing,
    suspected: suspected.slice(0, MOST_SUSPECTED),
    ...ordinaryCalls(recorded, attackers),
    namesAttacker: namesOf(recorded, attackers),
    functions: functionNames,
  }
}

/** True for code of its own: an account that delegates its calls to another’s code (EIP-7702) has none. */
function hasCode({ prestate }: Regression, address: Address): boolean {
  const code = prestate[address]?.code ?? '0x'
  return code !== '0x' && !code.startsWith('0xef01')
}

function ordinaryCalls(
  recorded: readonly Ran[],
  attackers: ReadonlySet<Address>,
): Pick<Attack, 'ordinary' | 'used'> {
  const [ordinary, used] = [new Set<string>(), new Set<Address>()]
  for (const { frozen, seen } of recorded) {
    if (frozen.is !== 'legitimate' || seen === null) continue
    for (const { type, from, to, input, reverted } of seen.tx.transaction.frames) {
      if (type !== 'CALL' || reverted || from === null || to === null || attackers.has(from)) continue
      ordinary.add(`${to}:${selectorOf(input) ?? ''}`)
      used.add(to)
    }
  }
  return { ordinary, used }
}

/**
 * Contracts of others in whose storage an attacker’s address appears since the attack, except under the attacker’s own
 * key.
 */
function namesOf(recorded: readonly Ran[], attackers: ReadonlySet<Address>): Set<Address> {
  const digits = [...attackers].map((address) => address.slice(2))
  const own = new Set([...attackers].slice(0, MOST_KEYS).flatMap(entriesOf))
  const found = new Set<Address>()
  for (const { written } of recorded)
    for (const { address, slot, before, after } of written ?? []) {
      const isNew = digits.some((one) => after.includes(one) && !before.includes(one))
      if (isNew && !own.has(slot) && !attackers.has(address)) found.add(address)
    }
  return found
}

/** Slots of an account’s own entry in the first mappings of a contract: its choice of delegate concerns only itself. */
function entriesOf(account: Address): Hex[] {
  const key = account.slice(2).padStart(64, '0')
  return Array.from({ length: MAPPINGS }, (_, place) =>
    keccak256(`0x${key}${place.toString(16).padStart(64, '0')}`),
  )
}
