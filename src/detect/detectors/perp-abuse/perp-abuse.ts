import { z } from 'zod'
import type { TransactionFacts } from '../../../model/fact.ts'
import type { Finding } from '../../../model/finding.ts'
import type { Address } from '../../../model/hex.ts'
import { actorCluster } from '../../lib/actors.ts'
import type { Claim } from '../../lib/claims.ts'
import { findingFrom } from '../../lib/claims.ts'
import { type Remembered, withMemory } from '../../lib/per-transaction.ts'
import { takeFunds } from './fund.ts'
import { takeMarks } from './mark.ts'
import { emptyMemory, keep, type Memory } from './memory.ts'
import { selfLiquidations } from './self-liquidation.ts'

const options = z.strictObject({
  /** The minimum move of a price from the last one, basis points. */
  minMoveBps: z.number().int().min(1).default(500),
  /** Blocks within which a price is moved, a position paid and the price moved back. */
  windowBlocks: z.number().int().min(0).default(5),
  /** Payments for liquidations after which a contract that paid only for these counts as an insurance fund. */
  minFundPayments: z.number().int().min(1).default(5),
})
type Options = z.infer<typeof options>

/**
 * Abuse of leveraged positions: a side liquidates its own position and others bear the loss; a side moves the mark, by
 * trade or by a written price, and is paid on a position because of it; an insurance fund pays without a liquidation.
 * Bots liquidate strangers, with flash loans or their own liquidity; traders are paid on what others moved; signed
 * prices are not the caller's own; an account that unwinds its own position at no one's cost gets a remark.
 */
export const perpAbuse = withMemory<Memory, Options>({
  id: 'perp-abuse',
  title: 'A position was paid on a price of its owner’s own making, or its loss was put on others',
  options,
  init: emptyMemory,
  stateVersion: 1,
  evaluate,
})

function evaluate(tx: TransactionFacts, { input, memory, options }: Remembered<Memory, Options>): Finding[] {
  const { scope, facts } = input
  const sender = tx.transaction.from
  if (sender === null || tx.transaction.succeeded === false) return []
  const actors = actorCluster(tx, scope)
  noteMade(tx, { sender, actors, memory })
  const side = sideOf(tx, { sender, actors, memory })
  const { minMoveBps, windowBlocks } = options
  const norms = { minMoveBps, windowBlocks }
  const { claims: fromFunds, remarks } = takeFunds({ tx, side, scope }, memory, options.minFundPayments)
  const claims = [
    ...selfLiquidations({ tx, side, scope }),
    ...takeMarks({ tx, sender, side, scope, block: facts.bundle.number, norms }, memory),
    ...fromFunds,
  ]
  const context = { detector: 'perp-abuse', tx, actors: side, scope, bundle: facts.bundle }
  const isLoud = claims.some((claim) => claim.confidence >= MEDIUM)
  return findingFrom([...claims, ...remarks], isLoud ? context : { ...context, most: 'low' })
}

/** Below this a claim is a remark: recorded, without an alert. */
const MEDIUM: Claim['confidence'] = 0.55

function noteMaker(memory: Memory, contract: Address, sender: Address): void {
  keep(memory.makers, contract, sender)
  keep(memory.made, sender, true)
}

type Makers = { sender: Address; actors: ReadonlySet<Address>; memory: Memory }

function noteMade({ transaction }: TransactionFacts, { sender, actors, memory }: Makers): void {
  for (const { type, to, reverted } of transaction.frames)
    if ((type === 'CREATE' || type === 'CREATE2') && !reverted && to !== null && actors.has(to))
      noteMaker(memory, to, sender)
}

/** The actors, and the contracts that the sender created earlier and that take part in this transaction. */
function sideOf(
  { transaction, facts }: TransactionFacts,
  { sender, actors, memory }: Makers,
): ReadonlySet<Address> {
  let side: Set<Address> | undefined
  const add = (account: Address | null): void => {
    if (account === null || memory.makers.get(account) !== sender || actors.has(account)) return
    side ??= new Set(actors)
    side.add(account)
  }
  if (!memory.made.has(sender)) return actors
  for (const { context } of transaction.frames) add(context)
  for (const fact of facts) {
    if (fact.kind === 'transfer') add(fact.from)
    else if (fact.kind === 'action') {
      add(fact.actor)
      add(fact.beneficiary)
    }
  }
  return side ?? actors
}
