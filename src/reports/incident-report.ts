import type { ReportDocument } from './document.ts'
import {
  balanceBlocks,
  deedBlocks,
  evidenceBlocks,
  factBlocks,
  findingBlocks,
  milestoneBlocks,
  openTaskBlocks,
  rawFindingBlocks,
  runBlocks,
  timelineBlocks,
  titleOf,
  toldBlocks,
} from './incident-blocks.ts'
import {
  causeBlocks,
  counterfactualBlocks,
  flowBlocks,
  lossBlocks,
  treeBlocks,
  unexplainedBlocks,
} from './investigation-blocks.ts'
import { openingBlocks } from './opening.ts'
import { withSymbols } from './parts.ts'
import type { PrintedRecord } from './record.ts'
import { withShortForms } from './short-forms.ts'
import { spokenRecord } from './spoken-record.ts'

/**
 * The report of an incident. The first screen states what happened, how much is lost, whether it is stopped and what
 * comes next. Then each fact appears once, money before units; the appendix has the findings as recorded, frames, and
 * every address in full.
 */
export function incidentReport(record: PrintedRecord): Pick<ReportDocument, 'title' | 'blocks'> {
  const said = spokenRecord(record)
  const { investigation: found } = said
  const names = withSymbols(said.names, [...(found?.assets ?? []), ...said.assets])
  const blocks = [
    ...openingBlocks({ ...said, names }),
    ...timelineBlocks({ ...said, names }),
    ...(found === null || found.victims.length === 0
      ? balanceBlocks({ ...said, names })
      : lossBlocks(found, names)),
    ...(found === null
      ? findingBlocks({ ...said, names })
      : [...causeBlocks(found, names), ...counterfactualBlocks(found)]),
    ...milestoneBlocks(said),
    ...(found === null ? [] : flowBlocks(found, names)),
    ...deedBlocks({ ...said, names }),
    ...toldBlocks(said),
    ...openTaskBlocks(said),
    ...(found === null ? [] : unexplainedBlocks(found)),
    ...evidenceBlocks(said),
    ...factBlocks(said),
    ...rawFindingBlocks(record),
    ...runBlocks(said),
    ...(found === null ? [] : treeBlocks(found)),
  ]
  return { title: titleOf(said), blocks: withShortForms(blocks, names) }
}
