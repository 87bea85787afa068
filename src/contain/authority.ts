import type { Rpc } from '../chain/rpc/rpc.ts'
import { CordonError, messageOf } from '../kit/error.ts'
import type { Address } from '../model/hex.ts'
import { addressFromWord } from '../model/hex.ts'
import type { Authority, Lever } from '../model/lever.ts'
import { toHex } from './block-tag.ts'
import { authorityViews } from './catalogue.ts'

export type AuthorityOptions = {
  rpc: Rpc
  block: number
  /** Addresses for which a signer is at hand. */
  signers: readonly Address[]
  /** Addresses of people in roles, without a signer here. */
  others: readonly Address[]
}

/**
 * Who may pull a lever now: tried, not believed. Each candidate (our signers first, then people in roles, then whom
 * the contract names) calls it in `eth_call` at the block; the first that goes through is the authority.
 * `tried` tells what became of each.
 */
export async function resolveAuthority(
  lever: Lever,
  { rpc, block, signers, others }: AuthorityOptions,
): Promise<{ authority: Authority | null; tried: string[] }> {
  // a holder's lever is called by the holder: anybody else's call goes through and does nothing for him
  const candidates =
    lever.caller === null
      ? [...new Set([...signers, ...others, ...(await namedByContract(rpc, lever.target, block))])]
      : [lever.caller]
  const tried: string[] = []
  for (const address of candidates) {
    const refusal = await refusalOf(rpc, lever, { address, block })
    tried.push(refusal === undefined ? `${address} may call ${lever.signature}` : `${address}: ${refusal}`)
    if (refusal !== undefined) continue
    const [code, balance] = await Promise.all([
      rpc.request('eth_getCode', [address, toHex(block)]),
      rpc.request('eth_getBalance', [address, toHex(block)]),
    ])
    const authority: Authority = {
      kind: code === '0x' ? 'eoa' : 'contract',
      address,
      evidence: `eth_call of ${lever.signature} from ${address} went through at block ${block}`,
      live: signers.includes(address),
      balance: BigInt(String(balance)),
    }
    return { authority, tried }
  }
  return { authority: null, tried }
}

async function refusalOf(
  rpc: Rpc,
  lever: Lever,
  { address, block }: { address: Address; block: number },
): Promise<string | undefined> {
  try {
    await rpc.request('eth_call', [{ from: address, to: lever.target, data: lever.calldata }, toHex(block)])
    return undefined
  } catch (thrown) {
    return messageOf(refusalOrThrow(thrown))
  }
}

/** A node that does not answer has refused nobody: taken for a refusal it would leave the plan without authority. */
function refusalOrThrow(thrown: unknown): unknown {
  if (thrown instanceof CordonError && thrown.code === 'chain.EndpointFailed') throw thrown
  return thrown
}

async function namedByContract(rpc: Rpc, target: Address, block: number): Promise<Address[]> {
  const answers = await Promise.all(
    authorityViews.map(({ selector }) =>
      rpc.request('eth_call', [{ to: target, data: selector }, toHex(block)]).then(String, (thrown) => {
        refusalOrThrow(thrown)
        return '0x'
      }),
    ),
  )
  return answers
    .map((answer) => (answer.length === 66 ? addressFromWord(answer.slice(2)) : undefined))
    .filter((address) => address !== undefined)
}
