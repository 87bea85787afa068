import { toFunctionSelector } from 'viem'
import type { BuiltCase, CaseFact, CaseTransaction } from '../../detect/rules/case-schema.ts'
import type { Rule } from '../../detect/rules/schema.ts'
import { balanceDeltas } from '../../facts/deltas.ts'
import { sha256 } from '../../kit/json.ts'
import type { Frame, Transaction } from '../../model/block.ts'
import type { AssetAmount, BlockFacts, Fact, TransactionFacts } from '../../model/fact.ts'
import { type Address, type Hash, type Hex, ZERO_ADDRESS } from '../../model/hex.ts'
import type { StateRead } from '../../model/state-read.ts'

/** A moment in 2023: block times of built cases count from it. */
const BEGAN = 1_700_000_000

/** The address of a name in a built case: `zero`, an address itself, or one derived from the name. */
export function addressNamed(name: string): Address {
  if (name === 'zero') return ZERO_ADDRESS
  if (/^0x[0-9a-fA-F]{40}$/.test(name)) return name.toLowerCase() as Address
  return `0x${sha256(name).slice(0, 40)}`
}

/** The blocks of a built case in the engine's form, and the transactions that the rule must flag. */
export function builtBlocks({ blocks }: BuiltCase, rule: Rule): { blocks: BlockFacts[]; flags: Set<Hash> } {
  const flags = new Set<Hash>()
  const built = blocks.map(({ at, reads, transactions }, i): BlockFacts => {
    const number = i + 1
    const facts = transactions.flatMap(repeated).map((tx, index) => {
      const hash: Hash = `0x${sha256(`case ${number}/${index}`)}`
      if (tx.flags) flags.add(hash)
      return transactionFacts(tx, hash, index)
    })
    return {
      bundle: {
        chainId: 1,
        number,
        hash: `0x${sha256(`case block ${number}`)}`,
        parentHash: `0x${sha256(`case block ${i}`)}`,
        timestamp: BEGAN + at,
        baseFeePerGas: 1n,
        miner: null,
        transactions: facts.map(({ transaction }) => transaction),
        pending: false,
        coverage: { traces: 'callTracer', logs: 'frames', partial: false },
        gaps: [],
      },
      transactions: facts,
      ...(reads === undefined ? {} : { reads: answersFor(rule, reads) }),
    }
  })
  return { blocks: built, flags }
}

/** Repeats a transaction as often as it states, with `#` in its names replaced by its index. */
function repeated(tx: CaseTransaction): CaseTransaction[] {
  if (tx.times === 1) return [tx]
  const text = JSON.stringify(tx)
  return Array.from({ length: tx.times }, (_, i) => JSON.parse(text.replaceAll('#', String(i))))
}

function answersFor({ reads }: Rule, given: Readonly<Record<string, string | number>>): StateRead[] {
  return Object.entries(reads).map(([name, { to, data, word }]) => {
    const value = given[name]
    const answer: Hex | null =
      value === undefined ? null : `0x${'0'.repeat(64 * word)}${wordOf(amountOf(value))}`
    return { to, data, answer }
  })
}

function wordOf(value: bigint): string {
  return BigInt.asUintN(256, value).toString(16).padStart(64, '0')
}

function transactionFacts(tx: CaseTransaction, hash: Hash, index: number): TransactionFacts {
  const facts = tx.facts.map(factOf)
  const from = addressNamed(tx.from)
  const to = tx.to === undefined ? null : addressNamed(tx.to)
  const transaction: Transaction = {
    hash,
    index,
    from,
    to,
    input: inputOf(tx.function),
    value: amountOf(tx.value),
    nonce: 0,
    gasPrice: 1n,
    maxPriorityFeePerGas: null,
    succeeded: !tx.failed,
    contractAddress: null,
    logs: null,
    frames: framesOf(tx, from, to),
  }
  return { transaction, facts, deltas: balanceDeltas(facts) }
}

