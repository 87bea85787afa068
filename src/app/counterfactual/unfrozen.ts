import type { Address } from '../../model/hex.ts'
import type { Regression } from '../../model/regression.ts'
import type { Ran } from '../regression-node.ts'

/**
 * How many accounts with code, and slots of frozen contracts, an altered run touched that the frozen state does not have and
 * the recorded run did not touch: they were read as empty, whatever they are on the chain.
 */
export function unfrozen(
  ran: readonly Ran[],
  { regression: { prestate }, recorded }: { regression: Regression; recorded: readonly Ran[] },
): number {
  const known = touchedBy(recorded)
  let count = 0
  for (const key of touchedBy(ran)) {
    const [address = '', slot = ''] = key.split(' ')
    const account = prestate[address as Address]
    if (known.has(key) || account === undefined) continue
    if (account.storage[slot as Address] === undefined) count++
  }
  return count
}

function touchedBy(ran: readonly Ran[]): Set<string> {
  const keys = new Set<string>()
  for (const { touched } of ran)
    for (const [address, { storage }] of Object.entries(touched ?? {}))
      for (const slot of Object.keys(storage)) keys.add(`${address} ${slot}`)
  return keys
}
