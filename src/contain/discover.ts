import type { Rpc } from '../chain/rpc/rpc.ts'
import type { Lever } from '../model/containment.ts'
import type { Address } from '../model/hex.ts'
import { pauseTemplates, stateViews } from './catalogue.ts'
import { resolveCode, selectorsIn } from './code.ts'

export type DiscoverOptions = { rpc: Rpc; chainId: number; target: Address; block: number }

/**
 * The pause levers of a contract as its bytecode offers them at a block, without authority yet: proxies resolved,
 * entry points found in the dispatcher, and whether the contract says it is paused already.
 */
export async function discoverLevers({ rpc, chainId, target, block }: DiscoverOptions): Promise<Lever[]> {
  const at = toHex(block)
  const { implementation, bytecode, path } = await resolveCode(rpc, target, at)
  const selectors = selectorsIn(bytecode)
  const view = stateViews.find(({ selector }) => selectors.has(selector))
  const active = view === undefined ? false : await reads(rpc, { target, selector: view.selector, at })
  return pauseTemplates
    .filter(({ selector }) => selectors.has(selector))
    .map(({ signature, selector, calldata }) => ({
      id: `${chainId}:${target}:${signature}`,
      chainId,
      target,
      implementation,
      signature,
      calldata,
      authority: null,
      stateView: view?.signature ?? null,
      armed: !active,
      opEffects: {},
      evidence: [...path, `${implementation} dispatches on ${selector} (${signature}) at block ${block}`],
    }))
}

/** True where a view answers with a word that is not zero. */
async function reads(
  rpc: Rpc,
  { target, selector, at }: { target: Address; selector: string; at: string },
): Promise<boolean> {
  const answer = await rpc.request('eth_call', [{ to: target, data: selector }, at]).catch(() => '0x')
  return /[1-9a-f]/.test(String(answer).slice(2))
}

export function toHex(value: number | bigint): `0x${string}` {
  return `0x${value.toString(16)}`
}
