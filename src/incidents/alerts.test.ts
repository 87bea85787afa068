import { expect, test } from 'vitest'
import { address, transaction } from '../../test/harness/build.ts'
import { buildFinding, type FindingParts } from '../detect/lib/build-finding.ts'
import { blockFacts } from '../facts/facts.ts'
import { alertsOf } from './alerts.ts'

const [vault, token, thief] = [address('vault'), address('token'), address('thief')]
const { bundle, transactions } = blockFacts(
  transaction({
    from: thief,
    root: { type: 'CALL', to: vault, input: '0x', output: '0x', value: 0n, inner: [] },
  }),
)
const found = (detector: string, parts: Partial<FindingParts>) =>
  buildFinding(transactions[0] ?? null, bundle, {
    ...{ detector, severity: 'high', confidence: 0.9, protected: [vault], victims: [vault], actors: [thief] },
    ...{ profit: [], loss: [], evidence: [], message: `by ${detector}`, categories: ['drain'] },
    ...parts,
  })

test('a contract that takes part in what another loses is not named among the attacked', () => {
  const others = { ...found('arbitrary-call', { protected: [token] }), outside: true as const }
  expect(alertsOf([found('drain', {}), others])[0]?.protected).toEqual([vault])
  expect(alertsOf([others])[0]?.protected).toEqual([token])
})

test('a pattern names the cause before an invariant, and an invariant before a statistic, however confident these are', () => {
  const findings = [
    found('economics', { confidence: 0.95, categories: ['price-manipulation'] }),
    found('invariants', { confidence: 0.98, categories: ['activity'] }),
    found('reentrancy', { confidence: 0.6, categories: ['reentrancy'] }),
  ]
  const [alert] = alertsOf(findings)
  expect(alert?.categories).toEqual(['reentrancy', 'activity', 'price-manipulation'])
  expect(alert?.message.startsWith('by reentrancy')).toBe(true)
})
