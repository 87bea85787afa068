import type { Scope } from '../../src/model/detector.ts'
import type { Address } from '../../src/model/hex.ts'
import {
  address,
  type CallNode,
  call,
  create,
  data,
  pay,
  pull,
  type TransactionParts,
  transferLog,
  view,
  word,
  ZERO,
} from './build.ts'

/*
 * Acts of people on one vault that holds dollars and keeps no shares, or shares, or coins: to be strung together.
 */

export const vault = address('vault')
export const usdc = address('usdc')
const share = address('share')
export const vaultScope: Scope = { kind: 'contracts', addresses: new Set([vault]) }

export type Act = Omit<TransactionParts, 'name'>

export const birth: Act = { from: address('alice'), root: create(vault, {}) }

export function deposit(from: Address, amount: bigint): Act {
  return { from, root: call(vault, { input: '0xb6b55f25' }, pull(usdc, { from, to: vault, amount })) }
}

export function withdraw(from: Address, amount: bigint): Act {
  return { from, root: call(vault, { input: '0x2e1a7d4d' }, pay(usdc, { from: vault, to: from, amount })) }
}

export function buyShares(from: Address, amount: bigint, shares: bigint): Act {
  const mint = transferLog(share, { from: ZERO, to: from, amount: shares })
  return {
    from,
    root: call(
      vault,
      { input: '0x6e553f65' },
      pull(usdc, { from, to: vault, amount }),
      call(share, { input: data('0x40c10f19', from, shares) }, mint),
    ),
  }
}

export function redeem(from: Address, amount: bigint, shares: bigint): Act {
  return {
    from,
    root: call(
      vault,
      { input: '0xba087652' },
      pay(usdc, { from: vault, to: from, amount }),
      burnShares(from, shares),
    ),
  }
}

export function burnShares(from: Address, shares: bigint): CallNode {
  const burn = transferLog(share, { from, to: ZERO, amount: shares })
  return call(share, { input: data('0x9dc29fac', from, shares) }, burn)
}

/** Anybody may read the vault's balance: that is how the drain detector learns it. */
export function look(balance: bigint): Act {
  return {
    from: address('bob'),
    root: call(
      address('viewer'),
      { input: '0x12345678' },
      view(usdc, data('0x70a08231', vault), `0x${word(balance)}`),
    ),
  }
}

/** The pattern of The DAO: the vault pays a coin to a contract that calls it again before the first call is over. */
export function reenter(from: Address, amount: bigint): Act {
  const thief = address('thief contract')
  const input = data('0x2e1a7d4d', amount)
  const again = call(vault, { input }, call(thief, { value: amount }))
  return {
    from,
    root: call(thief, { input: '0xc0406226' }, call(vault, { input }, call(thief, { value: amount }, again))),
  }
}
