import type { Hex } from '../model/hex.ts'
import type { Investigation } from '../model/investigation.ts'
import { retold } from './retold.ts'

/** A selector as it stands in a sentence: alone, never the beginning of an address or of calldata. */
const SELECTOR = /(?<![0-9a-zA-Z])0x[0-9a-f]{8}(?![0-9a-zA-Z…])/g

/** A sentence with functions by name, if these are known by selector. */
export function inNames(text: string, functions: ReadonlyMap<Hex, string>): string {
  return text.replace(SELECTOR, (selector) => functions.get(selector as Hex) ?? selector)
}

/** An investigation with functions by the names from a given ABI, in findings too. */
export function spokenInNames(found: Investigation, functions: ReadonlyMap<Hex, string>): Investigation {
  const said = (text: string): string => inNames(text, functions)
  return {
    ...retold(found, said),
    transactions: found.transactions.map((transaction) => ({
      ...transaction,
      findings: transaction.findings.map((finding) => ({
        ...finding,
        message: said(finding.message),
        evidence: finding.evidence.map((item) => ({ ...item, statement: said(item.statement) })),
      })),
    })),
  }
}
