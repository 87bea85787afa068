import { z } from 'zod'
import type { Detector, DetectorInput } from '../../../model/detector.ts'
import { inScope } from '../../../model/detector.ts'
import type { TransactionFacts, TransferFact } from '../../../model/fact.ts'
import type { Finding } from '../../../model/finding.ts'
import type { Address } from '../../../model/hex.ts'
import { actorCluster } from '../../lib/actors.ts'
import type { Claim } from '../../lib/claims.ts'
import { findingFrom } from '../../lib/claims.ts'
import { transfersIn } from '../../lib/flows.ts'
import { gainsOnly } from '../../lib/parties.ts'
import { perTransaction } from '../../lib/per-transaction.ts'
import { type StaleView, staleViews } from './stale-views.ts'

const options = z.strictObject({
  /** The minimum difference of the answer after the outer call, basis points, that shows that it was wrong before. */
  minMoveBps: z.number().int().min(1).default(50),
})
type Options = z.infer<typeof options>

/**
 * Read-only reentrancy: while a call into V is unfinished, the actors, which V called, make a stranger X query a
 * valuation from V. X mints, lends, swaps or pays them based on the answer, and the answer was wrong: after the call it
 * differs, or V had paid (burned, minted) before the query and continued after it. Flash loans and swaps call back too,
 * and pools are queried meanwhile; but they are queried when all state is written, and only take back what they lent.
 * Intermediaries that only pass control on (Uniswap v4's manager) move nothing themselves before or after.
 */
export const readOnlyReentrancy: Detector = perTransaction({
  id: 'read-only-reentrancy',
  title: 'Somebody paid on the view of a contract that was in the middle of a call',
  yieldsToOwners: true,
  options,
  evaluate,
})

function evaluate(tx: TransactionFacts, { facts, scope }: DetectorInput, options: Options): Finding[] {
  if (tx.transaction.frames.length < 5 || tx.transaction.succeeded === false) return []
  const actors = actorCluster(tx, scope)
  const views = staleViews(tx, actors)
  if (views.length === 0) return []
  const claims = views.flatMap((view) => {
    const asker = view.asker.context
    if (asker === null || actors.has(view.source)) return []
    if (!inScope(scope, asker) && !inScope(scope, view.source)) return []
    return claimOf(view, { tx, actors, asker, options })
  })
  return findingFrom(claims, { detector: 'read-only-reentrancy', tx, actors, scope, bundle: facts.bundle })
}

type Around = { tx: TransactionFacts; actors: ReadonlySet<Address>; asker: Address; options: Options }

function claimOf(view: StaleView, { tx, actors, asker, options }: Around): Claim[] {
  const { source, outer, read, moveBps, movedBefore, movedAfter } = view
  const paid = transfersIn(tx.facts, { from: view.asker.index, to: view.asker.end }).filter(
    (it): it is TransferFact => actors.has(it.to) && !actors.has(it.from) && it.amount > 0n,
  )
  const differs = moveBps !== null && moveBps >= options.minMoveBps
  // The same answer to a second query: it was not wrong.
  if (paid.length === 0 || (moveBps !== null && !differs)) return []
  const unfinished = movedBefore && movedAfter
  if (!differs && !unfinished) return []
  const confidence = 0.4 + (differs ? 0.25 : 0) + (unfinished ? 0.25 : 0) + (gainsOnly(tx, actors) ? 0.07 : 0)
  const wrong = differs
    ? `after the call the same question had an answer ${((moveBps ?? 0) / 100).toFixed(1)} % away`
    : 'the call had paid or burned before, and went on after'
  return [
    {
      contract: asker,
      victims: [source],
      confidence,
      categories: ['reentrancy', 'read-only-reentrancy'],
      statement: `${asker} paid on what ${source} told it in frame ${read.index}, in the middle of an unfinished call into ${source} (frame ${outer.index}): ${wrong}.`,
      frames: [outer.index, view.asker.index, read.index],
      amounts: paid.map(({ to, asset, amount }) => ({ account: to, asset, amount })),
    },
  ]
}
