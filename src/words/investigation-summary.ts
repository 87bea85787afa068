import type { Address } from '../model/hex.ts'
import { type Investigation, losersIn } from '../model/investigation.ts'

/** An investigation in a sentence, for a timeline. */
export function summaryOf(
  { rootCause, attackers, victims }: Investigation,
  names: ReadonlyMap<Address, string>,
): string {
  const { category, contract, function: name, confidence, hypotheses } = rootCause
  const place =
    contract === null ? '' : ` in ${name === null ? '' : `${name} of `}${names.get(contract) ?? contract}`
  const more = hypotheses.length - 1
  const others = more < 1 ? '' : `; ${more} other ${more === 1 ? 'hypothesis' : 'hypotheses'}`
  const count = losersIn(victims).length
  const losers = `${count} ${count === 1 ? 'account' : 'accounts'} lost something`
  return `Cause: ${category}${place}, ${Math.round(confidence * 100)} % by our rules${others}. ${losers}; attacker: ${attackers.accounts.join(', ') || 'nobody known'}.`
}
