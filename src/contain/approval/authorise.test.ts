import { privateKeyToAccount } from 'viem/accounts'
import { expect, test } from 'vitest'
import { aPlan } from '../../../test/harness/builders.ts'
import { malleated } from '../../../test/harness/signing.ts'
import type { StandingAuthorisation } from '../../model/containment.ts'
import type { Address, Hash } from '../../model/hex.ts'
import type { AuthoriseOptions } from './authorise.ts'
import { authorisationHash, authorisationTypedData, authorise } from './authorise.ts'

const guardian = privateKeyToAccount(`0x${'11'.repeat(32)}`)
const stranger = privateKeyToAccount(`0x${'22'.repeat(32)}`)
const address = guardian.address.toLowerCase() as Address
const TARGET: Address = `0x${'aa'.repeat(20)}`
const OTHER: Address = `0x${'bb'.repeat(20)}`
const PAUSE = '0x8456cb59'
const NOW = 1_700_000_000
const HERE = '6f8d2c1e-0000-4000-8000-000000000001'
const ELSEWHERE = '6f8d2c1e-0000-4000-8000-000000000002'

const terms = {
  installation: HERE,
  chainId: 1,
  targets: [TARGET],
  selectors: [PAUSE],
  maxActions: 1,
  validFrom: NOW - 10,
  validUntil: NOW + 10,
} as const

type Terms = Omit<StandingAuthorisation, 'signer' | 'signature'>

async function signed(change: Partial<Terms> = {}, by = guardian): Promise<StandingAuthorisation> {
  const all: Terms = { ...terms, targets: [...terms.targets], selectors: [...terms.selectors], ...change }
  return { ...all, signer: address, signature: await by.signTypedData(authorisationTypedData(all)) }
}

const { lever } = aPlan()
const plan = aPlan({ lever: { ...lever, target: TARGET, calldata: PAUSE, authority: null } })

async function ask(
  authorisations: StandingAuthorisation[],
  change: Partial<AuthoriseOptions> = {},
): Promise<string> {
  const verdict = await authorise({
    plan,
    authorisations,
    installation: HERE,
    mayAuthorise: [address],
    revocationOf: async () => undefined,
    actionsSoFar: async () => 0,
    isContractSignature: async () => false,
    now: NOW,
    ...change,
  })
  return verdict.allowed ? `allowed by ${verdict.by}` : verdict.reasons.join('; ')
}

test('a guardian’s signature over the target, the function and the window lets Cordon act', async () => {
  expect(await ask([await signed()])).toBe(`allowed by ${address}`)
})

test('nothing signed, nothing done', async () => {
  expect(await ask([])).toBe('there is no standing authorisation')
})

test('another chain, target, function or time is refused with its reason', async () => {
  expect(await ask([await signed({ chainId: 5 })])).toMatch(/for chain 5, the plan for chain 1/)
  expect(await ask([await signed({ targets: [OTHER] })])).toMatch(/does not name the target/)
  expect(await ask([await signed({ selectors: ['0x3f4ba83a'] })])).toMatch(
    /does not name the function 0x8456cb59/,
  )
  expect(await ask([await signed({ validFrom: NOW + 1 })])).toMatch(/valid only from/)
  expect(await ask([await signed({ validUntil: NOW })])).toMatch(/expired at/)
})

test('an authorisation holds from its first second until before its last, and says in UTC when', async () => {
  expect(await ask([await signed({ validFrom: NOW })])).toMatch(/^allowed/)
  expect(await ask([await signed({ validFrom: NOW + 1 })])).toBe(
    'it is valid only from 2023-11-14T22:13:21.000Z',
  )
  expect(await ask([await signed({ validUntil: NOW })])).toBe('it expired at 2023-11-14T22:13:20.000Z')
})

test('one of several functions that are named is enough, whatever its arguments', async () => {
  const withArguments = aPlan({
    lever: { ...lever, target: TARGET, calldata: `${PAUSE}${'00'.repeat(32)}`, authority: null },
  })
  const several = await signed({ selectors: ['0x3f4ba83a', PAUSE] })
  expect(await ask([several], { plan: withArguments })).toMatch(/^allowed/)
})

test('the same reason is given once, however many authorisations it holds for', async () => {
  expect(await ask([await signed({ chainId: 5 }), await signed({ chainId: 5, maxActions: 2 })])).toBe(
    'it is for chain 5, the plan for chain 1',
  )
})

test('terms altered after signing, or signed by somebody else, are refused', async () => {
  expect(await ask([{ ...(await signed({ maxActions: 1 })), maxActions: 99 }])).toMatch(/signature is not/)
  expect(await ask([await signed({}, stranger)])).toMatch(/signature is not/)
  expect(await ask([{ ...(await signed()), signature: '0x1234' }])).toMatch(/signature is not/)
})

test('a signer who is not in the roles any more is refused', async () => {
  expect(await ask([await signed()], { mayAuthorise: [] })).toMatch(/neither guardian nor incident leader/)
})

test('one for another installation, or for none, is refused with what to do', async () => {
  expect(await ask([await signed({ installation: ELSEWHERE })])).toMatch(
    new RegExp(`for installation ${ELSEWHERE}, and this is installation ${HERE}.*cordon levers authorize`),
  )
  const old = await signed({ installation: null })
  expect(await ask([old])).toMatch(/names no installation/)
  // said to be for this one, and signed for none
  expect(await ask([{ ...old, installation: HERE }])).toMatch(/signature is not/)
  // a drill is no installation: what was signed for it holds there, and nothing else does
  expect(await ask([old], { installation: null })).toMatch(/^allowed/)
  expect(await ask([await signed()], { installation: null })).toMatch(/and this is a drill/)
})

test('one that was taken back is refused, and so is an altered signature over the same terms', async () => {
  const one = await signed()
  const revocationOf = async (hash: Hash) =>
    hash === authorisationHash(one) ? 'it was revoked by Ilse' : undefined
  expect(await ask([one], { revocationOf })).toBe('it was revoked by Ilse')
  expect(await ask([{ ...one, signature: malleated(one.signature) }])).toMatch(/signature is not/)
  expect(await ask([await signed({ maxActions: 2 })], { revocationOf })).toMatch(/^allowed/)
})

test('a Safe’s word counts where the Safe says that it is its own and is in the role', async () => {
  const one = { ...(await signed()), signature: '0x' as const }
  const asked: string[] = []
  const isContractSignature = async (signer: Address, hash: Hash) => {
    asked.push(`${signer} ${hash}`)
    return true
  }
  expect(await ask([one], { isContractSignature })).toBe(`allowed by ${address}`)
  expect(asked).toEqual([`${address} ${authorisationHash(one)}`])
  expect(await ask([one], { isContractSignature, mayAuthorise: [] })).toMatch(/neither guardian/)
})

test('a used up authorisation is refused; the next one is tried', async () => {
  const one = await signed()
  const used = { actionsSoFar: async (hash: Hash) => (hash === authorisationHash(one) ? 1 : 0) }
  expect(await ask([one], used)).toMatch(/1 actions are used up/)
  expect(await ask([one, await signed({ maxActions: 2 })], used)).toMatch(/^allowed/)
})
