import { accountsOf } from '../chain/methods/accounts.ts'
import { sendTransaction } from '../chain/methods/send-transaction.ts'
import { CordonError } from '../kit/error.ts'
import type { Hash } from '../model/hex.ts'
import { addressOf, drillRoles } from './accounts.ts'
import { balanceOf, type DrillChain, settle } from './chain.ts'
import { ETHER } from './seed.ts'

/** The amount that the richest role of the drill needs, and as much again for its fees. */
const ENOUGH = 200n * ETHER
const GIVEN = 10_000n * ETHER

/**
 * Ensures that every account of the drill has ether. anvil gives it to them; on another node the first account whose
 * key the node holds (geth --dev has one) pays. Throws `drill.NotFunded`, `drill.NotMined`.
 */
export async function fundRoles(chain: DrillChain): Promise<void> {
  const accounts = drillRoles.map(addressOf)
  const balances = await Promise.all(accounts.map((account) => balanceOf(chain, account)))
  const poor = accounts.filter((_, index) => (balances[index] ?? 0n) < ENOUGH)
  if (poor.length === 0) return
  const [payer] = await accountsOf(chain)
  if (payer === undefined || (await balanceOf(chain, payer)) < GIVEN * BigInt(poor.length))
    throw notFunded(chain, poor.length)
  const hashes: Hash[] = []
  for (const to of poor) {
    const payment = { from: payer, to, value: GIVEN }
    hashes.push(await sendTransaction(chain, payment))
  }
  await settle(chain, hashes)
}

function notFunded({ chainId }: DrillChain, poor: number): CordonError {
  return new CordonError({
    code: 'drill.NotFunded',
    message: 'Accounts of the drill have no ether on this node, and no account of the node can pay them.',
    facts: { chainId, poor, needs: `${GIVEN / ETHER} ether each` },
    fix: 'Use anvil or geth --dev, or give the accounts of the well-known test mnemonic ether in the genesis file.',
  })
}
