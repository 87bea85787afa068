import type { Asset } from '../model/block.ts'
import type { BlockFacts, TransactionFacts } from '../model/fact.ts'
import type { Finding } from '../model/finding.ts'
import type { Address } from '../model/hex.ts'
import type { BalanceChange, Investigation } from '../model/investigation.ts'
import { callTree } from './call-tree.ts'

export type InvestigateOptions = {
  facts: BlockFacts
  tx: TransactionFacts
  /** What the detectors said about this transaction. */
  findings: readonly Finding[]
  blind: readonly string[]
  names: ReadonlyMap<Address, string>
  /** Show every read in the tree. */
  full: boolean
}

/** What happened in one transaction: call tree, gains and losses, and the findings with their evidence. */
export function investigate({ facts, tx, findings, blind, names, full }: InvestigateOptions): Investigation {
  const { transaction } = tx
  const marked = new Set(findings.flatMap((finding) => finding.evidence.flatMap((item) => item.frames)))
  const actors = new Set(findings.flatMap((finding) => finding.actors))
  const victims = new Set(findings.flatMap((finding) => finding.victims))
  const known = new Map(names)
  for (const victim of victims) if (!known.has(victim)) known.set(victim, `${victim} [victim]`)
  for (const actor of actors) if (!known.has(actor)) known.set(actor, `${actor} [actor]`)
  return {
    type: 'investigation',
    chainId: facts.bundle.chainId,
    blockNumber: facts.bundle.number,
    transactionHash: transaction.hash,
    succeeded: transaction.succeeded,
    frames: transaction.frames.length,
    movementsFrom: facts.bundle.coverage.logs === 'none' ? 'calls' : 'logs',
    balanceChanges: changesOf(tx, { actors, victims }),
    findings: [...findings],
    blind: [...blind],
    tree: callTree(transaction.frames, { names: known, marked, full }),
  }
}

type Sides = { actors: ReadonlySet<Address>; victims: ReadonlySet<Address> }

function changesOf(tx: TransactionFacts, { actors, victims }: Sides): BalanceChange[] {
  const order = { victim: 0, actor: 1, other: 2 } as const
  return [...tx.deltas]
    .flatMap(([account, assets]) => {
      const side = victims.has(account) ? 'victim' : actors.has(account) ? 'actor' : 'other'
      return [...assets].map(([key, amount]): BalanceChange => ({ account, ...assetOf(key), amount, side }))
    })
    .sort((a, b) => order[a.side] - order[b.side])
}

function assetOf(key: string): { asset: Asset; tokenId: bigint | null } {
  const [asset, id] = key.split('/')
  return { asset: asset as Asset, tokenId: id === undefined ? null : BigInt(id) }
}
