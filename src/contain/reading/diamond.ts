import type { Rpc } from '../../chain/rpc/rpc.ts'
import type { Address, Hex } from '../../model/hex.ts'
import { ask } from './call.ts'

/** Limits on facets, and on functions of all of them: a diamond may claim any number. */
const MOST_FACETS = 256
const MOST_FUNCTIONS = 4_096

export type Facet = { facet: Address; selectors: Hex[] }

/**
 * The facets of a diamond (EIP-2535) as its loupe lists them: by `facets()`, else by `facetAddresses()` and
 * `facetFunctionSelectors`. Empty where it is not a diamond. These are claims: the caller must leave out a facet
 * without code.
 */
export async function facetsOf(rpc: Rpc, address: Address, block: number | 'latest'): Promise<Facet[]> {
  const at = { rpc, block }
  const all = await ask(at, { to: address, view: 'facets() view returns ((address, bytes4[])[])' })
  if (all !== null) return bounded((all[0] as readonly [string, readonly string[]][]).map(facetOf))
  const listed = await ask(at, { to: address, view: 'facetAddresses() view returns (address[])' })
  const addresses = ((listed?.[0] ?? []) as readonly string[]).slice(0, MOST_FACETS)
  const facets = await Promise.all(
    addresses.map(async (facet) => {
      const view = 'facetFunctionSelectors(address) view returns (bytes4[])'
      const selectors = await ask(at, { to: address, view, args: [facet] })
      return facetOf([facet, (selectors?.[0] ?? []) as readonly string[]])
    }),
  )
  return bounded(facets)
}

function facetOf([facet, selectors]: readonly [string, readonly string[]]): Facet {
  return {
    facet: facet.toLowerCase() as Address,
    selectors: selectors.map((selector) => selector.toLowerCase() as Hex),
  }
}

function bounded(facets: readonly Facet[]): Facet[] {
  let left = MOST_FUNCTIONS
  return facets.slice(0, MOST_FACETS).map(({ facet, selectors }) => {
    const kept = selectors.slice(0, left)
    left -= kept.length
    return { facet, selectors: kept }
  })
}
