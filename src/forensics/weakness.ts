import type { Weakness } from '../model/investigation.ts'

const OWASP = 'OWASP Smart Contract Top 10 (2025)'

/**
 * Weaknesses by the detectors' category: https://owasp.org/www-project-smart-contract-top-10/, https://swcregistry.io
 */
const WEAKNESSES: Readonly<Record<string, Weakness>> = {
  reentrancy: { list: OWASP, id: 'SC05:2025', title: 'Reentrancy Attacks' },
  'read-only-reentrancy': { list: OWASP, id: 'SC05:2025', title: 'Reentrancy Attacks' },
  'price-manipulation': { list: OWASP, id: 'SC02:2025', title: 'Price Oracle Manipulation' },
  'access-control': { list: OWASP, id: 'SC01:2025', title: 'Access Control Vulnerabilities' },
  'arbitrary-call': { list: OWASP, id: 'SC04:2025', title: 'Lack of Input Validation' },
  'approval-abuse': { list: OWASP, id: 'SC04:2025', title: 'Lack of Input Validation' },
  'data-validation': { list: OWASP, id: 'SC04:2025', title: 'Lack of Input Validation' },
  'unbacked-mint': { list: OWASP, id: 'SC03:2025', title: 'Logic Errors' },
  'bridge-forgery': { list: OWASP, id: 'SC04:2025', title: 'Lack of Input Validation' },
  'option-abuse': { list: OWASP, id: 'SC03:2025', title: 'Logic Errors' },
  'perp-abuse': { list: OWASP, id: 'SC03:2025', title: 'Logic Errors' },
  drain: { list: OWASP, id: 'SC03:2025', title: 'Logic Errors' },
  governance: { list: OWASP, id: 'SC01:2025', title: 'Access Control Vulnerabilities' },
  donation: { list: OWASP, id: 'SC02:2025', title: 'Price Oracle Manipulation' },
  'key-compromise': { list: OWASP, id: 'SC01:2025', title: 'Access Control Vulnerabilities' },
  'signature-replay': {
    list: 'SWC',
    id: 'SWC-121',
    title: 'Missing Protection against Signature Replay Attacks',
  },
  'safe-spoof': { list: 'SWC', id: 'SWC-112', title: 'Delegatecall to Untrusted Callee' },
}

/** The public name of a weakness; null if no list has a matching one. */
export function weaknessOf(category: string): Weakness | null {
  return WEAKNESSES[category] ?? null
}
