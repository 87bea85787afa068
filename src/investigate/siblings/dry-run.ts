import { getBlockNumber } from '../../chain/methods/get-block-number.ts'
import { getCode } from '../../chain/methods/get-code.ts'
import { sendTransaction } from '../../chain/methods/send-transaction.ts'
import { type Capabilities, probeCapabilities } from '../../chain/rpc/capabilities.ts'
import { fetchBundle } from '../../chain/rpc/fetch-bundle.ts'
import { createRpc, type Rpc } from '../../chain/rpc/rpc.ts'
import { storageWords } from '../../chain/rpc/storage.ts'
import { startAnvil } from '../../chain/sandbox/anvil.ts'
import {
  dropBaseFee,
  impersonateAll,
  mine,
  setBalance,
  setCode,
  setStorageAt,
  snapshot,
} from '../../chain/sandbox/control.ts'
import { blockFacts } from '../../facts/facts.ts'
import { failureIn } from '../../forensics/call-tree.ts'
import {
  belongings,
  immutablesOf,
  type Substitutes,
  slotsOf,
  substituted,
} from '../../forensics/siblings/substitute.ts'
import { messageOf } from '../../kit/error.ts'
import type { Asset } from '../../model/block.ts'
import { type Address, type Hash, type Hex, hashSchema } from '../../model/hex.ts'
import type { Change, FrozenTransaction, Regression } from '../../model/regression.ts'
import type { AtRisk } from '../../model/scope-at-risk.ts'
import { changesIn } from '../regress/node.ts'

export type DryRunOptions = {
  rpcUrl: string
  regression: Regression
  /** The victim whose siblings they are. */
  victim: Address
  siblings: readonly Address[]
}

/** The attack is repeated on a sibling until it no longer pays, at most this many times. */
const MOST_ROUNDS = 20
const MOST_SIBLINGS = 32
const PLENTY = 10n ** 24n
const MOST_GAS = 1n << 24n

/**
 * Runs the attack against each sibling on a fork of the chain’s latest block, with every address of the victim’s
 * replaced by the sibling’s: in calldata, in the attacker’s code and storage, and in the attacker's entries in the
 * victim’s assets. Sends nothing to the chain. Throws `chain.AnvilMissing`, `chain.AnvilNotStarted`, and the errors of
 * the node.
 */
export async function dryRun({ rpcUrl, regression, victim, siblings }: DryRunOptions): Promise<AtRisk[]> {
  const anvil = await startAnvil({ mining: { kind: 'manual' }, forkUrl: rpcUrl })
  const rpc = createRpc({ urls: [anvil.url] })
  try {
    await impersonateAll(rpc)
    const fork = { rpc, capabilities: await probeCapabilities(rpc) }
    const results: AtRisk[] = []
    for (const contract of siblings.slice(0, MOST_SIBLINGS)) {
      const goBack = await snapshot(rpc)
      results.push(await against(fork, { regression, victim, contract }))
      await goBack()
    }
    return results
  } finally {
    await rpc.close()
    await anvil.stop()
  }
}

type Fork = { rpc: Rpc; capabilities: Capabilities }
type Aim = { regression: Regression; victim: Address; contract: Address }

async function against(fork: Fork, aim: Aim): Promise<AtRisk> {
  const { regression, contract } = aim
  const nothing = { contract, drained: [], transactions: 0 }
  try {
    const code = await getCode(fork.rpc, contract, 'latest')
    if (code === '0x')
      return { ...nothing, outcome: 'not-tried', reason: 'there is no contract at this address' }
    const substitutes = await substitutesFor(fork.rpc, aim, code)
    await arm(fork.rpc, regression, substitutes)
    return await drain(fork, { ...aim, substitutes })
  } catch (thrown) {
    const reason = `it could not be run: ${messageOf(thrown).slice(0, 200)}`
    return {
      ...nothing,
      outcome: 'not-tried',
      reason,
    }
  }
}

/** The sibling, and the addresses in its code and storage at the positions where the victim has others. */
async function substitutesFor(
  rpc: Rpc,
  { regression, victim, contract }: Aim,
  code: Hex,
): Promise<Substitutes> {
  const frozen = regression.prestate[victim]
  const kept = Object.entries(frozen?.storage ?? {}).slice(0, 200)
  const asked = { address: contract, slots: kept.map(([slot]) => slot as Hex), block: 'latest' } as const
  const words = await storageWords(rpc, asked)
  const slots = kept.map(([, ours], i) => ({ ours, theirs: hashSchema.parse(words[i]) }))
  const own = new Set([...regression.attackers, victim])
  const others = [...immutablesOf(frozen?.code ?? '0x', code), ...slotsOf(slots)]
  return new Map([...others.filter(([from]) => !own.has(from)), [victim, contract]])
}

