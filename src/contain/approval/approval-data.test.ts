import { expect, test } from 'vitest'
import { anAddress, aPlan } from '../../../test/harness/builders.ts'
import { ZERO_ADDRESS } from '../../model/hex.ts'
import { approvalTypedData, laneOf, termsOf } from './approval-data.ts'
import { domainOf } from './domain.ts'

const { lever } = aPlan()
const words = { installation: null, nonce: 0, sequence: 1, validUntil: 9, decision: 'approve' } as const

test('a lane is chain, target and function: arguments do not make another', () => {
  const on = (calldata: `0x${string}`) => laneOf({ ...lever, chainId: 5, target: anAddress(1), calldata })
  expect(on('0x8456cb5900ff')).toBe(`5:${anAddress(1)}:0x8456cb59`)
  expect(on('0x8456cb59')).toBe(on('0x8456cb5900ff'))
})

test('terms name the account in whose name the call is made, and the zero address where none is known', () => {
  const authority = { kind: 'eoa', address: anAddress(8), evidence: '', live: true, balance: 0n } as const
  const named = termsOf(aPlan({ lever: { ...lever, authority } }), words)
  expect(named.authority).toBe(anAddress(8))
  expect(termsOf(aPlan({ lever: { ...lever, authority: null } }), words).authority).toBe(ZERO_ADDRESS)
})

test('a wallet is shown the plan and the call under the names of the signed message', () => {
  const terms = termsOf(aPlan(), words)
  const { domain, primaryType, message, types } = approvalTypedData(terms)
  expect(primaryType).toBe('ContainmentApproval')
  expect(domain).toEqual({ name: 'Cordon', version: '1', chainId: terms.chainId })
  expect(Object.keys(message).sort()).toEqual(types.ContainmentApproval.map(({ name }) => name).sort())
  expect(message).toMatchObject({ plan: terms.planId, data: terms.calldata, validUntil: 9n })
})

test('an installation salts the domain, so that its signatures are valid nowhere else', () => {
  const here = domainOf({ chainId: 1, installation: 'a' })
  expect(here.salt).toMatch(/^0x[0-9a-f]{64}$/)
  expect(here.salt).not.toBe(domainOf({ chainId: 1, installation: 'b' }).salt)
  expect(domainOf({ chainId: 1, installation: null })).not.toHaveProperty('salt')
})
