import type { Alert } from '../../src/model/alert.ts'
import type { Assessment } from '../../src/model/assessment.ts'
import type { ContainmentPlan } from '../../src/model/containment.ts'
import type { Finding } from '../../src/model/finding.ts'
import type { Address, Hash } from '../../src/model/hex.ts'
import { viewRead } from '../../src/model/lever.ts'

/** An address that ends in `n`. */
export function anAddress(n: number): Address {
  return `0x${n.toString(16).padStart(40, '0')}`
}

/** A hash that ends in `n`. */
export function aHash(n: number): Hash {
  return `0x${n.toString(16).padStart(64, '0')}`
}

export function aFinding(changes: Partial<Finding> = {}): Finding {
  return {
    type: 'finding',
    fingerprint: 'finding-1',
    detector: 'drain',
    chainId: 1,
    blockNumber: 100,
    blockHash: aHash(100),
    transactionHash: aHash(1),
    pending: false,
    severity: 'high',
    confidence: 0.9,
    categories: ['reentrancy'],
    protected: [anAddress(1)],
    victims: [anAddress(1)],
    actors: [anAddress(66)],
    profit: [{ account: anAddress(66), asset: 'native', amount: 10n ** 24n }],
    loss: [{ account: anAddress(1), asset: 'native', amount: 10n ** 24n }],
    evidence: [
      { statement: 'the vault was called again before it had finished', frames: [3, 7], amounts: [] },
    ],
    message: 'the vault lost 1,000,000 ether',
    shadow: false,
    ...changes,
  }
}

/** An alert with one finding; `fingerprint`, hash and block of the two agree. */
export function anAlert(changes: Partial<Alert> = {}): Alert {
  const base = {
    fingerprint: 'attack-1',
    chainId: 1,
    blockNumber: 100,
    blockHash: aHash(100),
    transactionHash: aHash(1),
    pending: false,
    severity: 'high' as const,
    ...changes,
  }
  const { fingerprint, blockHash, blockNumber, chainId, pending, severity, transactionHash } = base
  const place = { chainId, blockNumber, blockHash, transactionHash, pending, severity }
  return {
    type: 'alert',
    alertHash: `${fingerprint}@${blockHash ?? 'pending'}`,
    confidence: 0.9,
    categories: ['reentrancy'],
    protected: [anAddress(1)],
    victims: [anAddress(1)],
    actors: [anAddress(66)],
    findings: [aFinding({ ...place, fingerprint: `${fingerprint}/drain` })],
    message: 'the vault lost 1,000,000 ether',
    late: null,
    assessment: null,
    ...base,
  }
}

export function anAssessment(changes: Partial<Assessment> = {}): Assessment {
  return {
    score: 2,
    layers: ['pattern'],
    probability: { estimate: 0.1, low: 0.01, high: 1, attacks: 18, benign: 4_379 },
    conformal: { p: 0.01, n: 99, certified: true, text: 'p = 0.01 against n = 99' },
    runLength: {
      askedDays: 180,
      days: 7,
      falseAlarms: 0,
      n: 4_379,
      perDay: 200,
      verdict: 'not-certifiable',
      needed: 107_845,
    },
    drift: 'stable',
    pages: true,
    statement: 'P(attack) 10 %',
    ...changes,
  }
}

export function aPlan(changes: Partial<ContainmentPlan> = {}): ContainmentPlan {
  return {
    id: 'plan-1',
    incidentId: 'incident-1',
    lever: {
      id: 'lever-1',
      chainId: 1,
      target: anAddress(1),
      implementation: anAddress(1),
      signature: 'pause()',
      calldata: '0x8456cb59',
      caller: null,
      authority: {
        kind: 'eoa',
        address: anAddress(9),
        evidence: 'eth_call',
        live: true,
        balance: 10n ** 18n,
      },
      state: [{ ...viewRead('paused()'), to: anAddress(1) }],
      template: 'pause/pause',
      protocol: 'unknown',
      kind: 'pause',
      breadth: 'contract',
      scope: 'the whole contract',
      undo: { signature: 'unpause()', calldata: '0x3f4ba83a' },
      claims: {},
      trap: null,
      maxDurationSeconds: null,
      armed: true,
      opEffects: {},
      evidence: [],
    },
    pinnedBlock: 100,
    attackTransaction: aHash(1),
    route: { kind: 'direct' },
    protects: null,
    purpose: 'contain',
    executes: null,
    byHand: null,
    ...changes,
  }
}
