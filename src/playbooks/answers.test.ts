import { privateKeyToAccount } from 'viem/accounts'
import { expect, test } from 'vitest'
import { keySigner } from '../contain/signers/signer.ts'
import type { Address } from '../model/hex.ts'
import type { Roles } from '../model/role.ts'
import { type Answer, answerTypedData, proofOf, signAnswer } from './answers.ts'

const KEY = `0x${'11'.repeat(32)}` as const
const ann = privateKeyToAccount(KEY)
const stranger = privateKeyToAccount(`0x${'22'.repeat(32)}`)
const roles: Roles = {
  guardian: [
    { name: 'Ann', channels: [], address: ann.address.toLowerCase() as Address },
    { name: 'Bob', channels: [] },
  ],
}
const answer: Answer = { runId: 'run-1', target: 'ask', answer: 'done', author: 'Ann', note: 'go' }

test('what somebody signed with the address of the configuration is theirs', async () => {
  const signature = await signAnswer(answer, roles, [keySigner(KEY)])
  expect(await proofOf(answer, roles, signature)).toBe('signed')
})

test('a name alone proves nothing where the configuration gives an address, and is all there is where it does not', async () => {
  expect(await proofOf(answer, roles, null)).toBe('unsigned')
  expect(await proofOf({ ...answer, author: 'Bob' }, roles, null)).toBe('named')
})

test.each<[string, Partial<Answer>]>([
  ['another run', { runId: 'run-2' }],
  ['another step', { target: 'other' }],
  ['another answer', { answer: 'refuse' }],
  ['another note', { note: 'stop' }],
])('a signature over %s is refused', async (_, change) => {
  const signature = await ann.signTypedData(answerTypedData({ ...answer, ...change }))
  await expect(proofOf(answer, roles, signature)).rejects.toThrow(/not Ann’s over this answer/)
})

test('a stranger’s signature, and bytes that are none, are refused', async () => {
  const signature = await stranger.signTypedData(answerTypedData(answer))
  await expect(proofOf(answer, roles, signature)).rejects.toThrow(/not Ann’s/)
  await expect(proofOf(answer, roles, '0x1234')).rejects.toThrow(/not Ann’s/)
})

test('without a signer for the person nothing is signed', async () => {
  await expect(signAnswer({ ...answer, author: 'Bob' }, roles, [keySigner(KEY)])).rejects.toThrow(
    /no signer for Bob/,
  )
})
