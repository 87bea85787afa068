import type { Token } from '../model/token.ts'
import { type Lexicon, tokensOf } from '../words/lexicon.ts'
import { spoken } from '../words/readable.ts'
import type { PrintedRecord } from './record.ts'

/** The names of an incident's objects: from the investigation, otherwise as they were when people were notified. */
export function lexiconOf({ names, assets, functions, investigation }: PrintedRecord): Lexicon {
  const known = [...(investigation?.assets ?? []), ...assets] as readonly Token[]
  // a name that somebody vouches for comes before one that only the contract claims
  const sorted = [...known].sort((a, b) => Number(a.vouched) - Number(b.vouched))
  return { names, tokens: tokensOf(sorted), functions }
}

/** A record whose sentences use whole tokens and function names; amounts and addresses in fields stay unchanged. */
export function spokenRecord(record: PrintedRecord): PrintedRecord {
  const lexicon = lexiconOf(record)
  const said = (text: string): string => spoken(text, lexicon)
  const { findings, timeline, containments, investigation: found } = record
  return {
    ...record,
    findings: findings.map((finding) => ({
      ...finding,
      message: said(finding.message),
      evidence: finding.evidence.map((item) => ({ ...item, statement: said(item.statement) })),
    })),
    timeline: timeline.map((entry) => ({ ...entry, message: said(entry.message) })),
    containments: containments.map(({ verification, ...one }) => ({
      ...one,
      verification: verification && {
        ...verification,
        checks: verification.checks.map(({ passed, check, detail }) => ({
          passed,
          check: said(check),
          detail: said(detail),
        })),
      },
    })),
    investigation: found && {
      ...found,
      rootCause: {
        ...found.rootCause,
        hypotheses: found.rootCause.hypotheses.map((hypothesis) => ({
          ...hypothesis,
          function: hypothesis.function && said(hypothesis.function),
          statement: said(hypothesis.statement),
          evidence: hypothesis.evidence.map((item) => ({ ...item, statement: said(item.statement) })),
        })),
      },
      steps: found.steps.map((step) => ({ ...step, text: said(step.text) })),
    },
  }
}
