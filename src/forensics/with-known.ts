import type { Investigation } from '../model/investigation.ts'
import { actorsOf } from './actors/actors.ts'
import type { Known } from './actors/known.ts'
import { netChanges } from './changes.ts'
import { placedOf, type Suspect } from './investigate.ts'
import { lossByClass } from './loser-classes.ts'
import { profitsOf } from './profits.ts'
import { lastApprovals } from './scope.ts'
import { usageOf } from './usage.ts'

const MOST_APPROVALS = 200

/**
 * An investigation with the knowledge besides its transactions: the actors' origins and funders, the accounts that
 * helped, copied or returned funds, the users of the weak contract, the losers' relation to it.
 */
export function withKnown(
  found: Investigation,
  { suspects, known }: { suspects: readonly Suspect[]; known: Known },
): Investigation {
  const { attackers, victims, rootCause } = found
  const investigated = placedOf(suspects)
  const own = investigated.map(({ tx }) => tx)
  const transactions = [...known.before, ...known.near].map(({ tx }) => tx)
  const { actors, unexplained } = actorsOf({
    investigated,
    net: netChanges(own),
    findings: suspects.flatMap(({ findings }) => findings),
    attackers,
    victims: victims.map(({ address }) => address),
    known,
  })
  const all = [...transactions, ...own]
  const cluster = new Set([...attackers.accounts, ...attackers.contracts])
  const usage = usageOf({ transactions: all, weak: rootCause.contract, attackers: cluster })
  const watched = new Set([...cluster, ...victims.map(({ address }) => address)])
  // approvals by an attacker put nobody else at risk
  const approvals = lastApprovals(
    [...known.before, ...placedOf(suspects), ...known.near].map(({ tx }) => tx),
    watched,
  )
    .filter(({ owner }) => !cluster.has(owner))
    .slice(0, MOST_APPROVALS)
  return {
    ...found,
    actors,
    profits: profitsOf({ actors, balanceChanges: found.balanceChanges }),
    lossByClass: lossByClass(victims, all),
    scope: { ...found.scope, approvals, ...usage },
    unexplained: [...found.unexplained, ...unexplained].slice(0, 200),
  }
}
