import { privateKeyToAccount } from 'viem/accounts'
import { expect, test } from 'vitest'
import { aPlan } from '../../../test/harness/builders.ts'
import { malleated } from '../../../test/harness/signing.ts'
import type { Approval, ApprovalRule, ApprovalTerms, ApprovalVerdict } from '../../model/approval.ts'
import type { Address } from '../../model/hex.ts'
import type { Roles } from '../../model/role.ts'
import { approvalTypedData, termsOf } from './approval-data.ts'
import { judgeApprovals } from './approve.ts'

const NOW = 1_700_000_000
const HERE = '6f8d2c1e-0000-4000-8000-000000000001'
const ELSEWHERE = '6f8d2c1e-0000-4000-8000-000000000002'
const plan = aPlan()

const account = (digit: string) => privateKeyToAccount(`0x${digit.repeat(64)}`)
const [gus, ilse, priya, mallory] = [account('1'), account('2'), account('3'), account('4')]
const addressOf = (who: typeof gus): Address => who.address.toLowerCase() as Address
const person = (name: string, who: typeof gus) => ({ name, channels: [], address: addressOf(who) })
const roles: Roles = {
  guardian: [person('Gus', gus), person('Ilse', ilse)],
  'incident-leader': [person('Ilse', ilse)],
  'protocol-lead': [person('Priya', priya)],
}
const oneGuardian: ApprovalRule = { require: [{ roles: ['guardian'], quorum: 1 }], ttl: '1h' }
const twoGuardians: ApprovalRule = { require: [{ roles: ['guardian'], quorum: 2 }], ttl: '1h' }

/** Signed over `signed`, and said to be `said`: the same where nobody cheats. */
async function word(
  who: typeof gus,
  change: Partial<ApprovalTerms> = {},
  said: Partial<Approval> = {},
): Promise<Approval> {
  const terms: ApprovalTerms = {
    ...termsOf(plan, {
      installation: HERE,
      nonce: 0,
      sequence: 1,
      validUntil: NOW + 600,
      decision: 'approve',
    }),
    ...change,
  }
  const signature = await who.signTypedData(approvalTypedData(terms))
  return { ...terms, signer: addressOf(who), signature, givenAt: NOW * 1_000, ...said }
}

function judge(
  approvals: Approval[],
  change: Partial<Parameters<typeof judgeApprovals>[0]> = {},
): Promise<ApprovalVerdict> {
  return judgeApprovals({
    plan,
    installation: HERE,
    approvals,
    rule: oneGuardian,
    roles,
    laneNonce: 0,
    now: NOW,
    ...change,
  })
}

const whyNot = async (approvals: Approval[], change = {}): Promise<string> => {
  const verdict = await judge(approvals, change)
  expect(verdict.state).toBe('waiting')
  return verdict.rejected.map(({ reason }) => reason).join()
}

test('one guardian’s signature over this very call is enough where the policy asks for one', async () => {
  expect(await judge([await word(gus)])).toEqual({ state: 'approved', by: [addressOf(gus)], rejected: [] })
})

test('the same person twice is one person', async () => {
  const twice = [await word(gus), await word(gus, { validUntil: NOW + 700 })]
  expect(await judge(twice, { rule: twoGuardians })).toMatchObject({
    state: 'waiting',
    missing: ['1 of 2 from guardian'],
  })
})

test('one person with two roles does not fill both places', async () => {
  const rule: ApprovalRule = {
    require: [
      { roles: ['guardian'], quorum: 1 },
      { roles: ['incident-leader'], quorum: 1 },
    ],
    ttl: '1h',
  }
  expect(await judge([await word(ilse)], { rule })).toMatchObject({ state: 'waiting' })
  // Ilse came first and could be either: she is the leader, for Gus can only be the guardian.
  expect(await judge([await word(ilse), await word(gus)], { rule })).toMatchObject({ state: 'approved' })
})

test('an approval of an earlier call on the lane is refused: it cannot be replayed', async () => {
  expect(await whyNot([await word(gus)], { laneNonce: 1 })).toMatch(/call 0 on this lane.*lane is at 1/)
})

test('an approval for another chain is refused', async () => {
  expect(await whyNot([await word(gus, { chainId: 10 })])).toMatch(/for chain 10, the plan for chain 1/)
})

test('altered calldata is refused, in the terms and behind the signature', async () => {
  expect(await whyNot([await word(gus, { calldata: '0xdeadbeef' })])).toMatch(/calldata is not the plan’s/)
  const switched = await word(gus, { calldata: '0xdeadbeef' }, { calldata: plan.lever.calldata })
  expect(await whyNot([switched])).toMatch(/signature is not/)
})

test('an approval of another plan, target or authority is refused', async () => {
  expect(await whyNot([await word(gus, { planId: 'plan-2' })])).toMatch(/for plan plan-2/)
  expect(await whyNot([await word(gus, { target: addressOf(mallory) })])).toMatch(/names the target/)
  expect(await whyNot([await word(gus, { authority: addressOf(mallory) })])).toMatch(/in the name of/)
})

test('a signer whom the configuration no longer names is refused', async () => {
  const without: Roles = { guardian: [person('Ilse', ilse)] }
  expect(await whyNot([await word(gus)], { roles: without })).toMatch(/in no role of the configuration/)
})

test('a signer in a role that does not decide this is refused', async () => {
  expect(await whyNot([await word(priya)])).toMatch(/none of the roles that decide/)
})

test('a stranger’s signature under a guardian’s name is refused', async () => {
  expect(await whyNot([await word(mallory, {}, { signer: addressOf(gus) })])).toMatch(/signature is not/)
})