/** Restores the attacker’s contracts to before the attack, with their holdings, on the fork. */
async function arm(rpc: Rpc, regression: Regression, substitutes: Substitutes): Promise<void> {
  for (const address of regression.attackers) {
    const account = regression.prestate[address]
    if (account === undefined) continue
    const { balance, code, storage } = account
    await setBalance(rpc, address, balance)
    if (code !== '0x') await setCode(rpc, address, substituted(code, substitutes))
    for (const [slot, value] of Object.entries(storage) as [Hash, Hash][])
      await setStorageAt(rpc, { address, slot, value: substituted(value, substitutes) })
  }
  for (const word of belongings(regression, substitutes)) await setStorageAt(rpc, word)
}

type Sent = { succeeded: boolean; why: string; changes: Change[] }

/**
 * Repeats the attack until it fails or pays nothing; the loss is the amount that the sibling and its substitutes lost.
 */
async function drain(fork: Fork, aim: Aim & { substitutes: Substitutes }): Promise<AtRisk> {
  const { regression, contract, substitutes } = aim
  const attacks = regression.transactions.filter(({ is }) => is === 'attack')
  const losers = new Set([...substitutes.values()])
  const attackers = new Set(regression.attackers)
  const drained = new Map<Asset, bigint>()
  let transactions = 0
  let reason = `it still pays after ${MOST_ROUNDS} rounds: more than this can be drained`
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const sent: Sent[] = []
    for (const attack of attacks) sent.push(await send(fork, attack, substitutes))
    const changes = sent.flatMap((one) => one.changes)
    const lost = netOf(changes, losers).filter(([, amount]) => amount < 0n)
    const gained = netOf(changes, attackers).some(([, amount]) => amount > 0n)
    if (lost.length === 0 || !gained) {
      reason = sent.find(({ succeeded }) => !succeeded)?.why ?? 'it goes through and takes nothing'
      break
    }
    transactions += sent.filter(({ succeeded }) => succeeded).length
    for (const [asset, amount] of lost) drained.set(asset, (drained.get(asset) ?? 0n) - amount)
  }
  return {
    contract,
    outcome: drained.size > 0 ? 'drained' : 'not-drained',
    drained: [...drained].map(([asset, amount]) => ({ asset, amount })),
    transactions,
    reason: drained.size > 0 ? `then ${reason}` : `not drained by the same attack: ${reason}`,
  }
}

function netOf(changes: Sent['changes'], group: ReadonlySet<Address>): [Asset, bigint][] {
  const net = new Map<Asset, bigint>()
  for (const { account, asset, amount } of changes)
    if (group.has(account)) net.set(asset, (net.get(asset) ?? 0n) + amount)
  return [...net]
}

async function send(
  { rpc, capabilities }: Fork,
  { from, to, input, value, gas }: FrozenTransaction,
  substitutes: Substitutes,
): Promise<Sent> {
  await setBalance(rpc, from, PLENTY + value)
  await dropBaseFee(rpc)
  const call = {
    from,
    ...(to === null ? {} : { to: substitutes.get(to) ?? to }),
    input: substituted(input, substitutes),
    value,
    // another contract uses a different amount of gas: warm slots, longer lists
    gas: gas * 2n > MOST_GAS ? MOST_GAS : gas * 2n,
    gasPrice: 0n,
  }
  const sent = await sendTransaction(rpc, call).catch((thrown: unknown) => messageOf(thrown))
  await mine(rpc)
  const facts = blockFacts(await fetchBundle(await getBlockNumber(rpc), { rpc, capabilities }))
  const tx = facts.transactions.find(({ transaction }) => transaction.hash === sent)
  const failure = failureIn(tx?.transaction.frames ?? [], { names: new Map(), marked: new Set() })
  return {
    succeeded: tx?.transaction.succeeded === true,
    why: failure?.reason ?? (tx === undefined ? String(sent).slice(0, 160) : 'it fails'),
    changes: changesIn(tx?.deltas ?? new Map()),
  }
}
