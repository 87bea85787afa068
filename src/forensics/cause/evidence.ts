import { ledgerOf } from '../../facts/ledger.ts'
import type { TransactionFacts } from '../../model/fact.ts'
import type { Address } from '../../model/hex.ts'
import type { Prices } from '../prices.ts'
import { crossingsOf } from './crossings.ts'
import { type Influence, influencesOf } from './influences.ts'
import { lossesOf, sharesOf, type Taking, takingsOf, type Weights } from './losses.ts'
import { type Acting, type Movement, movementsOf } from './movements.ts'
import { type Reentry, reentriesOf } from './reentries.ts'
import { type Rewrite, rewritesOf } from './rewrites.ts'
import { sideOf } from './side.ts'
import { consentsOf, type Spending, spendingsOf } from './spendings.ts'
import { type Worth, worthOf } from './worth.ts'

/** The economics of one transaction, from the point of view of the acting side. */
export type Evidence = {
  acting: Acting
  movements: readonly Movement[]
  worth: Worth
  /** account → part of all losses, 0 to 1 */
  lost: Weights
  /** account → part of everything that the side took by its functions, 0 to 1 */
  taken: Weights
  takings: ReadonlyMap<Address, Taking>
  reentries: readonly Reentry[]
  spendings: readonly Spending[]
  consents: ReturnType<typeof consentsOf>
  rewrites: readonly Rewrite[]
  influences: readonly Influence[]
  /** Assets whose price does not come from these transactions: dollar tokens, and those with a given price. */
  established: ReadonlySet<string>
}

/** Prices by pools are less credible. */
const ESTABLISHED = 0.8

/** Throws nothing; a few passes over frames and transfers. */
export function evidenceOf(
  tx: TransactionFacts,
  { cluster, prices, chainId }: { cluster: ReadonlySet<Address>; prices: Prices; chainId: number },
): Evidence {
  const ledger = ledgerOf(tx)
  const side = sideOf(tx, cluster)
  const { frames } = tx.transaction
  const acting: Acting = { tx, side, ledger, crossings: crossingsOf(frames, side) }
  const movements = movementsOf(acting)
  const worth = worthOf(movements, { chainId, prices, side, tx, ledger })
  const { takings, routers } = takingsOf(movements, acting, worth)
  const taken = sharesOf(new Map([...takings].map(([account, { value }]) => [account, value])))
  return {
    acting,
    movements,
    worth,
    lost: sharesOf(lossesOf(acting, worth)),
    taken,
    takings,
    reentries: reentriesOf(frames, side),
    spendings: spendingsOf(acting),
    consents: consentsOf(acting),
    rewrites: rewritesOf(acting),
    influences: influencesOf(acting, { movements, worth, taken, routers }),
    established: new Set(
      [...prices].filter(([, price]) => price.confidence >= ESTABLISHED).map(([asset]) => asset),
    ),
  }
}
