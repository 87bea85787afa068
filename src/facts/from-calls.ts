import type { Frame } from '../model/block.ts'
import type { TransferFact } from '../model/fact.ts'
import type { Address, Hex } from '../model/hex.ts'
import { addressFromWord, selectorOf, wordAt, ZERO_ADDRESS } from '../model/hex.ts'
import { SELECTORS } from './signatures.ts'

type Movement = {
  standard: TransferFact['standard']
  from: Address
  to: Address
  amount: bigint
  tokenId: bigint | null
}
type CallPlan = (frame: Frame, frames: readonly Frame[]) => Movement | undefined

const PLANS: ReadonlyMap<Hex, CallPlan> = new Map<Hex, CallPlan>([
  [
    SELECTORS['transfer(address,uint256)'],
    (frame) => erc20(frame.from, argAddress(frame, 0), argWord(frame, 1)),
  ],
  [
    SELECTORS['transferFrom(address,address,uint256)'],
    (frame) => erc20(argAddress(frame, 0), argAddress(frame, 1), argWord(frame, 2)),
  ],
  [SELECTORS['safeTransferFrom(address,address,uint256)'], erc721],
  [SELECTORS['safeTransferFrom(address,address,uint256,bytes)'], erc721],
  [SELECTORS['safeTransferFrom(address,address,uint256,uint256,bytes)'], erc1155],
  [
    SELECTORS['mint(address,uint256)'],
    (frame) => erc20(ZERO_ADDRESS, argAddress(frame, 0), argWord(frame, 1)),
  ],
  [SELECTORS['burn(uint256)'], (frame) => erc20(frame.from, ZERO_ADDRESS, argWord(frame, 0))],
  [
    SELECTORS['burn(address,uint256)'],
    (frame) => erc20(argAddress(frame, 0), ZERO_ADDRESS, argWord(frame, 1)),
  ],
  [
    SELECTORS['burnFrom(address,uint256)'],
    (frame) => erc20(argAddress(frame, 0), ZERO_ADDRESS, argWord(frame, 1)),
  ],
  [SELECTORS['deposit()'], wrap],
  [SELECTORS['withdraw(uint256)'], unwrap],
])

const FALSE = `0x${'0'.repeat(64)}`

/**
 * The token movement that a call requests, where no logs were recorded. Less trusted than a log: a token may do
 * something other than the request (fees, rebases), so facts from calls carry `source: 'call'`. A forwarding contract's
 * inner call with the same arguments is the same movement, not a second one.
 */
export function movementFromCall(frame: Frame, frames: readonly Frame[]): TransferFact | undefined {
  if (frame.type !== 'CALL' || frame.to === null || frame.output === FALSE) return undefined
  const selector = selectorOf(frame.input)
  const plan = selector === undefined ? undefined : PLANS.get(selector)
  const movement = plan?.(frame, frames)
  if (movement === undefined || forwards(frame, frames)) return undefined
  return { kind: 'transfer', asset: frame.to, ...movement, frame: frame.index, source: 'call' }
}

function forwards(frame: Frame, frames: readonly Frame[]): boolean {
  const above = frames[frame.parent]
  if (above?.type !== 'CALL' || above.input.slice(0, 138) !== frame.input.slice(0, 138)) return false
  // A contract whose own `deposit()` wraps coins calls WETH by the same name: a call that requests nothing forwards
  // nothing.
  const selector = selectorOf(above.input)
  return selector !== undefined && PLANS.get(selector)?.(above, frames) !== undefined
}

function argWord(frame: Frame, n: number): string | undefined {
  return wordAt(frame.input, n, 10)
}

function argAddress(frame: Frame, n: number): Address | undefined {
  const word = argWord(frame, n)
  return word === undefined ? undefined : addressFromWord(word)
}

function erc20(
  from: Address | null | undefined,
  to: Address | undefined,
  word: string | undefined,
): Movement | undefined {
  if (!from || to === undefined || word === undefined) return undefined
  return { standard: 'erc20', from, to, amount: BigInt(`0x${word}`), tokenId: null }
}

function erc721(frame: Frame): Movement | undefined {
  const from = argAddress(frame, 0)
  const to = argAddress(frame, 1)
  const id = argWord(frame, 2)
  if (from === undefined || to === undefined || id === undefined) return undefined
  return { standard: 'erc721', from, to, amount: 1n, tokenId: BigInt(`0x${id}`) }
}

function erc1155(frame: Frame): Movement | undefined {
  const moved = erc721(frame)
  const amount = argWord(frame, 3)
  if (moved === undefined || amount === undefined) return undefined
  return { ...moved, standard: 'erc1155', amount: BigInt(`0x${amount}`) }
}

function wrap(frame: Frame): Movement | undefined {
  if (frame.from === null || frame.value === 0n || frame.end !== frame.index + 1) return undefined
  return { standard: 'erc20', from: ZERO_ADDRESS, to: frame.from, amount: frame.value, tokenId: null }
}

/** `withdraw(wad)` is an unwrap only where the contract pays exactly `wad` of the coin back to the caller. */
function unwrap(frame: Frame, frames: readonly Frame[]): Movement | undefined {
  const word = argWord(frame, 0)
  if (frame.from === null || word === undefined) return undefined
  const amount = BigInt(`0x${word}`)
  const paid = frames[frame.index + 1]
  const isUnwrap =
    paid !== undefined &&
    paid.parent === frame.index &&
    paid.to === frame.from &&
    paid.value === amount &&
    amount > 0n
  if (!isUnwrap) return undefined
  return { standard: 'erc20', from: frame.from, to: ZERO_ADDRESS, amount, tokenId: null }
}
