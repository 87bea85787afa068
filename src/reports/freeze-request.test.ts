import { expect, test } from 'vitest'
import {
  ATTACK,
  GUARDIAN,
  OFFICER,
  PAUSER,
  reportRecord,
  THIEF,
  TOKEN,
} from '../../test/harness/report-record.ts'
import { DEPOSIT, HOP, PORTAL, tracedInvestigation } from '../../test/harness/traced-record.ts'
import type { RecipientKind } from '../model/report.ts'
import { freezeRequest, type IssuerLever } from './freeze-request.ts'
import { markdownDocument } from './markdown-document.ts'
import { type Outgoing, outgoing } from './outgoing.ts'
import { issuerLeversOf } from './share/packet.ts'
import { tracedTo } from './traced.ts'

const names = new Map([[TOKEN, 'USDX'] as const])
const partner = (): Outgoing =>
  outgoing(reportRecord('Vault', { investigation: tracedInvestigation('Vault'), names }), {
    audience: 'partner',
  })

type Asked = {
  kind: RecipientKind
  name: string
  accounts?: string[]
  assets?: string[]
  levers?: IssuerLever[]
}

function written({ kind, name, accounts = [], assets = [], levers = [] }: Asked, out = partner()): string {
  const recipient = { kind, name, accounts, assets }
  const traced = tracedTo(out, recipient)
  const reporter = { name: 'Vault team', contact: 'desk of the vault' }
  return markdownDocument(
    freezeRequest(out, { recipient, traced, reporter, levers, writtenAt: 1_700_000_000_000 }),
  )
}

test('an exchange is told its own accounts and amounts, and how the funds came there, no other way', () => {
  const said = written({ kind: 'exchange', name: 'northex' })
  for (const part of [DEPOSIT, HOP, THIEF, ATTACK, 'Vault team', 'desk of the vault', 'TLP:RED', 'eip155:1'])
    expect(said).toContain(part)
  expect(said).toMatch(/Northex 14[^|]*\|[^|]*\| 40(?: \(4\))? \| 40(?: \(4\))? \|/)
  expect(said).not.toContain(PORTAL)
  expect(said).toContain('[to be filled in: law, case number, authority, deadline'.replace('[', '\\['))
})

test('what happened is told in three sentences', () => {
  const said = written({ kind: 'exchange', name: 'Northex' })
  const what = said.split('## What happened\n\n')[1]?.split('\n\n')[0] ?? ''
  expect(what).toMatchInlineSnapshot(
    `"On eip155:1, at 2023-11-14T22:13:20.000Z, 1 account lost 1,234,567.89 US dollars in 1 transaction. The rules of our investigation name reentrancy as the most likely cause. At block 9 part of it is traced to 1 account that is yours."`,
  )
})

test('a bridge is told its own, and an account that the sender knows to be theirs counts without a label', () => {
  expect(written({ kind: 'bridge', name: 'Portal' })).toMatch(
    /Portal[^|]*\|[^|]*\| 10(?: \(1\))? \| 10(?: \(1\))? \|/,
  )
  expect(written({ kind: 'exchange', name: 'Other', accounts: [DEPOSIT] })).toContain(DEPOSIT)
})

test('an issuer is told what the attacker holds of its token now, not what lies at exchanges', () => {
  const said = written({ kind: 'issuer', name: 'USDX' })
  const table = said.split('## Accounts')[1]?.split('## ')[0] ?? ''
  expect(table).toContain(THIEF)
  expect(table).not.toContain(DEPOSIT)
  expect(written({ kind: 'issuer', name: 'Anybody', assets: [TOKEN] })).toMatch(
    /\| 20(?: \(2\))? \| 20(?: \(2\))? \|/,
  )
})

test('a token that only calls itself so is not the issuer’s, until it is named by address', () => {
  const out = partner()
  const assets = [{ asset: TOKEN, symbol: 'USDX', decimals: 1, source: 'the contract', vouched: false }]
  const own = { ...out, names: new Map(), found: { ...out.found, assets } } as Outgoing
  expect(() => written({ kind: 'issuer', name: 'USDX' }, own)).toThrowError(/No stolen funds are traced/)
  expect(written({ kind: 'issuer', name: 'USDX', assets: [TOKEN] }, own)).toContain('| 20 (2) | 20 (2) |')
})

test('the issuer’s lever is named as found on the token, else as the catalogue has it, with the doubt', () => {
  const lever = { protocol: 'USDX', signature: 'freeze(address)', trap: 'it can be undone' }
  const byName = written({ kind: 'issuer', name: 'USDX', levers: [{ ...lever, target: null }] })
  expect(byName).toContain('by our catalogue, `freeze(address)`')
  expect(byName).toContain('We did not try it on this contract')
  const found = written({ kind: 'issuer', name: 'USDX', levers: [{ ...lever, target: TOKEN }] })
  expect(found).toContain('found on this contract: `freeze(address)`')
  expect(found).not.toContain('catalogue')
})

test('a plan for the issuer’s own lever hides neither the token nor the lever from its issuer', () => {
  const record = reportRecord('Vault', { investigation: tracedInvestigation('Vault'), names })
  const [containment] = record.containments
  if (containment === undefined) throw new Error('there is one')
  const { plan } = containment
  const lever = { ...plan.lever, kind: 'request', target: TOKEN, signature: 'freeze(address)' } as const
  const asked = { ...record, containments: [{ ...containment, plan: { ...plan, lever } }] }
  const said = written(
    { kind: 'issuer', name: 'USDX', levers: issuerLeversOf(asked) },
    outgoing(asked, { audience: 'partner' }),
  )
  expect(said).toContain(TOKEN)
  expect(said).toContain('found on this contract: `freeze(address)`')
  expect(said).not.toContain(GUARDIAN)
})

test.each(['exchange', 'issuer', 'bridge'] as const)(
  'a request to an %s has no secret of the team in it',
  (kind) => {
    const name = { exchange: 'Northex', issuer: 'USDX', bridge: 'Portal' }[kind]
    const said = written({ kind, name }).toLowerCase()
    for (const secret of [PAUSER, GUARDIAN, OFFICER]) expect(said).not.toContain(secret.toLowerCase())
  },
)

test('nothing traced is no request', () => {
  expect(() => written({ kind: 'exchange', name: 'Nort' })).toThrowErrorMatchingInlineSnapshot(`
    [reports.NothingTraced: No stolen funds are traced to the exchange “Nort”.
      kind: exchange
      name: Nort
      ends: 1
    Fix: Check --name against the labels, or name accounts of the recipient: --account 0x…; or follow the funds further: cordon funds follow.]
  `)
  expect(() => written({ kind: 'issuer', name: 'DAI' })).toThrowError(/--asset/)
  const nobody = outgoing(reportRecord('Vault', { investigation: null }), { audience: 'partner' })
  expect(() => written({ kind: 'exchange', name: 'Northex' }, nobody)).toThrowError(
    /reports\.NothingTraced|No stolen funds/,
  )
})
