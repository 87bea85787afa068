import { readFile, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { minedTransaction } from '../chain/rpc/mined.ts'
import { fetchPrestate } from '../chain/rpc/prestate.ts'
import type { Rpc } from '../chain/rpc/rpc.ts'
import { CordonError, messageOf } from '../kit/error.ts'
import { toJson } from '../kit/json.ts'
import { type Address, type Hash, type Hex, hexSchema } from '../model/hex.ts'
import type { Investigation } from '../model/investigation.ts'
import {
  type FrozenTransaction,
  givenBy,
  isProfit,
  profitIn,
  type Regression,
  type Rerun,
  regressionSchema,
} from '../model/regression.ts'
import { openSource } from './investigate/source.ts'
import { investigateTransactions } from './investigate.ts'
import { openRegression, type Ran } from './regression-node.ts'

export type FreezeOptions = {
  /** A node with `debug_traceTransaction`, or a bundle file that was frozen from one. */
  source: string
  attacks: readonly Hash[]
  /** Recent ones that a fix must not break. */
  legitimate: readonly Hash[]
}

/**
 * Freezes attacks and ordinary transactions with the state that they touched. What the attackers gained is found by
 * investigating. Throws `app.TransactionNotFound`, and what the node throws (it must have the prestateTracer).
 */
export async function freeze({ source, attacks, legitimate }: FreezeOptions): Promise<Regression> {
  const scope = { kind: 'everything' } as const
  const found = await investigateTransactions({ source, hashes: attacks, scope, full: false })
  return freezeFound(found, { source, legitimate })
}

/** As {@link freeze}, of what was investigated already. */
export async function freezeFound(
  found: Investigation,
  { source, legitimate }: Omit<FreezeOptions, 'attacks'>,
): Promise<Regression> {
  const own = new Set<Address>([...found.attackers.accounts, ...found.attackers.contracts])
  const fungible = found.balanceChanges.filter(({ tokenId }) => tokenId === null)
  const { rpc, close } = await openSource(source)
  if (rpc === null) throw unreadable(source, 'it is a bundle file without the state before the transactions')
  try {
    const hashes = found.transactions.map(({ hash }) => hash)
    const transactions = await inOrder(rpc, hashes, legitimate)
    return {
      type: 'regression',
      version: 1,
      chainId: found.chainId,
      transactions,
      prestate: await fetchPrestate(
        rpc,
        transactions.map(({ hash }) => hash),
      ),
      gains: fungible
        .filter(({ account, amount }) => own.has(account) && amount > 0n)
        .map(({ account, asset, amount }) => ({ account, asset, amount })),
      given: givenBy(own, fungible),
      attackers: [...own],
    }
  } finally {
    await close()
  }
}

async function inOrder(
  rpc: Rpc,
  attacks: readonly Hash[],
  legitimate: readonly Hash[],
): Promise<FrozenTransaction[]> {
  const all = await Promise.all([...attacks, ...legitimate].map((hash) => minedTransaction(rpc, hash)))
  return all
    .sort((a, b) => a.blockNumber - b.blockNumber || a.transactionIndex - b.transactionIndex)
    .map(({ transactionIndex: _place, ...mined }) => ({
      ...mined,
      is: attacks.includes(mined.hash) ? 'attack' : 'legitimate',
    }))
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
  const node = await openRegression(regression)
  try {
    return (await node.run({ code: replace })).map((ran) => judge(ran, regression))
  } finally {
    await node.close()
  }
}

function judge({ frozen, succeeded, changes }: Ran, regression: Regression): Rerun {
  const { hash, is } = frozen
  if (is === 'legitimate') return { hash, is, succeeded, gained: [], givenMore: [], passed: succeeded }
  const profit = profitIn(changes, regression)
  return { hash, is, succeeded, ...profit, passed: !succeeded || !isProfit(profit) }
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
  const reason =
    typeof cause === 'string'
      ? cause
      : cause instanceof z.ZodError
        ? z.prettifyError(cause).slice(0, 300)
        : messageOf(cause)
  return new CordonError({
    code: 'app.RegressionUnreadable',
    message: 'This file cannot be used for a regression.',
    facts: { file, reason },
    fix: 'Give what `cordon regress freeze` wrote; for --replace runtime code as hex, or an artifact with deployedBytecode.',
    cause,
  })
}
