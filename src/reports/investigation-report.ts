import type { Investigation } from '../model/investigation.ts'
import type { Block, ReportDocument } from './document.ts'
import { paragraph, table, text } from './document.ts'
import {
  actorBlocks,
  causeBlocks,
  counterfactualBlocks,
  flowBlocks,
  lossBlocks,
  stepBlocks,
  treeBlocks,
  unexplainedBlocks,
} from './investigation-blocks.ts'
import { hex, withSymbols } from './parts.ts'
import { remedyBlocks } from './remedy-blocks.ts'
import { proposalBlocks, scopeBlocks } from './scope-blocks.ts'
import { withShortForms } from './short-forms.ts'

const MOST_TRANSACTIONS = 40

/** The report of an investigation alone, without an incident: for the team, TLP:RED by default. */
export function investigationReport(
  found: Investigation,
  given: ReadonlyMap<string, string> = new Map(),
): ReportDocument {
  const names = withSymbols(given, found.assets)
  const { category } = found.rootCause
  return {
    title: `Investigation: ${category === 'unknown' ? 'cause not known' : category} on chain ${found.chainId}`,
    tlp: 'RED',
    audience: 'team',
    blocks: withShortForms(
      [
        ...transactionBlocks(found),
        ...causeBlocks(found, names),
        ...counterfactualBlocks(found),
        ...lossBlocks(found, names),
        ...actorBlocks(found, names),
        ...stepBlocks(found, names),
        ...flowBlocks(found, names),
        ...treeBlocks(found),
        ...scopeBlocks(found, names),
        ...remedyBlocks(found, { names, failed: [] }),
        ...proposalBlocks(found),
        ...unexplainedBlocks(found),
      ],
      names,
    ),
  }
}

function transactionBlocks({ transactions }: Investigation): Block[] {
  const rows = transactions
    .slice(0, MOST_TRANSACTIONS)
    .map(({ hash, blockNumber, succeeded, frames, movementsFrom }) => [
      hex(hash),
      [text(String(blockNumber))],
      [text(succeeded === null ? 'not recorded' : succeeded ? 'succeeded' : 'failed')],
      [text(String(frames))],
      [text(movementsFrom === 'logs' ? 'logs' : 'calls: requested amounts')],
    ])
  const left = transactions.length - rows.length
  return [
    table(['transaction*', '>block', 'outcome', '>frames', 'movements from'], rows),
    ...(left > 0 ? [paragraph(text(`… and ${left} more transactions.`))] : []),
  ]
}
