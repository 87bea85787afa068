import type { DetectionLine } from '../incidents/detection.ts'
import { printable } from '../kit/text.ts'
import type { Alert } from '../model/alert.ts'
import type { Finding } from '../model/finding.ts'
import type { Summary } from '../model/line.ts'
import { type Lexicon, NO_LEXICON } from '../words/lexicon.ts'
import { readable } from '../words/readable.ts'
import { counted } from '../words/share.ts'

/**
 * A detection line for people: findings with their evidence; an alert adds nothing to its findings. The corresponding
 * JSON line has base units and addresses in full.
 */
export function describeLine(line: DetectionLine, lexicon: Lexicon = NO_LEXICON): string[] {
  switch (line.type) {
    case 'finding':
      return describeFinding(line, lexicon)
    case 'alert':
      return describeAlert(line)
    case 'incident':
      return []
    case 'summary':
      return describeSummary(line)
  }
}

export function describeFinding(finding: Finding, lexicon?: Lexicon): string[] {
  const text = (said: string): string =>
    printable(lexicon === undefined ? said : readable(said, lexicon), 400)
  const where = finding.pending
    ? `pending on block ${finding.blockNumber - 1}`
    : `block ${finding.blockNumber}`
  return [
    `${finding.severity.toUpperCase().padEnd(8)} ${finding.detector} (confidence ${finding.confidence.toFixed(2)}) ${where} ${finding.transactionHash ?? ''}`,
    `         ${text(finding.message)}`,
    ...finding.evidence.map((item) => `         · ${text(item.statement)}`),
  ]
}

function describeAlert(alert: Alert): string[] {
  if (alert.findings.length < 2) return []
  const detectors = alert.findings.map((finding) => finding.detector).join(' and ')
  return [`         ${detectors} agree: ${alert.severity}, confidence ${alert.confidence.toFixed(2)}`]
}

function describeSummary(summary: Summary): string[] {
  const { blocks, transactions, frames, findings, alerts, incidents, blind, seconds } = summary
  return [
    `${counted(blocks, 'block')}, ${counted(transactions, 'transaction')}, ${counted(frames, 'frame')}: ${counted(findings, 'finding')}, ${counted(alerts, 'alert')}, ${counted(incidents, 'incident')} in ${seconds.toFixed(2)} s (${summary.transactionsPerSecond} transactions/s)`,
    ...blind.map(
      (item) =>
        `BLIND    ${item.detector}: no ${item.missing} of ${counted(item.transactions, 'transaction')} in ${counted(item.blocks, 'block')}`,
    ),
  ]
}
