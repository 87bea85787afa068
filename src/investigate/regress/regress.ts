import { readFile, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { minedTransaction } from '../../chain/rpc/mined.ts'
import { fetchPrestate } from '../../chain/rpc/prestate.ts'
import type { Rpc } from '../../chain/rpc/rpc.ts'
import { CordonError, messageOf } from '../../kit/error.ts'
import { toJson } from '../../kit/json.ts'
import { type Address, type Hash, type Hex, hexSchema } from '../../model/hex.ts'
import type { Investigation } from '../../model/investigation.ts'
import {
  type FrozenTransaction,
  givenBy,
  isProfit,
  type Profit,
  profitIn,
  type Regression,
  type Rerun,
  regressionSchema,
} from '../../model/regression.ts'
import { openSource } from '../gather/source.ts'
import { investigateTransactions } from '../investigate.ts'
import { openRegression, type Ran } from './node.ts'

export type FreezeOptions = {
  /** A node with `debug_traceTransaction`, or a bundle file that was frozen from one. */
  source: string
  attacks: readonly Hash[]
  /** Recent transactions that a fix must not break. */
  legitimate: readonly Hash[]
}

/**
 * Freezes attacks and ordinary transactions with the state that they touched. An investigation finds the attackers'
 * gain, or the victims' loss if they gained nothing; a trial run checks that it is reproduced, so that no frozen attack
 * passes without a fix. Throws `app.TransactionNotFound`, `app.NothingToMeasure`, `app.NotReproduced`, and the errors
 * of the node (it must have the prestateTracer).
 */
export async function freeze({ source, attacks, legitimate }: FreezeOptions): Promise<Regression> {
  const scope = { kind: 'everything' } as const
  const found = await investigateTransactions({ source, hashes: attacks, scope, full: false })
  const regression = await freezeFound(found, { source, legitimate })
  if (regression.gains.length === 0 && (regression.losses ?? []).length === 0) throw nothingToMeasure(attacks)
  const reruns = await rerun({ regression })
  if (!reruns.some(({ is, reproduced }) => is === 'attack' && reproduced)) throw notReproduced(reruns)
  return regression
}

/** Like {@link freeze}, for transactions that were investigated already. */
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
    const gains = fungible
      .filter(({ account, amount }) => own.has(account) && amount > 0n)
      .map(({ account, asset, amount }) => ({ account, asset, amount }))
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
      gains,
      given: givenBy(own, fungible),
      attackers: [...own],
      ...(gains.length === 0 ? { losses: lossesIn(found) } : {}),
    }
  } finally {
    await close()
  }
}

function lossesIn({ victims }: Investigation): Regression['gains'] {
  return victims.flatMap(({ address, loss }) =>
    loss
      .filter(({ tokenId, by }) => tokenId === null && by === undefined)
      .map(({ asset, amount }) => ({ account: address, asset, amount })),
  )
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
  /** Runtime code that replaces the old: the fix. */
  replace?: ReadonlyMap<Address, Hex>
}

/**
 * Runs a regression again on a separate node, each transaction in its own block with its original time and about its
 * original number: first as it was, where the attack must pay, then with the fix, where nothing may. A run with a
 * different result counts as not reproduced, and passes nothing. Throws `chain.AnvilMissing`.
 */
export async function rerun({ regression, replace = new Map() }: RerunOptions): Promise<Rerun[]> {
  const node = await openRegression(regression)
  try {
    const before = await node.run({ code: new Map() })
    const after = replace.size === 0 ? before : await node.run({ code: replace })
    const pays = before.some((ran) => ran.frozen.is === 'attack' && isProfit(profitOf(ran, regression)))
    return after.map((ran, index) => {
      const wasThere = before[index]?.succeeded === true && ran.seen !== null
      const reproduced = wasThere && (ran.frozen.is === 'legitimate' || pays)
      return judge(ran, { regression, reproduced })
    })
  } finally {
    await node.close()
  }
}

type Judging = { regression: Regression; reproduced: boolean }

function judge(ran: Ran, { regression, reproduced }: Judging): Rerun {
  const { succeeded, frozen } = ran
  const { hash, is } = frozen
  const profit = profitOf(ran, regression)
  const holds = is === 'legitimate' ? succeeded : !isProfit(profit)
  return { hash, is, succeeded, ...profit, reproduced, passed: reproduced && holds }
}

function profitOf({ frozen, succeeded, changes }: Ran, regression: Regression): Profit {
  if (frozen.is === 'legitimate' || !succeeded) return { gained: [], givenMore: [], lost: [] }
  return profitIn(changes, regression)
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
    fix: 'Give the file that `cordon regress freeze` wrote; for --replace, runtime code as hex or an artifact with deployedBytecode.',
    cause,
  })
}

function nothingToMeasure(attacks: readonly Hash[]): CordonError {
  return new CordonError({
    code: 'app.NothingToMeasure',
    message:
      'The attackers gained nothing fungible and nobody lost anything fungible, so a regression test could never fail.',
    facts: { transactions: attacks },
    fix: 'Name all transactions of the attack with --tx, above all the one that takes the loot out. For stolen NFTs, write a test of your own.',
  })
}

function notReproduced(reruns: readonly Rerun[]): CordonError {
  const attacks = reruns.filter(({ is }) => is === 'attack')
  return new CordonError({
    code: 'app.NotReproduced',
    message: 'When repeated unchanged, the attack does not pay: a regression test would pass without a fix.',
    facts: {
      failed: attacks.filter(({ succeeded }) => !succeeded).map(({ hash }) => hash),
      of: attacks.length,
    },
    fix: 'Also name the transactions that prepared it with --tx. An attack that depends on block.prevrandao, the coinbase or earlier block hashes cannot be frozen.',
  })
}
