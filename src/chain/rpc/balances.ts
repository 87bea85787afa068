import type { Clock } from '../../kit/clock.ts'
import type { Asset } from '../../model/block.ts'
import type { AssetChange } from '../../model/finding.ts'
import type { Address } from '../../model/hex.ts'
import { getBalance } from '../methods/get-balance.ts'
import type { Rpc } from './rpc.ts'
import { tokenBalance } from './token-balance.ts'

/**
 * Maximum number of accounts whose balances are read, and the time limit, milliseconds: a page does not wait for a share.
 */
export const MOST_BALANCES = 20
const PATIENCE_MS = 1_500

/** Balances of accounts in assets at a block; data that the node does not return in time is left out. */
export async function balancesAt(
  { rpc, clock }: { rpc: Rpc; clock: Clock },
  held: readonly { account: Address; asset: Asset }[],
  block: number,
): Promise<AssetChange[]> {
  const late = clock.sleep(PATIENCE_MS).then((): AssetChange[] => [])
  const asking = Promise.all(
    held.slice(0, MOST_BALANCES).map(async ({ account, asset }) => {
      const amount = await balanceOf(rpc, { account, asset, block }).catch(() => null)
      return amount === null ? [] : [{ account, asset, amount }]
    }),
  ).then((found) => found.flat())
  return Promise.race([asking, late])
}

type Asking = { account: Address; asset: Asset; block: number }

async function balanceOf(rpc: Rpc, { account, asset, block }: Asking): Promise<bigint | null> {
  if (asset === 'native') return getBalance(rpc, account, block)
  return tokenBalance(rpc, { token: asset, account, block })
}
