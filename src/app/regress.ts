import { readFile, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { startAnvil } from '../chain/anvil.ts'
import { type Capabilities, probeCapabilities } from '../chain/rpc/capabilities.ts'
import { fetchBundle } from '../chain/rpc/fetch-bundle.ts'
import { headOf } from '../chain/rpc/head.ts'
import { fetchPrestate } from '../chain/rpc/prestate.ts'
import { createRpc, type Rpc } from '../chain/rpc/rpc.ts'
import { toHex } from '../contain/block-tag.ts'
import { blockFacts } from '../facts/facts.ts'
import { CordonError, messageOf } from '../kit/error.ts'
import { toJson } from '../kit/json.ts'
import type { Asset } from '../model/block.ts'
import type { BalanceDeltas } from '../model/fact.ts'
import { type Address, addressSchema, type Hash, type Hex, hexSchema, quantitySchema } from '../model/hex.ts'
import { type FrozenTransaction, type Regression, type Rerun, regressionSchema } from '../model/regression.ts'
import { investigateTransactions } from './investigate.ts'

export type FreezeOptions = {
  /** A node with `debug_traceTransaction`. */
  rpcUrl: string
  attacks: readonly Hash[]
  /** Recent ones that a fix must not break. */
  legitimate: readonly Hash[]
}

const minedSchema = z.object({
  hash: hexSchema,
  from: addressSchema,
  to: addressSchema.nullish().transform((to) => to ?? null),
  input: hexSchema,
  value: quantitySchema.transform(BigInt),
  gas: quantitySchema.transform(BigInt),
  blockNumber: z.string().transform(Number),
  transactionIndex: z.string().transform(Number),
})

/**
 * Freezes attacks and ordinary transactions with the state that they touched. What the attackers gained is found by
 * investigating. Throws `app.TransactionNotFound`, and what the node throws (it must have the prestateTracer).
 */
export async function freeze({ rpcUrl, attacks, legitimate }: FreezeOptions): Promise<Regression> {
  const found = await investigateTransactions({
    source: rpcUrl,
    hashes: attacks,
    scope: { kind: 'everything' },
    full: false,
  })
  const own = new Set<Address>([...found.attackers.accounts, ...found.attackers.contracts])
  const rpc = createRpc({ urls: [rpcUrl] })
  try {
    const transactions = await inOrder(rpc, attacks, legitimate)
    return {
      type: 'regression',
      version: 1,
      chainId: found.chainId,
      transactions,
      prestate: await fetchPrestate(
        rpc,
        transactions.map(({ hash }) => hash),
      ),
      gains: found.balanceChanges
        .filter(({ account, amount, tokenId }) => own.has(account) && amount > 0n && tokenId === null)
        .map(({ account, asset, amount }) => ({ account, asset, amount })),
      given: givenBy(
        own,
        found.balanceChanges.filter(({ tokenId }) => tokenId === null),
      ),
      attackers: [...own],
    }
  } finally {
    await rpc.close()
  }
}

type Change = { account: Address; asset: Asset; amount: bigint }

/** What a group lost of each asset, summed; coin is left out, gas would count as a price. */
function givenBy(group: ReadonlySet<Address>, changes: readonly Change[]): Regression['given'] {
  const net = new Map<Asset, bigint>()
  for (const { account, asset, amount } of changes)
    if (group.has(account) && asset !== 'native') net.set(asset, (net.get(asset) ?? 0n) + amount)
  return [...net].filter(([, amount]) => amount < 0n).map(([asset, amount]) => ({ asset, amount: -amount }))
}

async function inOrder(
  rpc: Rpc,
  attacks: readonly Hash[],
  legitimate: readonly Hash[],
): Promise<FrozenTransaction[]> {
  const all = await Promise.all(
    [...attacks, ...legitimate].map(async (hash) => {
      const mined = minedSchema.parse(await rpc.request('eth_getTransactionByHash', [hash]))
      const block = z
        .object({ timestamp: z.string().transform(Number) })
        .parse(await rpc.request('eth_getBlockByNumber', [toHex(mined.blockNumber), false]))
      const is = attacks.includes(hash) ? ('attack' as const) : ('legitimate' as const)
      const { transactionIndex, ...rest } = mined
      return { place: transactionIndex, frozen: { ...rest, hash, is, timestamp: block.timestamp } }
    }),
  )
  return all
    .sort((a, b) => a.frozen.blockNumber - b.frozen.blockNumber || a.place - b.place)
    .map(({ frozen }) => frozen)
}

export type RerunOptions = {
  regression: Regression
  /** Runtime code that stands for the old: the fix. */
  replace?: ReadonlyMap<Address, Hex>
}

/**
 * Runs a regression again on a node of its own, each transaction in a block of its own with the time and about the number that
 * it had. Without the fix the attack pays; with it nothing may. Throws `chain.AnvilMissing`.
 */
export async function rerun({ regression, replace = new Map() }: RerunOptions): Promise<Rerun[]> {
  const { chainId, transactions, prestate } = regression
  const [first] = transactions
  const anvil = await startAnvil({
    mining: { kind: 'manual' },
    chainId,
    genesis: { number: (first?.blockNumber ?? 1) - 1, timestamp: (first?.timestamp ?? 1) - 1 },
  })
  const rpc = createRpc({ urls: [anvil.url] })
  try {
    await putState(rpc, prestate, replace)
    const capabilities = await probeCapabilities(rpc)
    const reruns: Rerun[] = []
    for (const transaction of transactions)
      reruns.push(await runAgain({ rpc, capabilities }, transaction, regression))
    return reruns
  } finally {
    await rpc.close()
    await anvil.stop()
  }
}

/** Gas is free here and everybody may send: what an attack gains is not to depend on what it paid. */
async function putState(
  rpc: Rpc,
  prestate: Regression['prestate'],
  replace: ReadonlyMap<Address, Hex>,
): Promise<void> {
  await rpc.request('anvil_autoImpersonateAccount', [true])
  for (const address of Object.keys(prestate) as Address[]) {
    const account = prestate[address]
    if (account === undefined) continue
    await rpc.request('anvil_setBalance', [address, toHex(account.balance)])
    await rpc.request('anvil_setNonce', [address, toHex(account.nonce)])
    const code = replace.get(address) ?? account.code
    if (code !== '0x') await rpc.request('anvil_setCode', [address, code])
    for (const [slot, value] of Object.entries(account.storage))
      await rpc.request('anvil_setStorageAt', [address, slot, value])
  }
}

async function runAgain(
  node: { rpc: Rpc; capabilities: Capabilities },
  { hash, is, from, to, input, value, gas, timestamp }: FrozenTransaction,
  { gains, given, attackers }: Regression,
): Promise<Rerun> {
  const { rpc } = node
  const latest = z
    .object({ timestamp: z.string().transform(Number) })
    .parse(await rpc.request('eth_getBlockByNumber', ['latest', false]))
  await rpc.request('evm_setNextBlockTimestamp', [Math.max(timestamp, latest.timestamp + 1)])
  await rpc.request('anvil_setNextBlockBaseFeePerGas', ['0x0'])
  const call = {
    from,
    ...(to === null ? {} : { to }),
    input,
    value: toHex(value),
    gas: toHex(gas),
    gasPrice: '0x0',
  }
  const sent = await rpc.request('eth_sendTransaction', [call]).catch((thrown: unknown) => messageOf(thrown))
  await rpc.request('evm_mine', [])
  const bundle = await fetchBundle(await headOf(rpc), node)
  const tx = blockFacts(bundle).transactions.find(({ transaction }) => transaction.hash === sent)
  const succeeded = tx?.transaction.succeeded === true
  const changes = changesIn(tx?.deltas ?? new Map())
  const amountOf = (account: Address, asset: Asset): bigint =>
    changes.find((change) => change.account === account && change.asset === asset)?.amount ?? 0n
  const gained = gains
    .map(({ account, asset }) => ({ account, asset, amount: amountOf(account, asset) }))
    .filter(({ amount }) => amount > 0n)
  const before = new Map(given.map(({ asset, amount }) => [asset, amount]))
  const givenMore = givenBy(new Set(attackers), changes)
    .map(({ asset, amount }) => ({ asset, amount: amount - (before.get(asset) ?? 0n) }))
    .filter(({ amount }) => amount > 0n)
  if (is === 'legitimate') return { hash, is, succeeded, gained: [], givenMore: [], passed: succeeded }
  const passed = !succeeded || gained.length === 0 || givenMore.length > 0
  return { hash, is, succeeded, gained, givenMore, passed }
}

function changesIn(deltas: BalanceDeltas): Change[] {
  return [...deltas].flatMap(([account, assets]) =>
    [...assets].map(([asset, amount]) => ({ account, asset: asset as Asset, amount })),
  )
}

/** Reads a frozen file. Throws `app.RegressionUnreadable`. */
export async function readRegression(file: string): Promise<Regression> {
  try {
    return regressionSchema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (cause) {
    throw unreadable(file, cause)
  }
}

export async function writeRegression(file: string, regression: Regression): Promise<void> {
  await writeFile(file, `${toJson(regression)}\n`)
}

const artifactSchema = z.union([
  hexSchema,
  z.object({ deployedBytecode: z.union([hexSchema, z.object({ object: hexSchema })]) }),
])

/** Runtime code from a file: hex, or an artifact of solc, Hardhat or Foundry. Throws `app.RegressionUnreadable`. */
export async function readRuntimeCode(file: string): Promise<Hex> {
  try {
    const text = (await readFile(file, 'utf8')).trim()
    const parsed = artifactSchema.parse(text.startsWith('{') ? JSON.parse(text) : text)
    if (typeof parsed === 'string') return parsed
    const { deployedBytecode } = parsed
    return typeof deployedBytecode === 'string' ? deployedBytecode : deployedBytecode.object
  } catch (cause) {
    throw unreadable(file, cause)
  }
}

function unreadable(file: string, cause: unknown): CordonError {
  const reason = cause instanceof z.ZodError ? z.prettifyError(cause).slice(0, 300) : messageOf(cause)
  return new CordonError({
    code: 'app.RegressionUnreadable',
    message: 'This file cannot be used for a regression.',
    facts: { file, reason },
    fix: 'Give what `cordon regress freeze` wrote; for --replace runtime code as hex, or an artifact with deployedBytecode.',
    cause,
  })
}
