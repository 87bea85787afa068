import { messageOf } from '../../kit/error.ts'
import { callersOf, entryFrame } from '../../model/block.ts'
import type { BlockFacts, ControlFact, TransactionFacts } from '../../model/fact.ts'
import type { Finding } from '../../model/finding.ts'
import type { Address, Hash } from '../../model/hex.ts'
import type { Lever } from '../../model/lever.ts'
import { isKeyOf } from '../../reports/own-accounts.ts'
import { configuredAccounts, ownAccountsWith } from '../../reports/share/defenders.ts'
import { listLevers } from '../../store/levers.ts'
import type { App } from '../context.ts'

type Split = { findings: readonly Finding[]; own: readonly Finding[] }

/**
 * Separates the findings on a pause or unpause by the defenders from the rest: by a role, a signer, a Safe or timelock
 * that may pull the lever. It is recorded without an alarm: it is not an attack transaction, and its sender is not an
 * actor. A transaction that does anything else as well (moves protected assets, grants a role, changes an owner or
 * code) is judged like any other: a key may be stolen.
 */
export async function partOwnPauses(
  findings: readonly Finding[],
  { transactions }: BlockFacts,
  app: App,
): Promise<Split> {
  const hashes = new Set(findings.map(({ transactionHash }) => transactionHash))
  const configured = configuredAccounts(app.config, { signers: app.signers.keys() })
  const candidates = transactions.filter(
    (tx) =>
      hashes.has(tx.transaction.hash) &&
      movesNothing(tx, app) &&
      (pausesIn(tx).length > 0 || configured.has(tx.transaction.from ?? NOBODY)) &&
      controlsIn(tx).every(isPause),
  )
  if (candidates.length === 0) return { findings, own: [] }
  const levers = await leversOnRecord(app)
  const own = ownAccountsWith(configured, levers)
  const ours = new Set<Hash | null>(
    candidates.filter((tx) => isByOwn(tx, { levers, own })).map(({ transaction }) => transaction.hash),
  )
  return {
    findings: findings.filter(({ transactionHash }) => !ours.has(transactionHash)),
    own: findings.filter(({ transactionHash }) => ours.has(transactionHash)),
  }
}

const NOBODY: Address = `0x${'0'.repeat(40)}`

/** Without a database only the configuration is known. */
async function leversOnRecord({ store, logger }: App): Promise<readonly Lever[]> {
  try {
    return (await listLevers(store)).map(({ lever }) => lever)
  } catch (thrown) {
    logger.warn({ reason: messageOf(thrown) }, 'could not read who may pull levers')
    return []
  }
}

function controlsIn({ facts }: TransactionFacts): ControlFact[] {
  return facts.filter((fact) => fact.kind === 'control')
}

function isPause({ change }: ControlFact): boolean {
  return change === 'paused' || change === 'unpaused'
}

function pausesIn(tx: TransactionFacts): ControlFact[] {
  return controlsIn(tx).filter(isPause)
}

/** True where no protected contract is poorer, and no account may spend more than before. */
function movesNothing({ facts, deltas }: TransactionFacts, { config }: App): boolean {
  if (facts.some(({ kind }) => kind === 'approval')) return false
  return config.protect.every(({ address }) =>
    [...(deltas.get(address)?.values() ?? [])].every((amount) => amount >= 0n),
  )
}

type Known = { levers: readonly Lever[]; own: ReadonlyMap<Address, string> }

/** True where one of the defenders asked for every pause, or called a lever that is on record. */
function isByOwn(tx: TransactionFacts, { levers, own }: Known): boolean {
  const { from, frames } = tx.transaction
  const isOwn = (account: Address | null): boolean => {
    const what = account === null ? undefined : own.get(account)
    return what !== undefined && isKeyOf(what)
  }
  const isAskedByOwn = (contract: Address, index: number): boolean => {
    const entry = entryFrame(contract, index, frames)
    return isOwn(from) || (entry !== undefined && callersOf(entry.index, tx.transaction).some(isOwn))
  }
  const pauses = pausesIn(tx)
  if (pauses.length > 0) return pauses.every(({ contract, frame }) => isAskedByOwn(contract, frame))
  return frames.some(({ to, input, index, reverted }) =>
    levers.some(
      ({ target, calldata, undo }) =>
        !reverted &&
        to === target &&
        [calldata, undo?.calldata].some(
          (call) => call !== undefined && input.startsWith(call.slice(0, 10)),
        ) &&
        isAskedByOwn(target, index),
    ),
  )
}
