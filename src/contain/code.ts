import type { Rpc } from '../chain/rpc/rpc.ts'
import type { Address, Hex } from '../model/hex.ts'
import { addressFromWord } from '../model/hex.ts'

/** keccak256("eip1967.proxy.implementation") − 1 (EIP-1967) */
const IMPLEMENTATION_SLOT = '0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc'
/** keccak256("eip1967.proxy.beacon") − 1 (EIP-1967) */
const BEACON_SLOT = '0xa3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6cb3582b35133d50'
/** implementation() */
const IMPLEMENTATION_VIEW = '0x5c60da1b'
/** masterCopy(), which a Safe's proxy answers itself from its first slot. */
const MASTER_COPY_VIEW = '0xa619486e'
/** Bytes: Axelar's token manager proxy, the longest one looked at, has 1,500. */
const LONGEST_PROXY = 2_048
/** EIP-1167 minimal proxy: the code before and after the address. */
const CLONE = /^0x363d3d373d3d3d363d73([0-9a-f]{40})5af43d82803e903d91602b57fd5bf3/

export type Code = { implementation: Address; bytecode: Hex; path: string[] }

/** The code that answers at an address: through EIP-1967, beacon, EIP-1167 and Safe proxies and those that tell it, at most four deep. */
export async function resolveCode(rpc: Rpc, address: Address, block: string): Promise<Code> {
  const path: string[] = []
  let at = address
  for (let depth = 0; depth < 4; depth++) {
    const bytecode = (await rpc.request('eth_getCode', [at, block])) as Hex
    const behind = await proxied(rpc, { at, bytecode, block })
    if (behind === undefined) return { implementation: at, bytecode, path }
    path.push(`${at} is ${behind.kind} of ${behind.to}`)
    at = behind.to
  }
  return { implementation: at, bytecode: (await rpc.request('eth_getCode', [at, block])) as Hex, path }
}

type Place = { at: Address; bytecode: Hex; block: string }

async function proxied(
  rpc: Rpc,
  { at, bytecode, block }: Place,
): Promise<{ kind: string; to: Address } | undefined> {
  const clone = CLONE.exec(bytecode)?.[1]
  if (clone !== undefined) return { kind: 'an EIP-1167 clone', to: `0x${clone}` }
  const implementation = await slotAddress(rpc, { at, slot: IMPLEMENTATION_SLOT, block })
  if (implementation !== undefined) return { kind: 'an EIP-1967 proxy', to: implementation }
  const beacon = await slotAddress(rpc, { at, slot: BEACON_SLOT, block })
  if (beacon === undefined) return byView(rpc, { at, bytecode, block })
  const word = String(await rpc.request('eth_call', [{ to: beacon, data: IMPLEMENTATION_VIEW }, block]))
  const to = addressFromWord(word.slice(2, 66))
  return to === undefined ? undefined : { kind: 'a beacon proxy', to }
}

/** A proxy that keeps its implementation elsewhere and tells it; a claim, so what it names must have code. */
async function byView(
  rpc: Rpc,
  { at, bytecode, block }: Place,
): Promise<{ kind: string; to: Address } | undefined> {
  if (bytecode.length > 2 + 2 * LONGEST_PROXY || !bytecode.includes('f4')) return undefined
  const view = [MASTER_COPY_VIEW, IMPLEMENTATION_VIEW].find((data) => bytecode.includes(data.slice(2)))
  if (view === undefined) return undefined
  try {
    const word = String(await rpc.request('eth_call', [{ to: at, data: view }, block]))
    const to = addressFromWord(word.slice(2, 66))
    if (to === undefined || to === at || (await rpc.request('eth_getCode', [to, block])) === '0x')
      return undefined
    return { kind: view === MASTER_COPY_VIEW ? 'a Safe’s proxy' : 'a proxy that says so', to }
  } catch {
    return undefined
  }
}

async function slotAddress(
  rpc: Rpc,
  { at, slot, block }: { at: Address; slot: string; block: string },
): Promise<Address | undefined> {
  const word = String(await rpc.request('eth_getStorageAt', [at, slot, block]))
  const found = addressFromWord(word.slice(2).padStart(64, '0'))
  return found === undefined || /^0x0+$/.test(found) ? undefined : found
}

/** Function selectors that a contract's dispatcher compares with: the arguments of PUSH4, data sections skipped. */
export function selectorsIn(bytecode: Hex): Set<Hex> {
  const found = new Set<Hex>()
  for (let i = 2; i + 1 < bytecode.length; i += 2) {
    const op = Number.parseInt(bytecode.slice(i, i + 2), 16)
    if (op === 0x63) found.add(`0x${bytecode.slice(i + 2, i + 10)}`)
    if (op >= 0x60 && op <= 0x7f) i += (op - 0x5f) * 2
  }
  return found
}
