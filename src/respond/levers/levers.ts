import { toHex } from '../../chain/methods/block-tag.ts'
import { getBlockNumber } from '../../chain/methods/get-block-number.ts'
import { fetchBundle } from '../../chain/rpc/fetch-bundle.ts'
import { resolveAuthority } from '../../contain/authority/authority.ts'
import type { AuthorityDetail } from '../../contain/authority/authority-detail.ts'
import { authorityDetail } from '../../contain/authority/authority-detail.ts'
import { leversBesides, type OtherLever } from '../../contain/levers/catalogue.ts'
import { discoverLevers } from '../../contain/planning/discover.ts'
import { type Related, relatedContracts } from '../../contain/planning/protocol.ts'
import { leversOfProtocol } from '../../contain/planning/protocol-levers.ts'
import { resolveCode } from '../../contain/reading/code.ts'
import type { Operation } from '../../contain/trials/simulate.ts'
import { probeLever } from '../../contain/trials/simulate.ts'
import { systemClock } from '../../kit/clock.ts'
import type { Config } from '../../model/config.ts'
import type { Address } from '../../model/hex.ts'
import type { Lever } from '../../model/lever.ts'
import { openChains } from '../chains.ts'
import type { ChainHandle } from '../context.ts'
import { type OrdinaryOperations, ordinaryOperations } from './ordinary-operations.ts'

export type DiscoverLeversOptions = {
  config: Config
  target: Address
  /** The callers to try besides those that the contract names: guardians, Safes, timelocks. */
  callers: readonly Address[]
  /** The values that a lever needs besides the target: `asset`, `spender`, `holder`, … */
  given: Readonly<Record<string, string>>
  /** The number of latest blocks that are searched for ordinary calls, to try each lever on. */
  blocks: number
  signal: AbortSignal
  progress(text: string): void
}

/** A lever with who may pull it, and its effect on each function that was used lately. */
export type FoundLever = Lever & {
  authorityDetail: AuthorityDetail | null
  /** Why no account can pull it, where the contract names only addresses without a key. */
  givenUp: string[]
}

export type DiscoveredLevers = {
  type: 'levers'
  chainId: number
  target: Address
  block: number
  implementation: Address
  /** False where the address is not a contract on this chain. */
  hasCode: boolean
  levers: FoundLever[]
  /** Levers on other contracts of its protocol that some account may pull, with the evidence that links them. */
  elsewhere: FoundLever[]
  /** Those contracts, as the chain shows them. */
  related: Related[]
  /** Levers that need an argument or are not a pause: reported, not tried. */
  besides: OtherLever[]
  /** Ordinary calls found in the searched blocks. */
  operations: number
  /** Blocks to search that no node returned. */
  missing: number[]
}

/**
 * The levers of a contract on the first chain of the config: found in its bytecode, tried by each caller, probed on the
 * functions that were used in the latest blocks. Sends nothing. Throws the errors of the chain room.
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
  const { rpc, chainId } = chain
  const { target, given } = options
  const block = await getBlockNumber(rpc)
  const { operations, callees, missing } = await operationsOf(chain, options, block)
  const { implementation, selectors, bytecode } = await resolveCode(rpc, target, toHex(block))
  const found = async (all: readonly Lever[]): Promise<FoundLever[]> => {
    const levers: FoundLever[] = []
    for (const lever of all) levers.push(await whatItDoes(chain, lever, { ...options, block, operations }))
    return levers
  }
  const place = { rpc, chainId, target, block, given }
  const levers = await found(await discoverLevers(place))
  const related = await relatedContracts({ rpc, block, target, callees })
  const elsewhere = (await found(await leversOfProtocol(place, related))).filter(
    ({ authority, id }) => authority !== null && levers.every((own) => own.id !== id),
  )
  const besides = leversBesides(selectors, given)
  return {
    type: 'levers',
    chainId,
    target,
    block,
    implementation,
    hasCode: bytecode !== '0x',
    levers,
    elsewhere,
    related,
    besides,
    operations: operations.length,
    missing,
  }
}

type Looking = Pick<DiscoverLeversOptions, 'callers'> & { block: number; operations: readonly Operation[] }

/** A lever with who may pull it, and its effect on each function that was used lately. */
async function whatItDoes(
  { rpc, sequencer }: ChainHandle,
  lever: Lever,
  { callers, block, operations }: Looking,
): Promise<FoundLever> {
  const { authority, tried, givenUp } = await resolveAuthority(lever, {
    rpc,
    block,
    signers: [],
    others: callers,
  })
  const known = { ...lever, authority, evidence: [...lever.evidence, ...tried] }
  if (authority === null) return { ...known, opEffects: {}, authorityDetail: null, givenUp }
  return {
    ...known,
    opEffects: await probeLever({ sequencer, lever: known, block, operations }),
    authorityDetail: await authorityDetail(rpc, authority.address, block),
    givenUp,
  }
}

/** The time limit for one block: waiting does not bring back what a pruned node lacks. */
const BUDGET_MS = 10_000

/** The latest ordinary call of each function, from the newest blocks. */
async function operationsOf(
  chain: ChainHandle,
  { target, blocks, signal, progress }: DiscoverLeversOptions,
  head: number,
): Promise<OrdinaryOperations> {
  if (chain.capabilities.traces === 'none') return { operations: [], callees: new Map(), missing: [] }
  return ordinaryOperations(target, {
    from: Math.max(0, head - blocks + 1),
    to: head,
    fetch: (number) => fetchBundle(number, { ...chain, signal, budgetMs: BUDGET_MS }),
    signal,
    progress,
  })
}
