import { callContract } from '../../chain/methods/call.ts'
import { getBalance } from '../../chain/methods/get-balance.ts'
import { getCode } from '../../chain/methods/get-code.ts'
import { unlessDown } from '../../chain/rpc/failure.ts'
import type { Rpc } from '../../chain/rpc/rpc.ts'
import { messageOf } from '../../kit/error.ts'
import type { Route } from '../../model/containment.ts'
import type { Address } from '../../model/hex.ts'
import type { Authority, Lever } from '../../model/lever.ts'
import type { SafeSignature } from '../../model/safe.ts'
import type { FoundRoute, Reach } from '../routes/reach.ts'
import { isBetter, resolveManaged, resolveRoute } from '../routes/route.ts'
import { isSomebody, type Named, namedBy } from './named.ts'

export type AuthorityOptions = {
  rpc: Rpc
  block: number
  /** Addresses for which a signer is available. */
  signers: readonly Address[]
  /** Addresses of people in roles, without a signer here. */
  others: readonly Address[]
  /** The signatures that Safe owners gave in advance; none when left out. */
  presigned?: readonly SafeSignature[] | undefined
  /** The accounts that each contract names, cached between the levers of one plan. */
  named?: Map<Address, Promise<Named>>
}

/** The account that may pull a lever, and the route for it. */
export type Resolved = {
  authority: Authority | null
  route: Route
  /** Seconds until the lever can take effect by this route. */
  seconds: number
  /** The result for each candidate that was tried. */
  tried: string[]
  /** Why no account can, where the contract names only addresses without a key: its owner renounced it. */
  givenUp: string[]
}

function namesOf(target: Address, { rpc, block, named }: AuthorityOptions): Promise<Named> {
  const known = named?.get(target)
  if (known !== undefined) return known
  const names = namedBy(rpc, target, block)
  named?.set(target, names)
  return names
}

type Way = { authority: Authority; found: FoundRoute }

const DIRECT: Route = { kind: 'direct' }

/**
 * Determines who may pull a lever now by trying it. Each candidate (our signers first, then people in roles, then
 * accounts that the contract names) calls it in `eth_call` at the block. Among those whose call succeeds it selects one
 * of our signers, else a contract that we have a route through, the soonest first; else the first.
 */
export async function resolveAuthority(lever: Lever, options: AuthorityOptions): Promise<Resolved> {
  const { rpc, block, signers, others, presigned = [] } = options
  const reach: Reach = { rpc, block, signers, presigned }
  const named = await namesOf(lever.target, options)
  // a holder's lever is called by the holder: a call from another account succeeds and has no effect for the holder
  const candidates =
    lever.caller === null
      ? new Set([...signers, ...others, ...named.accounts.map(({ address }) => address)])
      : new Set([lever.caller])
  for (const address of candidates) if (!isSomebody(address)) candidates.delete(address)
  const tried: string[] = [...named.givenUp]
  const ways: Way[] = []
  for (const address of candidates) {
    const refusal = await refusalOf(rpc, lever, { address, block })
    tried.push(refusal === undefined ? `${address} may call ${lever.signature}` : `${address}: ${refusal}`)
    if (refusal !== undefined) continue
    const way = await wayOf(lever, address, reach)
    ways.push(way)
    if (way.found.isLive && way.found.seconds === 0) break
  }
  if (!ways.some(({ found }) => found.isLive && found.seconds === 0))
    ways.push(...(await managedWay(lever, reach)))
  const best = ways.reduce<Way | null>(
    (so, way) => (so === null || isBetter(way.found, so.found) ? way : so),
    null,
  )
  const { givenUp } = named
  if (best === null) return { authority: null, route: DIRECT, seconds: 0, tried, givenUp }
  const { authority, found } = best
  if (found.text !== '') tried.push(found.text)
  return { authority, route: found.route, seconds: found.seconds, tried, givenUp: [] }
}

/** The route by which we can act as an account whose call succeeds. */
async function wayOf(lever: Lever, address: Address, reach: Reach): Promise<Way> {
  const { rpc, block } = reach
  const isOurs = reach.signers.includes(address)
  const [code, balance] = await Promise.all([getCode(rpc, address, block), getBalance(rpc, address, block)])
  // EIP-7702: a delegated account still has its key
  const isAccount = code === '0x' || code.startsWith('0xef0100')
  const found = isAccount || isOurs ? null : await resolveRoute(lever, address, reach)
  const authority: Authority = {
    kind: isAccount ? 'eoa' : kindOf(found),
    address,
    evidence: `eth_call of ${lever.signature} from ${address} went through at block ${block}`,
    live: isOurs || found?.isLive === true,
    balance,
  }
  return { authority, found: found ?? { route: DIRECT, seconds: 0, isLive: isOurs, text: '' } }
}

function kindOf(found: FoundRoute | null): Authority['kind'] {
  switch (found?.route.kind) {
    case 'safe':
    case 'roles':
      return 'safe'
    case 'timelock':
      return 'timelock'
    default:
      return 'contract'
  }
}

/** No plain call shows who may schedule: a contract under an AccessManager is queried in addition. */
async function managedWay(lever: Lever, reach: Reach): Promise<Way[]> {
  const managed = await resolveManaged(lever, reach)
  if (managed === null) return []
  const { manager, found } = managed
  const evidence = `eth_call of schedule for ${lever.signature} went through at block ${reach.block}`
  return [
    { authority: { kind: 'access-manager', address: manager, evidence, live: true, balance: 0n }, found },
  ]
}

async function refusalOf(
  rpc: Rpc,
  lever: Lever,
  { address, block }: { address: Address; block: number },
): Promise<string | undefined> {
  try {
    await callContract(rpc, { from: address, to: lever.target, data: lever.calldata }, { block })
    return undefined
  } catch (thrown) {
    unlessDown(thrown)
    return messageOf(thrown)
  }
}