/** The root call and, beneath it, the calls of the case as siblings. */
function framesOf(tx: CaseTransaction, from: Address, to: Address | null): Frame[] {
  const end = tx.calls.length + 1
  const common = { output: '0x' as Hex, gas: -1, gasUsed: 21_000, logs: [] }
  const root: Frame = {
    ...common,
    index: 0,
    parent: -1,
    depth: 0,
    end,
    type: to === null ? 'CREATE' : 'CALL',
    from,
    to,
    context: to,
    input: inputOf(tx.function),
    value: amountOf(tx.value),
    error: tx.failed ? 'execution reverted' : null,
    revertReason: null,
    reverted: tx.failed,
  }
  const calls = tx.calls.map((call, i): Frame => {
    const caller = call.from === undefined ? to : addressNamed(call.from)
    const callee = addressNamed(call.to)
    return {
      ...common,
      index: i + 1,
      parent: 0,
      depth: 1,
      end: i + 2,
      type: call.type,
      from: caller,
      to: callee,
      context: call.type === 'DELEGATECALL' ? caller : callee,
      input: inputOf(call.function),
      value: amountOf(call.value),
      error: call.reverted ? 'execution reverted' : null,
      revertReason: call.reason ?? null,
      reverted: call.reverted || tx.failed,
    }
  })
  return [root, ...calls]
}

function inputOf(name: string | undefined): Hex {
  if (name === undefined) return '0x'
  return name.startsWith('0x') ? (name.toLowerCase() as Hex) : toFunctionSelector(name)
}

function amountOf(value: string | number): bigint {
  return BigInt(String(value).replaceAll('_', ''))
}

function assetAmountOf({ asset, amount }: { asset: string; amount: string | number }): AssetAmount {
  return { asset: asset === 'native' ? 'native' : addressNamed(asset), amount: amountOf(amount) }
}

function factOf(fact: CaseFact): Fact {
  const frame = -1
  switch (fact.kind) {
    case 'transfer':
      return {
        ...fact,
        asset: fact.asset === 'native' ? 'native' : addressNamed(fact.asset),
        from: addressNamed(fact.from),
        to: addressNamed(fact.to),
        amount: amountOf(fact.amount),
        tokenId: fact.tokenId === undefined ? null : amountOf(fact.tokenId),
        frame,
        source: 'log',
      }
    case 'swap':
      return {
        kind: 'swap',
        pool: addressNamed(fact.pool),
        trader: fact.trader === undefined ? null : addressNamed(fact.trader),
        assetIn: addressNamed(fact.assetIn),
        assetOut: addressNamed(fact.assetOut),
        amountIn: amountOf(fact.amountIn),
        amountOut: amountOf(fact.amountOut),
        protocol: null,
        frame,
      }
    case 'action':
      return {
        kind: 'action',
        action: fact.action,
        contract: addressNamed(fact.contract),
        implementation: null,
        actor: fact.actor === undefined ? null : addressNamed(fact.actor),
        beneficiary: fact.beneficiary === undefined ? null : addressNamed(fact.beneficiary),
        given: fact.given.map(assetAmountOf),
        taken: fact.taken.map(assetAmountOf),
        protocol: fact.protocol ?? null,
        source: 'log',
        frame,
      }
    case 'control':
      return {
        kind: 'control',
        change: fact.change,
        contract: addressNamed(fact.contract),
        subject: fact.subject === undefined ? null : addressNamed(fact.subject),
        role: (fact.role ?? null) as Hex | null,
        frame,
      }
    case 'approval':
      return {
        kind: 'approval',
        asset: addressNamed(fact.asset),
        owner: addressNamed(fact.owner),
        spender: addressNamed(fact.spender),
        amount: amountOf(fact.amount),
        frame,
      }
    case 'valuation':
      return {
        kind: 'valuation',
        source: addressNamed(fact.source),
        reader: fact.reader === undefined ? null : addressNamed(fact.reader),
        selector: fact.selector as Hex,
        answer: fact.answer.map(amountOf),
        frame,
      }
  }
}
