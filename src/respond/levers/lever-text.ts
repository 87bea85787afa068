import type { OtherLever } from '../../contain/levers/catalogue.ts'
import type { OpEffect } from '../../model/lever.ts'
import { functionNames } from '../../names/function-names.ts'
import type { LeverObservation } from '../../store/levers.ts'
import { agoText, counted } from '../../words/share.ts'
import type { DiscoveredLevers, FoundLever } from './levers.ts'

type Functions = ReadonlyMap<string, string>

/**
 * The discovered levers, for people. `functions` are names by selector, those of the configuration's ABIs among them.
 */
export function describeLevers(found: DiscoveredLevers, functions: Functions = functionNames): string[] {
  const { target, block, levers, elsewhere, related, besides, operations, missing } = found
  if (!found.hasCode)
    return [
      `${target} has no code at block ${block} of chain ${found.chainId}, so there are no levers to find. Check the address and the chain.`,
    ]
  return [
    `${target} at block ${block}: ${levers.length} ${levers.length === 1 ? 'lever' : 'levers'} that can be tried, ${counted(operations, 'function')} used lately`,
    ...(missing.length === 0 ? [] : [`not inspected, because no node has them: block ${missing.join(', ')}`]),
    ...levers.flatMap((lever) => linesOf(lever, functions)),
    ...elsewhere.flatMap((lever) => elsewhereLines(lever, { related, functions })),
    ...besides.map(besideLine),
  ]
}

function linesOf(lever: FoundLever, functions: Functions): string[] {
  const { signature, armed, authority, authorityDetail, opEffects, state, trap } = lever
  const who = authority === null ? nobody(lever) : `${authority.address} may pull it`
  const detail = authorityDetail === null ? '' : ` (${authorityDetail.text})`
  const seen = `${armed ? 'not pulled' : 'PULLED'}${state.length === 0 ? ', no view of its state' : ''}`
  const says = claimsOf(lever)
  return [
    `${signature}${scopeOf(lever)}: ${seen}; ${who}${detail}`,
    ...(says === '' ? [] : [`    by the sources  ${says}`]),
    ...(trap === null ? [] : [`    trap  ${trap}`]),
    ...Object.entries(opEffects).map(
      ([selector, effect]) => `    ${functions.get(selector) ?? selector}  ${effect}`,
    ),
  ]
}

/** A lever of another contract, and its link to the protected one. */
function elsewhereLines(
  lever: FoundLever,
  { related, functions }: Pick<DiscoveredLevers, 'related'> & { functions: Functions },
): string[] {
  const link = related.find(({ address }) => address === lever.target)?.evidence[0]
  const [first = '', ...rest] = linesOf(lever, functions)
  return [`on ${lever.target}: ${first}`, ...(link === undefined ? [] : [`    linked  ${link}`]), ...rest]
}

function nobody({ givenUp }: FoundLever): string {
  return givenUp.length === 0 ? 'nobody known may pull it' : `nobody can pull it: ${givenUp.join(', ')}`
}

function scopeOf({ protocol, scope }: FoundLever | LeverObservation['lever']): string {
  return protocol === 'unknown' ? '' : ` (${protocol}, ${scope})`
}

function claimsOf({ claims }: FoundLever): string {
  const kinds = (wanted: OpEffect): string =>
    Object.entries(claims)
      .filter(([, effect]) => effect === wanted)
      .map(([kind]) => kind)
      .join(', ')
  const [blocked, open] = [kinds('blocked'), kinds('open')]
  return [blocked === '' ? '' : `blocks ${blocked}`, open === '' ? '' : `leaves open ${open}`]
    .filter((text) => text !== '')
    .join('; ')
}

function besideLine({ signature, protocol, effect, trap }: OtherLever): string {
  return `${signature} (${protocol}): ${effect}${trap === undefined ? '' : `. Trap: ${trap}`}`
}

/** A lever on record, for people: the age of the observation, and who could pull the lever then. */
export function describeObservation({ lever, block, observedAt }: LeverObservation, now: number): string {
  const { chainId, target, signature, armed, authority } = lever
  const who =
    authority === null
      ? 'nobody known could pull it'
      : `${authority.address} (${authority.kind}) could pull it`
  return `${agoText(observedAt, now)}, block ${block}  chain ${chainId}  ${target}  ${signature}${scopeOf(lever)}: ${armed ? 'not pulled' : 'PULLED'}; ${who}`
}
