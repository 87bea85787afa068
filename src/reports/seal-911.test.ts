import { expect, test } from 'vitest'
import { ATTACK, PAUSER, reportRecord, THIEF, TOKEN, VAULT } from '../../test/harness/report-record.ts'
import { tracedInvestigation } from '../../test/harness/traced-record.ts'
import { type Outgoing, outgoing } from './outgoing.ts'
import { seal911, TELEGRAM_MOST } from './seal-911.ts'

const reporter = { name: 'Vault team', contact: '@vault_desk', proof: 'https://vault.example/security' }

test('the message says what a responder asks for, in one plain text', () => {
  const record = reportRecord('Vault', { investigation: tracedInvestigation('Vault') })
  const out = outgoing(record, { audience: 'council' })
  // Of what later versions say too, only this.
  const scope = { sameCode: out.found?.scope.sameCode, approvals: out.found?.scope.approvals }
  const told = { ...out, found: { ...out.found, scope, assets: [] } } as unknown as Outgoing
  const said = seal911(told, { reporter, help: 'trace, and call exchanges' })
  expect(said).toMatchInlineSnapshot(`
    "SEAL 911 request, TLP:RED
    Protocol: Vault
    Chain: eip155:1
    What: Vault
    State: contained, critical; began 2023-11-14T22:13:20.000Z, seen 2023-11-14T22:13:20.500Z
    Cause: reentrancy in Vault, 90 % by our rules
    Lost:
    - 70 base units of 0xdddddddddddddddddddddddddddddddddddddddd, 1234567.89 USD
    At risk: 1 contract with the same code, 1 approval outstanding
    Attacker:
    - 0xbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb attacker
    Attacked:
    - 0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    Transactions:
    - 0xcccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc
    Where it is now:
    - 0xbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb attacker: 20 base units of 0xdddddddddddddddddddddddddddddddddddddddd
    - 0xd1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1 exchange Northex 14: 40 base units of 0xdddddddddddddddddddddddddddddddddddddddd
    - 0xd2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2 bridge Portal: 10 base units of 0xdddddddddddddddddddddddddddddddddddddddd
    Tried:
    - pause(): mined, verified
    Help wanted: trace, and call exchanges
    From: Vault team, @vault_desk
    How to check that it is us: https://vault.example/security
    "
  `)
})

test('what the same attack would take of others is told where the investigation has it', () => {
  const out = outgoing(reportRecord('Vault'), { audience: 'council' })
  const atRisk = [{ outcome: 'drained' }, { outcome: 'not-drained' }]
  const scope = { ...out.found?.scope, siblings: [{}, {}], atRisk }
  const told = { ...out, found: { ...out.found, scope } } as unknown as Outgoing
  expect(seal911(told, { reporter, help: undefined })).toContain(
    '2 contracts with similar code, 1 that the same attack drains now',
  )
})

test('a number stays a number that can be read, however hostile the name of the token beside it', () => {
  const found = tracedInvestigation('Vault')
  const [victim] = found.victims
  const loss = [{ asset: TOKEN, tokenId: null, amount: 1_234_567n }]
  const investigation = {
    ...found,
    victims: victim === undefined ? [] : [{ ...victim, loss }],
    assets: [{ asset: TOKEN, symbol: 'claim.evil.io/go', decimals: 3, source: 'it', vouched: false }],
  }
  const said = seal911(outgoing(reportRecord('Vault', { investigation }), { audience: 'council' }), {
    reporter,
    help: undefined,
  })
  expect(said).toContain(`- 1,234.567 “claim[.]evil[.]io/go” (${TOKEN})`)
})

test('what the sender alone can say is marked as a blank', () => {
  const said = seal911(outgoing(reportRecord('Vault', { investigation: null }), { audience: 'council' }), {
    reporter: undefined,
    help: undefined,
  })
  expect(said.match(/\[to be filled in: /g)).toHaveLength(5)
  expect(said).toContain('not investigated yet')
})

test('a lever is not told to partners', () => {
  const said = seal911(outgoing(reportRecord('Vault'), { audience: 'partner' }), {
    reporter,
    help: undefined,
  })
  expect(said).toContain('Tried:\n- [redacted: how it is contained]: mined, verified')
  expect(said).not.toContain(PAUSER)
})

test('however much there is, it fits into one message of Telegram, and the essentials stay', () => {
  const hashes = Array.from({ length: 500 }, (_, n) => `0x${n.toString(16).padStart(64, '0')}` as const)
  const { incident } = reportRecord('x')
  const many = { ...incident, title: 'T'.repeat(100_000), transactions: [ATTACK, ...hashes] }
  const actors = hashes.map((hash) => `0x${hash.slice(26)}` as const)
  const record = reportRecord('W'.repeat(5_000), { incident: { ...many, actors: [THIEF, ...actors] } })
  const said = seal911(outgoing(record, { audience: 'council' }), { reporter, help: 'H'.repeat(5_000) })
  expect(said.length).toBeLessThanOrEqual(TELEGRAM_MOST)
  for (const part of [THIEF, VAULT, ATTACK, '- and 48', reporter.contact, reporter.proof])
    expect(said).toContain(part)
})

test('strangers’ words make no link, no mention, no command and no tag', () => {
  const said = seal911(
    outgoing(reportRecord('evil.example /start #airdrop $SCAM @someone https://x.example www.y.example'), {
      audience: 'council',
    }),
    { reporter: undefined, help: undefined },
  )
  expect(said).not.toMatch(/evil\.example|\s\/start|\s#airdrop|\s\$SCAM|\s@someone|https:\/\/|www\.y/)
})
