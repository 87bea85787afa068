import { givenNames } from '../../contain/levers/registry.ts'
import { CordonError } from '../../kit/error.ts'
import { hasRightChecksum, wrongChecksum } from '../../model/given-address.ts'

/** Pairs such as `asset=0x…`, by name. Throws `app.InvalidGiven` for an input that no lever needs. */
export function givenOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(pairs.map(pairOf))
}

function pairOf(pair: string): [string, string] {
  const at = pair.indexOf('=')
  const [name, value] = [pair.slice(0, at).trim(), pair.slice(at + 1).trim()]
  const isMistyped = /^0x[0-9a-fA-F]{40}$/.test(value) && !hasRightChecksum(value)
  if (at > 0 && value !== '' && givenNames.includes(name) && !isMistyped) return [name, value]
  throw new CordonError({
    code: 'app.InvalidGiven',
    message: isMistyped ? `${name} has a ${wrongChecksum(value)}.` : `No lever needs “${pair.slice(0, 60)}”.`,
    facts: { got: pair.slice(0, 60), names: givenNames },
    fix: `Give name=value, for example asset=0x…; the names are ${givenNames.join(', ')}.`,
  })
}
