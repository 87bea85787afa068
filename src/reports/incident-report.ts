import type { ReportDocument } from './document.ts'
import {
  balanceBlocks,
  deedBlocks,
  evidenceBlocks,
  factBlocks,
  findingBlocks,
  milestoneBlocks,
  timelineBlocks,
  titleOf,
} from './incident-blocks.ts'
import {
  causeBlocks,
  counterfactualBlocks,
  flowBlocks,
  lossBlocks,
  treeBlocks,
  unexplainedBlocks,
} from './investigation-blocks.ts'
import { withSymbols } from './parts.ts'
import type { PrintedRecord } from './record.ts'

/** The report of an incident: what happened, what was lost, what was done and when, and by which evidence. */
export function incidentReport(record: PrintedRecord): Pick<ReportDocument, 'title' | 'blocks'> {
  const { investigation: found } = record
  const names = withSymbols(record.names, found?.assets ?? [])
  return {
    title: titleOf(record),
    blocks: [
      ...factBlocks(record),
      ...findingBlocks(record),
      ...balanceBlocks(record),
      ...(found === null ? [] : [...causeBlocks(found, names), ...counterfactualBlocks(found)]),
      ...milestoneBlocks(record),
      ...deedBlocks(record),
      ...(found === null
        ? []
        : [
            ...lossBlocks(found, names),
            ...flowBlocks(found, names),
            ...treeBlocks(found),
            ...unexplainedBlocks(found),
          ]),
      ...timelineBlocks(record),
      ...evidenceBlocks(record),
    ],
  }
}
