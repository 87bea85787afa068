import { fetchBundle } from '../chain/rpc/fetch-bundle.ts'
import { resolveAuthority } from '../contain/authority.ts'
import type { AuthorityDetail } from '../contain/authority-detail.ts'
import { authorityDetail } from '../contain/authority-detail.ts'
import { toHex } from '../contain/block-tag.ts'
import { leversBesides, type OtherLever } from '../contain/catalogue.ts'
import { resolveCode, selectorsIn } from '../contain/code.ts'
import { discoverLevers } from '../contain/discover.ts'
import type { Operation } from '../contain/simulate.ts'
import { probeLever } from '../contain/simulate.ts'
import { systemClock } from '../kit/clock.ts'
import type { Address } from '../model/hex.ts'
import type { Lever } from '../model/lever.ts'
import { openChains } from './chains.ts'
import type { Config } from './config/schema.ts'
import type { ChainHandle } from './context.ts'
import type { OperationMemory } from './watch/operations.ts'
import { recentOperations, rememberOperations } from './watch/operations.ts'

export type DiscoverLeversOptions = {
  config: Config
  target: Address
  /** Whom to try besides those whom the contract names: guardians, Safes, timelocks. */
  callers: readonly Address[]
  /** Latest blocks in which ordinary calls are looked for, to try each lever on. */
  blocks: number
  signal: AbortSignal
  progress(text: string): void
}

/** A lever with who may pull it, and what it does to each function that was used lately. */
export type FoundLever = Lever & { authorityDetail: AuthorityDetail | null }

export type DiscoveredLevers = {
  type: 'levers'
  chainId: number
  target: Address
  block: number
  implementation: Address
  levers: FoundLever[]
  /** Levers that need an argument or are no pause: told, not tried. */
  besides: OtherLever[]
  /** Ordinary calls found in the blocks looked at. */
  operations: number
}

/**
 * The levers of a contract on the first chain of the config: found in its bytecode, tried by each caller, probed on the
 * functions that were used in the latest blocks. Nothing is sent. Throws what the chain room throws.
 */
export async function findLevers(options: DiscoverLeversOptions): Promise<DiscoveredLevers | undefined> {
  const chain = [...(await openChains(options.config, systemClock)).values()][0]
  if (chain === undefined) return undefined
  try {
    return await discoverOn(chain, options)
  } finally {
    await chain.rpc.close()
  }
}

async function discoverOn(chain: ChainHandle, options: DiscoverLeversOptions): Promise<DiscoveredLevers> {
  const { rpc, chainId, sequencer } = chain
  const { target, callers } = options
  const block = Number(await rpc.request('eth_blockNumber', []))
  const operations = await operationsOf(chain, options, block)
  const { implementation, bytecode } = await resolveCode(rpc, target, toHex(block))
  const levers: FoundLever[] = []
  for (const lever of await discoverLevers({ rpc, chainId, target, block })) {
    const { authority, tried } = await resolveAuthority(lever, { rpc, block, signers: [], others: callers })
    const detail = authority === null ? null : await authorityDetail(rpc, authority.address, block)
    const probed = { ...lever, authority, evidence: [...lever.evidence, ...tried] }
    const opEffects =
      authority === null ? {} : await probeLever({ sequencer, lever: probed, block, operations })
    levers.push({ ...probed, opEffects, authorityDetail: detail })
  }
  const besides = leversBesides(selectorsIn(bytecode))
  return {
    type: 'levers',
    chainId,
    target,
    block,
    implementation,
    levers,
    besides,
    operations: operations.length,
  }
}

/** The latest ordinary call of each function, from the newest blocks. */
async function operationsOf(
  chain: ChainHandle,
  { target, blocks, signal, progress }: DiscoverLeversOptions,
  head: number,
): Promise<Operation[]> {
  const memory: OperationMemory = new Map()
  if (chain.capabilities.traces === 'none') return []
  const watched = new Set([target])
  for (let number = Math.max(0, head - blocks + 1); number <= head && !signal.aborted; number++) {
    rememberOperations(memory, await fetchBundle(number, chain), { watched, suspects: new Set() })
    progress(`block ${number} of ${head}`)
  }
  return recentOperations(memory, target)
}

/** Levers for people. */
export function describeLevers({ target, block, levers, besides, operations }: DiscoveredLevers): string[] {
  const lines = [
    `${target} at block ${block}: ${levers.length} ${levers.length === 1 ? 'lever' : 'levers'} that can be tried, ${operations} functions used lately`,
  ]
  for (const { signature, armed, authority, authorityDetail, opEffects, state } of levers) {
    const who = authority === null ? 'nobody known may pull it' : `${authority.address} may pull it`
    const detail = authorityDetail === null ? '' : ` (${authorityDetail.text})`
    lines.push(
      `${signature}: ${armed ? 'not pulled' : 'PULLED'}${state.length === 0 ? ', no view of its state' : ''}; ${who}${detail}`,
    )
    for (const [selector, effect] of Object.entries(opEffects)) lines.push(`    ${selector}  ${effect}`)
  }
  for (const { signature, protocol, effect, trap } of besides)
    lines.push(`${signature} (${protocol}): ${effect}${trap === undefined ? '' : `. Trap: ${trap}`}`)
  return lines
}
