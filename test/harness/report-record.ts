import type { Investigation } from '../../src/model/investigation.ts'
import type { IncidentRecord } from '../../src/reports/record.ts'
import { aPlan } from './builders.ts'

export const VAULT = `0x${'aa'.repeat(20)}` as const
export const THIEF = `0x${'bb'.repeat(20)}` as const
export const TOKEN = `0x${'dd'.repeat(20)}` as const
export const ATTACK = `0x${'cc'.repeat(32)}` as const
/** Data that only the team may know. */
export const PAUSER = `0x${'e1'.repeat(20)}` as const
export const GUARDIAN = `0x${'e2'.repeat(20)}` as const
export const SIBLING = `0x${'e3'.repeat(20)}` as const
export const PULLED = `0x${'e4'.repeat(32)}` as const
export const OFFICER = 'Ada Quist'

const BEGAN = 1_700_000_000_000

/** An incident with everything that a report can include; `words` appears wherever a stranger's text may appear. */
export function reportRecord(words: string, change: Partial<IncidentRecord> = {}): IncidentRecord {
  return {
    incident: {
      type: 'incident',
      id: 'inc-1',
      kind: 'normal',
      state: 'contained',
      title: words,
      chainId: 1,
      severity: 'critical',
      categories: ['drain', words],
      protected: [VAULT],
      victims: [VAULT],
      actors: [THIEF],
      transactions: [ATTACK],
      startedAt: BEGAN,
      discoveredAt: BEGAN + 500,
      foundLate: false,
    },
    findings: [findingOf(words)],
    timeline: timelineOf(words),
    runs: [runOf(words)],
    containments: [containmentOf(words)],
    proposals: new Map(),
    assets: [],
    stakes: [],
    functions: new Map(),
    evidence: { count: 3, head: 'ab'.repeat(32), ok: true },
    investigation: investigationOf(words),
    times: {
      attackSeen: 'block',
      milestones: [
        { name: 'attack', at: BEGAN, afterMs: 0, source: 'block time, whole seconds' },
        { name: 'approved', at: BEGAN + 900, afterMs: 900, source: `timeline 2, signed by ${OFFICER}` },
        { name: 'contained', at: BEGAN + 2_000, afterMs: 2_000, source: words },
      ],
      questions: [
        {
          step: 'scope',
          title: words,
          roles: ['auditor'],
          askedAt: BEGAN,
          answeredAt: null,
          answeredMs: null,
          by: [],
          answer: null,
        },
      ],
    },
    own: new Map(),
    names: new Map([
      [VAULT, words],
      [GUARDIAN, 'Guardian key of Quist'],
    ]),
    writtenAt: BEGAN + 100_000,
    ...change,
  }
}

export function findingOf(words: string): IncidentRecord['findings'][number] {
  return {
    type: 'finding',
    shadow: false,
    fingerprint: 'f',
    detector: 'drain',
    chainId: 1,
    blockNumber: 7,
    blockHash: null,
    transactionHash: ATTACK,
    pending: false,
    severity: 'critical',
    confidence: 0.9,
    categories: ['drain'],
    protected: [VAULT],
    victims: [VAULT],
    actors: [THIEF],
    profit: [{ account: THIEF, asset: 'native', amount: 5n }],
    loss: [{ account: VAULT, asset: 'native', amount: 5n }],
    evidence: [{ statement: words, frames: [3], amounts: [] }],
    message: words,
  }
}

function timelineOf(words: string): IncidentRecord['timeline'] {
  const entries = [
    { kind: 'alert', author: 'cordon', message: words },
    { kind: 'approval', author: OFFICER, message: `${OFFICER} agrees to pause through ${PAUSER}` },
    {
      kind: 'broadcast',
      author: 'cordon',
      message: `Sent pause() as ${PULLED} by ${GUARDIAN.toUpperCase()}`,
    },
    { kind: 'note', author: `by ${words}`, message: 'the vault of our friends has the same hole' },
    { kind: 'state', author: 'cordon', message: `open → contained, says ${OFFICER}` },
  ] as const
  return entries.map((entry, index) => ({
    incidentId: 'inc-1',
    sequence: index + 1,
    eventTime: BEGAN,
    discoveryTime: BEGAN + 620,
    facts: {},
    ...entry,
  }))
}

function runOf(words: string): IncidentRecord['runs'][number] {
  const step = { startedAt: BEGAN, endedAt: BEGAN + 40, output: null }
  return {
    id: 'run-1',
    incidentId: 'inc-1',
    playbookId: 'exploit-in-progress',
    contentHash: 'ef'.repeat(32),
    attempt: 1,
    state: 'succeeded',
    startedAt: BEGAN,
    endedAt: BEGAN + 90,
    people: true,
    steps: [
      { ...step, stepId: 'contain', state: 'succeeded', error: null },
      {
        ...step,
        stepId: 'tell',
        state: 'failed',
        error: { code: 'x', message: `no channel to ${OFFICER}`, fix: words },
      },
    ],
  }
}

