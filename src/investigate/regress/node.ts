import { required } from '../../chain/methods/answer.ts'
import { callContract } from '../../chain/methods/call.ts'
import { getBlock } from '../../chain/methods/get-block.ts'
import { getBlockNumber } from '../../chain/methods/get-block-number.ts'
import { sendTransaction } from '../../chain/methods/send-transaction.ts'
import { type Capabilities, probeCapabilities } from '../../chain/rpc/capabilities.ts'
import { fetchBundle } from '../../chain/rpc/fetch-bundle.ts'
import { fetchPrestate, type Prestate } from '../../chain/rpc/prestate.ts'
import { createRpc, type Rpc } from '../../chain/rpc/rpc.ts'
import { fetchStateChanges } from '../../chain/rpc/state-changes.ts'
import { startAnvil } from '../../chain/sandbox/anvil.ts'
import {
  dropBaseFee,
  impersonateAll,
  mine,
  setBalance,
  setCode,
  setNextBlockTimestamp,
  setNonce,
  setStorageAt,
  snapshot,
} from '../../chain/sandbox/control.ts'
import { blockFacts } from '../../facts/facts.ts'
import { messageOf } from '../../kit/error.ts'
import type { Asset } from '../../model/block.ts'
import type { BalanceDeltas, BlockFacts, TransactionFacts } from '../../model/fact.ts'
import type { Address, Hash, Hex } from '../../model/hex.ts'
import type { Change, FrozenTransaction, Regression } from '../../model/regression.ts'

type Seen = { facts: BlockFacts; tx: TransactionFacts }
type StateChanges = Awaited<ReturnType<typeof fetchStateChanges>>

/** One frozen transaction, run again. */
export type Ran = {
  frozen: FrozenTransaction
  succeeded: boolean
  changes: Change[]
  /** Null if the node refused it. */
  seen: Seen | null
  /** The state that it touched, as it was before; null unless requested. */
  touched: Prestate | null
  /** The state that it wrote; null unless requested. */
  written: StateChanges | null
}

export type RunOptions = {
  /** Replaces the frozen code. */
  code: ReadonlyMap<Address, Hex>
  /** Added to the frozen storage. */
  storage?: readonly { address: Address; slot: Hash; value: Hash }[]
  /** Gas above each transaction's own, for code that uses more; 0 by default. */
  extraGas?: bigint
  /** Report the state that the attacks touched, or also the state that they wrote. */
  watch?: 'touched' | 'written'
}

/** A separate node with the state of a regression: each run begins from it. */
export type RegressionNode = {
  run(options: RunOptions): Promise<Ran[]>
  /** The answer of a view before anything ran; null if it fails. */
  ask(view: { from: Address; to: Address; input: Hex }): Promise<Hex | null>
  close(): Promise<void>
}

/** EIP-7825: no transaction may have more, unless it had it on its original chain. */
const MOST_GAS = 1n << 24n

/** Throws `chain.AnvilMissing`, `chain.AnvilNotStarted`. Close it. */
export async function openRegression({
  chainId,
  transactions,
  prestate,
}: Regression): Promise<RegressionNode> {
  const [first] = transactions
  const anvil = await startAnvil({
    mining: { kind: 'manual' },
    chainId,
    genesis: { number: (first?.blockNumber ?? 1) - 1, timestamp: (first?.timestamp ?? 1) - 1 },
  })
  const rpc = createRpc({ urls: [anvil.url] })
  const close = async (): Promise<void> => {
    await rpc.close()
    await anvil.stop()
  }
  try {
    await putState(rpc, prestate)
    const node = { rpc, capabilities: await probeCapabilities(rpc) }
    return {
      run: (options) => runAll(node, transactions, options),
      ask: ({ from, to, input }) =>
        callContract(rpc, { from, to, data: input }, { block: 'latest' }).catch(() => null),
      close,
    }
  } catch (thrown) {
    await close()
    throw thrown
  }
}

