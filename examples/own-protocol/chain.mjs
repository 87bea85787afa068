// The example's side of the chain: accounts, contracts, and one transaction after the other.
import { readFileSync } from 'node:fs'
import { createPublicClient, createWalletClient, defineChain, getContractAddress, http } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'

// anvil's own test accounts, known to everybody: never use them where anything is worth something.
const PHRASE = 'test test test test test test test test test test test junk'
const NAMES = ['owner', 'guardian', 'lead', 'ann', 'bob', 'cat', 'shop', 'thief', 'burglar', 'forger']
export const accounts = Object.fromEntries(
  NAMES.map((name, addressIndex) => [name, mnemonicToAccount(PHRASE, { addressIndex })]),
)

const chain = defineChain({
  id: 31337,
  name: 'anvil',
  nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
  rpcUrls: { default: { http: ['http://127.0.0.1:8545'] } },
})

export function artifact(name) {
  return JSON.parse(readFileSync(new URL(`out/${name}.json`, import.meta.url), 'utf8'))
}

/** Where the owner's first three transactions put the contracts: the configuration names these addresses. */
const at = (nonce) => getContractAddress({ from: accounts.owner.address, nonce })
export const contracts = {
  dollar: { address: at(0n), abi: artifact('DemoDollar').abi },
  everyday: { address: at(1n), abi: artifact('SavingsVault').abi },
  holiday: { address: at(2n), abi: artifact('SavingsVault').abi },
}

export const dollars = (amount) => BigInt(amount) * 1_000_000n

/** Where the commands find the chain, as `cordon.config.ts` does. */
export function urlFromEnvironment() {
  return process.env['RPC_URL'] ?? 'http://127.0.0.1:8545'
}

/** A chain to send to; every call resolves once it is mined, and throws where it fails and must not. */
export function open(rpcUrl) {
  const transport = http(rpcUrl)
  const client = createPublicClient({ chain, transport, pollingInterval: 50 })
  const wallets = new Map()
  const walletOf = (name) => {
    const known = wallets.get(name) ?? createWalletClient({ account: accounts[name], chain, transport })
    wallets.set(name, known)
    return known
  }
  const receiptOf = (hash) => client.waitForTransactionReceipt({ hash })
  const mined = async (hash) => {
    const receipt = await receiptOf(hash)
    if (receipt.status !== 'success') throw new Error(`${hash} failed`)
    return receipt
  }
  const write = (name, contract, functionName, args) =>
    walletOf(name).writeContract({ ...contract, functionName, args, gas: 1_000_000n })
  return {
    client,
    async deploy(name, contract, args = []) {
      const { abi, bytecode } = artifact(contract)
      const receipt = await mined(await walletOf(name).deployContract({ abi, bytecode, args }))
      return { address: receipt.contractAddress, abi }
    },
    async send(name, contract, functionName, args = []) {
      return mined(await write(name, contract, functionName, args))
    },
    /** The same for a call that may fail. */
    async attempt(name, contract, functionName, args = []) {
      return receiptOf(await write(name, contract, functionName, args))
    },
    read: (contract, functionName, args = []) => client.readContract({ ...contract, functionName, args }),
    balance: (address) =>
      client.readContract({ ...contracts.dollar, functionName: 'balanceOf', args: [address] }),
  }
}