function containmentOf(words: string): IncidentRecord['containments'][number] {
  return {
    plan: {
      id: 'plan-secret-1',
      incidentId: 'inc-1',
      lever: {
        ...aPlan().lever,
        target: PAUSER,
        implementation: PAUSER,
        signature: 'pause()',
        authority: { kind: 'eoa', address: GUARDIAN, evidence: words, live: true, balance: 1n },
      },
      pinnedBlock: 6,
      attackTransaction: ATTACK,
      route: { kind: 'direct' },
      protects: VAULT,
      purpose: 'contain',
      executes: null,
      byHand: null,
    },
    simulation: {
      planId: 'plan-secret-1',
      method: 'fork',
      atBlock: 6,
      leverSucceeded: true,
      gasUsed: 1,
      attack: 'stopped',
      losses: [],
      opEffects: {},
      stateDiff: null,
      blastRadius: null,
      asymmetry: null,
      notes: [words],
    },
    broadcast: {
      planId: 'plan-secret-1',
      chainId: 1,
      from: GUARDIAN,
      nonce: 0,
      rawTransaction: '0x02e5e5e5e5',
      transactionHash: PULLED,
      state: 'mined',
      blockNumber: 9,
      blockHash: null,
    },
    verification: {
      planId: 'plan-secret-1',
      atBlock: 9,
      verified: true,
      checks: [{ check: words, passed: true, detail: `paused() of ${PAUSER}` }],
    },
  }
}

export function investigationOf(words: string): Investigation {
  const movement = { asset: TOKEN, tokenId: null, amount: 70n, tainted: 70n, taintedFifo: 60n, stolen: [] }
  return {
    type: 'investigation',
    chainId: 1,
    transactions: [
      {
        hash: ATTACK,
        blockNumber: 7,
        from: THIEF,
        to: VAULT,
        succeeded: true,
        frames: 3,
        movementsFrom: 'logs',
        findings: [],
        blind: [],
        tree: ['0 CALL', `  1   ${words}`],
        failure: { frame: 1, reason: words },
      },
    ],
    rootCause: {
      category: 'reentrancy',
      contract: VAULT,
      function: words,
      line: 7,
      file: words,
      weakness: null,
      confidence: 0.9,
      hypotheses: [
        hypothesis('reentrancy', { statement: words, confidence: 0.9 }),
        hypothesis('governance', { statement: 'perhaps the quorum was bought', confidence: 0.3 }),
      ],
    },
    divergence: { transactionHash: ATTACK, frame: 1, statement: words },
    victims: [{ address: VAULT, loss: [{ asset: TOKEN, tokenId: null, amount: 70n, usd: '1234567.89' }] }],
    attackers: { accounts: [THIEF], contracts: [] },
    actors: [{ address: THIEF, kind: 'account', role: 'attacker', confidence: 0.8, reasons: [words] }],
    lossByClass: [{ class: 'pool', accounts: 1, loss: [{ asset: TOKEN, tokenId: null, amount: 70n }] }],
    assets: [{ asset: TOKEN, symbol: words, decimals: 1, source: words, vouched: false }],
    balanceChanges: [],
    profits: [
      {
        cluster: THIEF,
        members: [THIEF],
        change: [{ asset: TOKEN, tokenId: null, amount: 70n, usd: '1234567.89' }],
      },
    ],
    issued: [],
    steps: [{ transactionHash: ATTACK, frame: 1, text: words }],
    prices: [{ asset: TOKEN, usdPerUnitE36: 1n, source: words, confidence: 0.6 }],
    fundFlow: {
      type: 'fund-flow',
      chainId: 1,
      fromBlock: 7,
      toBlock: 9,
      transactions: 2,
      sources: [{ account: VAULT, asset: TOKEN, tokenId: null, amount: 70n }],
      nodes: [
        { id: VAULT, kind: 'victim', label: { name: words, source: words }, hop: 0, held: [] },
        {
          id: THIEF,
          kind: 'attacker',
          label: null,
          hop: 1,
          held: [{ asset: TOKEN, tokenId: null, amount: 70n, amountFifo: 60n, stolen: [] }],
        },
      ],
      edges: [
        {
          ...movement,
          id: 'e1',
          from: VAULT,
          to: THIEF,
          transactionHash: ATTACK,
          blockNumber: 7,
          order: 0,
          kind: 'transfer',
          through: [],
        },
      ],
      totals: [{ asset: TOKEN, tokenId: null, stolen: 70n, at: {}, unexplained: { haircut: 0n, fifo: 0n } }],
      cut: { edges: 0, accounts: 0, assets: 0 },
      doubted: [],
    },
    scope: {
      sameCode: [SIBLING],
      approvals: [{ owner: SIBLING, spender: VAULT, asset: TOKEN, amount: 987654321n }],
      siblings: [{ address: SIBLING, match: 'exact', similarity: 1 }],
      exposure: [{ asset: TOKEN, amount: 987654321n, owners: 1 }],
      atRisk: [
        {
          contract: SIBLING,
          outcome: 'drained',
          drained: [{ asset: TOKEN, amount: 987654321n }],
          transactions: 1,
          reason: words,
        },
      ],
    },
    proposals: [
      {
        id: 'proposed-outflow-1-2',
        title: words,
        bounds: 'outflow',
        rule: words,
        file: null,
        flags: [ATTACK],
        history: { transactions: 40, concerned: 9, judged: 20, falseAlarms: 0, mostLikelyBelow: 0.14 },
      },
    ],
    remediation: [
      { category: 'reentrancy', contract: VAULT, when: 'now', action: 'Pause the withdrawals, all of them.' },
      { category: 'reentrancy', contract: null, when: 'before-reopening', action: words },
    ],
    unexplained: [words],
  }
}

function hypothesis(
  category: string,
  { statement, confidence }: { statement: string; confidence: number },
): Investigation['rootCause']['hypotheses'][number] {
  return {
    category,
    contract: VAULT,
    function: 'withdraw(uint256)',
    statement,
    confidence,
    weakness: null,
    evidence: [{ statement, frames: [1], amounts: [], transactionHash: ATTACK }],
  }
}
