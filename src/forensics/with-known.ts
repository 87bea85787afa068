import type { Investigation } from '../model/investigation.ts'
import { actorsOf } from './actors/actors.ts'
import type { Known } from './actors/known.ts'
import { netChanges } from './changes.ts'
import { placedOf, type Suspect } from './investigate.ts'
import { lossByClass } from './loser-classes.ts'
import { usageOf } from './usage.ts'

/**
 * An investigation with what is known besides its transactions: how the actors began and who funded them, who helped, copied
 * or gave back, who used the weak contract, what the losers were to it.
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
  const usage = usageOf({
    transactions: [...transactions, ...own],
    weak: rootCause.contract,
    attackers: new Set([...attackers.accounts, ...attackers.contracts]),
  })
  return {
    ...found,
    actors,
    lossByClass: lossByClass(victims, [...transactions, ...own]),
    scope: { ...found.scope, ...usage },
    unexplained: [...found.unexplained, ...unexplained].slice(0, 200),
  }
}
