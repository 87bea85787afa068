import { type AbiFunction, decodeFunctionData, parseAbiItem } from 'viem'
import type { ContainmentPlan } from '../../model/containment.ts'
import type { Address, Hex } from '../../model/hex.ts'
import type { Lever } from '../../model/lever.ts'
import { transactionBatch } from './permissions.ts'
import { callOf } from './route.ts'

/** A plan's call in the form in which a person makes it. */
export type CallByHand = {
  chainId: number
  /** The account that may make it; null where no known account may. */
  from: Address | null
  to: Address
  data: Hex
  /** With its arguments: `setReservePause(0x…, true)`. */
  decoded: string
  /** For a Safe's transaction builder; null where the caller is not a Safe. */
  safe: { address: Address; batch: Record<string, unknown>; link: string | null } | null
}

/** The data for a person who pulls a lever manually: the call, decoded and as bytes, and a batch for a Safe. */
export function callByHand({
  id,
  lever,
  route,
}: Pick<ContainmentPlan, 'id' | 'lever' | 'route'>): CallByHand {
  const { chainId, target, calldata, authority } = lever
  const address = route.kind === 'safe' ? route.safe : route.kind === 'roles' ? route.avatar : null
  const decoded = decodedCall(lever)
  const words = `${decoded} on ${target}`
  const name = `Cordon: plan ${id}`
  const safe =
    address === null
      ? null
      : {
          address,
          batch: transactionBatch({ chainId, safe: address, name }, [{ ...callOf({ lever }), words }]),
          link: safeLink(chainId, address),
        }
  return { chainId, from: authority?.address ?? null, to: target, data: calldata, decoded, safe }
}

/** The call in words, a few lines at most: caller, target, function, and its bytes. */
export function byHandText({ chainId, from, to, data, decoded, safe }: CallByHand): string {
  const who = from ?? 'whoever may'
  const call = `By hand: ${decoded} on ${to}, chain ${chainId}, as ${who}, with calldata ${data}.`
  if (safe === null) return call
  const link = safe.link === null ? '' : ` at ${safe.link}`
  return `${call} Load this in the Safe’s transaction builder${link}: ${JSON.stringify(safe.batch)}`
}

/** A lever's call with its arguments; only its signature where the calldata belongs to another function. */
export function decodedCall({ signature, calldata }: Pick<Lever, 'signature' | 'calldata'>): string {
  try {
    const abi = parseAbiItem(`function ${signature}`) as AbiFunction
    const { args = [] } = decodeFunctionData({ abi: [abi], data: calldata })
    return `${abi.name}(${(args as readonly unknown[]).map(argumentText).join(', ')})`
  } catch {
    return signature
  }
}

function argumentText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(argumentText).join(', ')}]`
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .map(([name, item]) => `${name}: ${argumentText(item)}`)
      .join(', ')}}`
  return String(value)
}

/** Short names of chains as the Safe's pages accept them. Source: EIP-3770. */
const SHORT_NAMES: Readonly<Record<number, string>> = {
  1: 'eth',
  10: 'oeth',
  56: 'bnb',
  100: 'gno',
  130: 'unichain',
  137: 'matic',
  146: 'sonic',
  324: 'zksync',
  1101: 'zkevm',
  5000: 'mantle',
  8453: 'base',
  42161: 'arb1',
  42220: 'celo',
  43114: 'avax',
  59144: 'linea',
  81457: 'blast',
  534352: 'scr',
  11155111: 'sep',
}

function safeLink(chainId: number, safe: Address): string | null {
  const name = SHORT_NAMES[chainId]
  if (name === undefined) return null
  const app = encodeURIComponent('https://apps-portal.safe.global/tx-builder')
  return `https://app.safe.global/apps/open?safe=${name}:${safe}&appUrl=${app}`
}