test('an expired approval is refused, and so is one given for longer than the policy allows', async () => {
  expect(await whyNot([await word(gus)], { now: NOW + 600 })).toMatch(/expired at/)
  expect(await whyNot([await word(gus, { validUntil: NOW + 7_200 })])).toMatch(/longer than 1h/)
})

test('a withdrawn approval no longer counts', async () => {
  const words = [await word(gus), await word(gus, { decision: 'revoke', sequence: 2 })]
  expect(await judge(words)).toMatchObject({ state: 'waiting' })
})

test('one refusal refuses; after the quorum it changes nothing', async () => {
  const no = await word(ilse, { decision: 'refuse' })
  expect(await judge([no, await word(gus)])).toMatchObject({ state: 'refused', by: addressOf(ilse) })
  expect(await judge([await word(gus), no])).toMatchObject({ state: 'approved' })
})

test('a stranger’s refusal refuses nothing', async () => {
  const no = await word(mallory, { decision: 'refuse' })
  expect(await judge([no, await word(gus)])).toMatchObject({ state: 'approved' })
})

test('bytes that are no signature are refused, not thrown', async () => {
  const junk = await word(gus, {}, { signature: `0x${'00'.repeat(65)}` })
  expect(await whyNot([junk])).toMatch(/signature is not/)
})

test('a withdrawn approval stays withdrawn: its words again, altered bytes or an earlier number change nothing', async () => {
  const first = await word(gus)
  const withdrawn = await word(gus, { decision: 'revoke', sequence: 2 })
  const again = { ...first, givenAt: first.givenAt + 1 }
  const altered = { ...first, signature: malleated(first.signature) }
  const older = await word(gus, { validUntil: NOW + 601 })
  const equal = await word(gus, { sequence: 2 })
  for (const late of [again, altered, older, equal]) {
    const verdict = await judge([first, withdrawn, late])
    expect(verdict.state).toBe('waiting')
    expect(verdict.rejected.some(({ reason }) => /number 2 \(revoke\) holds|altered/.test(reason))).toBe(true)
  }
  expect(await judge([first, withdrawn, await word(gus, { sequence: 3 })])).toMatchObject({
    state: 'approved',
  })
})

test('an altered copy of a signature is refused as altered, and the original counts', async () => {
  const first = await word(gus)
  const altered = { ...first, signature: malleated(first.signature) }
  expect(await whyNot([altered])).toMatch(/not in the canonical form \(low s\).*it was altered/)
  expect(await judge([altered, first])).toMatchObject({ state: 'approved' })
})

test('a statement without a number, or for another lane, is refused', async () => {
  expect(await whyNot([await word(gus, { sequence: 0 })])).toMatch(/no sequence number/)
  expect(await whyNot([await word(gus, { lane: '1:elsewhere:0x8456cb59' })])).toMatch(/for lane 1:elsewhere/)
})

test('an approval may be valid for exactly as long as the policy allows, and expiry is told in UTC', async () => {
  const longest = await word(gus, { validUntil: NOW + 3_600 })
  expect(await judge([longest])).toMatchObject({ state: 'approved' })
  expect(await whyNot([longest], { now: NOW + 3_600 })).toBe('it expired at 2023-11-14T23:13:20.000Z')
})

test('a refusal holds however long it is valid: only approvals are limited by the policy', async () => {
  const no = await word(gus, { decision: 'refuse', validUntil: NOW + 999_999 })
  expect(await judge([no])).toMatchObject({ state: 'refused', by: addressOf(gus) })
  const old = await word(gus, { decision: 'refuse', validUntil: NOW - 1 })
  expect(await judge([old])).toMatchObject({ state: 'refused' })
})

test('each place counts only people in its roles, and is listed with them', async () => {
  const rule: ApprovalRule = {
    require: [
      { roles: ['protocol-lead', 'auditor'], quorum: 1 },
      { roles: ['guardian', 'incident-leader'], quorum: 2 },
    ],
    ttl: '1h',
  }
  expect(await judge([await word(gus), await word(ilse)], { rule })).toMatchObject({
    state: 'waiting',
    missing: ['0 of 1 from protocol-lead, auditor', '2 of 2 from guardian, incident-leader'],
  })
  expect(await judge([await word(gus), await word(ilse), await word(priya)], { rule })).toMatchObject({
    state: 'approved',
    by: [gus, ilse, priya].map(addressOf),
  })
})

test('two people of one role do not fill the place of another role', async () => {
  const rule: ApprovalRule = {
    require: [
      { roles: ['protocol-lead'], quorum: 1 },
      { roles: ['guardian'], quorum: 1 },
    ],
    ttl: '1h',
  }
  expect(await judge([await word(gus), await word(ilse)], { rule })).toMatchObject({
    state: 'waiting',
    missing: ['0 of 1 from protocol-lead', '1 of 1 from guardian'],
  })
})

test('a number that its signer never signed takes nobody’s place', async () => {
  const forged = await word(mallory, { sequence: 9, decision: 'revoke' }, { signer: addressOf(gus) })
  expect(await judge([await word(gus), forged])).toMatchObject({ state: 'approved' })
})

test('what was signed for another installation, or for none, is refused with what to do', async () => {
  expect(await whyNot([await word(gus, { installation: ELSEWHERE })])).toMatch(
    new RegExp(`for installation ${ELSEWHERE}, and this is installation ${HERE}.*cordon approvals sign`),
  )
  expect(await whyNot([await word(gus, { installation: null })])).toMatch(/names no installation/)
  expect(await whyNot([await word(gus)], { installation: ELSEWHERE })).toMatch(/for installation/)
  // said to be for this one, and signed for another
  const switched = await word(gus, { installation: ELSEWHERE }, { installation: HERE })
  expect(await whyNot([switched])).toMatch(/signature is not/)
})
