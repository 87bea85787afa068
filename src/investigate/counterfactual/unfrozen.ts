import type { Address, Hash } from '../../model/hex.ts'
import type { Regression } from '../../model/regression.ts'
import type { Ran } from '../regress/node.ts'

export type Slot = { address: Address; slot: Hash }

/**
 * Slots of frozen contracts that an altered run touched, that the frozen state does not have and the recorded run did
 * not touch: they were read as empty, whatever their value on the chain.
 */
export function unfrozen(
  ran: readonly Ran[],
  { regression: { prestate }, recorded }: { regression: Regression; recorded: readonly Ran[] },
): Slot[] {
  const known = touchedBy(recorded)
  const found: Slot[] = []
  for (const [key, { address, slot }] of touchedBy(ran)) {
    const account = prestate[address]
    if (!known.has(key) && account !== undefined && account.storage[slot] === undefined)
      found.push({ address, slot })
  }
  return found
}

/** Accounts that an altered run reached and that are unknown here: they look as if they had no code. */
export function strangers(
  ran: readonly Ran[],
  {
    regression: { prestate },
    recorded,
    own,
  }: { regression: Regression; recorded: readonly Ran[]; own: Address },
): Address[] {
  const accountsIn = (all: readonly Ran[]): Address[] =>
    all.flatMap(({ touched }) => Object.keys(touched ?? {}) as Address[])
  const known = new Set([...accountsIn(recorded), own])
  return [...new Set(accountsIn(ran))].filter(
    (address) => !known.has(address) && prestate[address] === undefined && !isPrecompile(address),
  )
}

function isPrecompile(address: Address): boolean {
  return address.startsWith(`0x${'0'.repeat(36)}`)
}

function touchedBy(ran: readonly Ran[]): Map<string, Slot> {
  const slots = new Map<string, Slot>()
  for (const { touched } of ran)
    for (const address of Object.keys(touched ?? {}) as Address[])
      for (const slot of Object.keys(touched?.[address]?.storage ?? {}) as Hash[])
        slots.set(`${address} ${slot}`, { address, slot })
  return slots
}
