import { expect, test } from 'vitest'
import { ATTACK, findingOf, reportRecord, THIEF, VAULT } from '../../test/harness/report-record.ts'
import type { Token } from '../model/token.ts'
import { tokensOf } from '../words/lexicon.ts'
import { type PageSources, pageOf } from './page.ts'
import type { Containment } from './record.ts'

const USDC = `0x${'5f'.repeat(20)}` as const
const usdc: Token = { asset: USDC, symbol: 'USDC', decimals: 6, source: 'a list', vouched: true }

function sources(change: Partial<PageSources> = {}, state: 'open' | 'contained' = 'open'): PageSources {
  const { incident, containments } = reportRecord('words')
  const loss = [{ account: VAULT, asset: USDC, amount: 128_000_000_000n }]
  const message = `${VAULT} paid 128000000000 of ${USDC} to ${THIEF}.`
  return {
    incident: { ...incident, state, title: `${VAULT} is being drained` },
    findings: [{ ...findingOf(message), loss }],
    containments,
    proposals: new Map(),
    errors: [],
    investigation: null,
    stakes: [{ account: VAULT, asset: USDC, amount: 748_800_000_000n }],
    lexicon: {
      names: new Map([[VAULT, 'OptionsVault']]),
      tokens: tokensOf([usdc]),
      functions: new Map([['0x8456cb59', 'pause()']]),
    },
    ...change,
  }
}

function containment(change: Partial<Containment>): Containment {
  const [one] = reportRecord('words').containments
  if (one === undefined) throw new Error('the record has a containment')
  return { ...one, ...change }
}

const unsent = containment({ broadcast: null, verification: null })

test('a page on an attack says in its title what is attacked, how much is lost and its share', () => {
  const { title, body } = pageOf({ about: 'attack', lead: 'Join.', sources: sources({ containments: [] }) })
  expect(title).toBe('CRITICAL · OptionsVault is being drained · 128,000 USDC (17 %) lost so far')
  expect(body.split('\n')).toEqual([
    'Join.',
    'OptionsVault paid 128,000 USDC to 0xbbbb…bbbb.',
    'Attack 0xcccc…cccc (block 7), by 0xbbbb…bbbb.',
    'Incident: cordon incidents show inc-1',
  ])
})

test('a success is told as one, with what is lost and what is safe', () => {
  const { title } = pageOf({ about: 'outcome', lead: '', sources: sources({}, 'contained') })
  expect(title).toMatch(/^CONTAINED · OptionsVault stopped .* in block 9, verified \(1 of 1 checks\)/)
  expect(title).toContain('128,000 USDC (17 %) lost, 620,800 USDC safe')
})

test('where nothing was sent the title says why, and the body has the call to make, in full', () => {
  const reasons = ['the guardian key holds 0.0003 ETH', 'it is night']
  const proposals = new Map([[unsent.plan.id, reasons]])
  const { title, body } = pageOf({
    about: 'outcome',
    lead: '',
    sources: sources({ containments: [unsent], proposals }),
  })
  expect(title).toContain(
    'NEEDS YOU · Nothing was sent for OptionsVault because the guardian key holds 0.0003 ETH',
  )
  expect(title).toContain('still at risk')
  expect(body).toContain('Also: it is night.')
  expect(body).toContain(`cordon approvals sign ${unsent.plan.id}`)
  expect(body).toContain(`to ${unsent.plan.lever.target}, data ${unsent.plan.lever.calldata}`)
})

test('a pause that does not hold is a failure, with the check that says so', () => {
  const verification = {
    planId: 'p',
    atBlock: 9,
    verified: false,
    checks: [{ check: 'the attack is blocked', passed: false, detail: `it still takes in ${ATTACK}` }],
  }
  const { title } = pageOf({
    about: 'outcome',
    lead: '',
    sources: sources({ containments: [containment({ verification })] }),
  })
  expect(title).toMatch(/^CONTAINMENT FAILED · .* on OptionsVault does not hold: the attack is blocked/)
})
