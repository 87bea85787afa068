import type { Address } from '../../model/hex.ts'
import type { Investigation } from '../../model/investigation.ts'

/** An investigation in a sentence, for a timeline. */
export function summaryOf(
  { rootCause, attackers, victims }: Investigation,
  names: ReadonlyMap<Address, string>,
): string {
  const { category, contract, function: name, confidence, hypotheses } = rootCause
  const place =
    contract === null ? '' : ` in ${names.get(contract) ?? contract}${name === null ? '' : ` (${name})`}`
  const more = hypotheses.length - 1
  const others = more < 1 ? '' : `; ${more} other ${more === 1 ? 'hypothesis' : 'hypotheses'}`
  const statement = hypotheses[0]?.statement ?? 'No cause is known.'
  return `Investigated: ${category}${place}, confidence ${Math.round(confidence * 100)} %${others}. ${statement} ${victims.length} lost, by ${attackers.accounts.join(', ') || 'nobody known'}.`
}
