import { z } from 'zod'
import type { AttackKind } from '../model/attack-kind.ts'
import { type Asset, NATIVE } from '../model/block.ts'
import type { Address } from '../model/hex.ts'
import { type BlockTag, balanceOf, connectDrill, type DrillChain, readAmount, readView } from './chain.ts'
import type { DrillDeployment } from './deployment.ts'

/** The holdings of the contract that one attack targets. */
export type FundsAtRisk = {
  attack: AttackKind
  contract: Address
  asset: Asset
  /** base units */
  amount: bigint
}

/**
 * The holdings of each attacked contract at a block (`latest` by default), as pages and reports count them, in the
 * order option, oracle, reentrancy: the vault's USDC (of all series), the lending market's USDC, the reserve's ETH in
 * wei.
 */
export async function fundsAtRisk(
  deployment: DrillDeployment,
  rpcUrl: string,
  block?: BlockTag,
): Promise<readonly FundsAtRisk[]> {
  const chain = await connectDrill(rpcUrl)
  const { usdc, optionsVault, lendingMarket, ethReserve } = deployment
  const [option, oracle, reentrancy] = await Promise.all([
    tokenBalance(chain, { token: usdc, account: optionsVault, block }),
    tokenBalance(chain, { token: usdc, account: lendingMarket, block }),
    balanceOf(chain, ethReserve, block),
  ])
  return [
    { attack: 'option', contract: optionsVault, asset: usdc, amount: option },
    { attack: 'oracle', contract: lendingMarket, asset: usdc, amount: oracle },
    { attack: 'reentrancy', contract: ethReserve, asset: NATIVE, amount: reentrancy },
  ]
}

/** Base units of a token. */
export function tokenBalance(
  chain: DrillChain,
  query: { token: Address; account: Address; block?: BlockTag | undefined },
): Promise<bigint> {
  const { token, account, block } = query
  return readAmount(chain, { contract: 'TestToken', at: token, name: 'balanceOf', args: [account], block })
}

const positionSchema = z.tuple([z.bigint(), z.bigint()])

/** A writer's collateral (USDC base units) and open options (18 decimals) in the settled series. */
export async function settledPosition(
  chain: DrillChain,
  deployment: DrillDeployment,
  writer: { account: Address; block?: BlockTag | undefined },
): Promise<{ collateral: bigint; outstanding: bigint }> {
  const [collateral, outstanding] = positionSchema.parse(
    await readView(chain, {
      contract: 'OptionsVault',
      at: deployment.optionsVault,
      name: 'positions',
      args: [BigInt(deployment.settledSeries.id), writer.account],
      block: writer.block,
    }),
  )
  return { collateral, outstanding }
}
