import type { BlockTag } from '../../chain/methods/block-tag.ts'
import { getCode } from '../../chain/methods/get-code.ts'
import type { Rpc } from '../../chain/rpc/rpc.ts'
import type { Address, Hex } from '../../model/hex.ts'
import { facetsOf } from './diamond.ts'
import { opcodesOf } from './opcodes.ts'
import { candidatesBehind } from './proxies.ts'

export type Code = {
  /** The address whose code answers, behind every proxy: the address itself where it is not a proxy. */
  implementation: Address
  bytecode: Hex
  /** How each was found, for people. */
  path: string[]
  /** Functions of the address: of the implementation, of a diamond's facets, and of the proxies. */
  selectors: ReadonlySet<Hex>
  /** Addresses embedded in any of that code. */
  addresses: ReadonlySet<Hex>
}

/** Maximum number of proxies in a row. */
const DEEPEST = 5

/**
 * The code that answers at an address: through proxies of every common kind (EIP-1167 clones, EIP-1967 and its beacons,
 * zeppelinos, EIP-1822, EIP-7702, Compound's Unitroller, Safe, diamonds), and through any other where the node traces
 * calls. An address without code, the address itself and one that was seen before are not followed. Throws the node's
 * errors.
 */
export async function resolveCode(rpc: Rpc, address: Address, block: BlockTag): Promise<Code> {
  const layers: { at: Address; bytecode: Hex }[] = [
    { at: address, bytecode: await getCode(rpc, address, block) },
  ]
  const path: string[] = []
  for (let depth = 0; depth < DEEPEST; depth++) {
    const layer = layers.at(-1)
    if (layer === undefined) break
    const next = await behind(rpc, { ...layer, origin: address, block }, layers)
    if (next === undefined) break
    path.push(`${layer.at} is ${next.kind}, its code is ${next.at}`)
    layers.push(next)
  }
  const parts = layers.map(({ bytecode }) => opcodesOf(bytecode))
  const facets = parts.some(({ delegates }) => delegates) ? await facetsAt(rpc, address, block) : []
  if (facets.length > 0) path.push(`${address} is a diamond of ${facets.length} facets`)
  const last = layers.at(-1)
  return {
    implementation: last?.at ?? address,
    bytecode: last?.bytecode ?? '0x',
    path,
    selectors: new Set([
      ...parts.flatMap(({ selectors }) => [...selectors]),
      ...facets.flatMap(({ selectors }) => selectors),
    ]),
    addresses: new Set(parts.flatMap(({ addresses }) => [...addresses])),
  }
}

type Layer = { at: Address; bytecode: Hex }

async function behind(
  rpc: Rpc,
  place: Layer & { origin: Address; block: BlockTag },
  layers: readonly Layer[],
): Promise<(Layer & { kind: string }) | undefined> {
  for await (const { kind, to } of candidatesBehind(rpc, place)) {
    if (layers.some(({ at }) => at === to)) continue
    const bytecode = await getCode(rpc, to, place.block)
    if (bytecode !== '0x') return { at: to, bytecode, kind }
  }
  return undefined
}

async function facetsAt(rpc: Rpc, address: Address, block: BlockTag) {
  const facets = await facetsOf(rpc, address, block === 'latest' ? block : Number(block))
  const codes = await Promise.all(facets.map(({ facet }) => getCode(rpc, facet, block)))
  return facets.filter((_, i) => codes[i] !== '0x')
}

/** Function selectors that a contract's dispatcher compares with. */
export function selectorsIn(bytecode: Hex): Set<Hex> {
  return new Set(opcodesOf(bytecode).selectors)
}