type Node = { rpc: Rpc; capabilities: Capabilities }

async function runAll(
  node: Node,
  transactions: readonly FrozenTransaction[],
  options: RunOptions,
): Promise<Ran[]> {
  const { rpc } = node
  const goBack = await snapshot(rpc)
  try {
    for (const [address, code] of options.code) await setCode(rpc, address, code)
    for (const word of options.storage ?? []) await setStorageAt(rpc, word)
    const ran: Ran[] = []
    for (const transaction of transactions) ran.push(await runAgain(node, transaction, options))
    return ran
  } finally {
    await goBack()
  }
}

/** Gas is free here and every account may send: an attack's gain must not depend on the gas that it paid. */
async function putState(rpc: Rpc, prestate: Regression['prestate']): Promise<void> {
  await impersonateAll(rpc)
  for (const address of Object.keys(prestate) as Address[]) {
    const account = prestate[address]
    if (account === undefined) continue
    await setBalance(rpc, address, account.balance)
    await setNonce(rpc, address, account.nonce)
    if (account.code !== '0x') await setCode(rpc, address, account.code)
    for (const [slot, value] of Object.entries(account.storage) as [Hash, Hash][])
      await setStorageAt(rpc, { address, slot, value })
  }
}

async function runAgain(node: Node, frozen: FrozenTransaction, options: RunOptions): Promise<Ran> {
  const { rpc } = node
  const latest = required((await getBlock(rpc, 'latest'))?.timestamp, 'block.timestamp')
  await setNextBlockTimestamp(rpc, Math.max(frozen.timestamp, latest + 1))
  await dropBaseFee(rpc)
  const { from, to, input, value } = frozen
  const call = {
    from,
    ...(to === null ? {} : { to }),
    input,
    value,
    gas: gasFor(frozen, options),
    gasPrice: 0n,
  }
  const sent = await sendTransaction(rpc, call).catch((thrown: unknown) => messageOf(thrown))
  await mine(rpc)
  const bundle = await fetchBundle(await getBlockNumber(rpc), node)
  const facts = blockFacts(bundle)
  const found = facts.transactions.find(({ transaction }) => transaction.hash === sent)
  if (found === undefined)
    return { frozen, succeeded: false, changes: [], seen: null, touched: null, written: null }
  return {
    frozen,
    succeeded: found.transaction.succeeded === true,
    changes: changesIn(found.deltas),
    seen: asItWas(facts, found, frozen),
    ...(await watched(rpc, found.transaction.hash, frozen.is === 'attack' ? options.watch : undefined)),
  }
}

/** With its original hash and number; the block itself is another one. */
function asItWas(facts: BlockFacts, found: TransactionFacts, { hash, blockNumber }: FrozenTransaction): Seen {
  const transaction = { ...found.transaction, hash }
  const tx = { ...found, transaction }
  const bundle = { ...facts.bundle, number: blockNumber, transactions: [transaction] }
  return { facts: { ...facts, bundle, transactions: [tx] }, tx }
}

async function watched(
  rpc: Rpc,
  hash: Hash,
  watch: RunOptions['watch'],
): Promise<Pick<Ran, 'touched' | 'written'>> {
  return {
    touched: watch === undefined ? null : await fetchPrestate(rpc, [hash]),
    written: watch === 'written' ? await fetchStateChanges(rpc, hash) : null,
  }
}

function gasFor({ gas }: FrozenTransaction, { extraGas = 0n }: RunOptions): bigint {
  if (gas >= MOST_GAS) return gas
  return gas + extraGas > MOST_GAS ? MOST_GAS : gas + extraGas
}

/** Net changes as a list. */
export function changesIn(deltas: BalanceDeltas): Change[] {
  return [...deltas].flatMap(([account, assets]) =>
    [...assets].map(([asset, amount]) => ({ account, asset: asset as Asset, amount })),
  )
}
