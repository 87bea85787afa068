// A payment out of somebody's savings, as they sign it in their wallet.
import { parseSignature } from 'viem'
import { accounts } from './chain.mjs'

/** The arguments of `pay`; good for 30 days. */
export async function signPayment(on, vault, { saver, to, assets }) {
  const { timestamp } = await on.client.getBlock()
  const message = { saver: accounts[saver].address, to, assets, deadline: timestamp + 2_592_000n }
  const signature = await accounts[saver].signTypedData({
    domain: { name: 'SavingsVault', chainId: 31337, verifyingContract: vault.address },
    types: {
      Payment: [
        { name: 'saver', type: 'address' },
        { name: 'to', type: 'address' },
        { name: 'assets', type: 'uint256' },
        { name: 'deadline', type: 'uint256' },
      ],
    },
    primaryType: 'Payment',
    message,
  })
  const { r, s, yParity } = parseSignature(signature)
  return [message.saver, message.to, message.assets, message.deadline, 27 + yParity, r, s]
}
