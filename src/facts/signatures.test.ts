import { toEventSelector, toFunctionSelector } from 'viem'
import { expect, test } from 'vitest'
import { SELECTORS, TOPICS, VALUATIONS } from './signatures.ts'

test('every topic is the keccak of its signature', () => {
  for (const [signature, topic] of Object.entries(TOPICS)) expect(topic).toBe(toEventSelector(signature))
})

test('every selector is the keccak of its signature', () => {
  for (const [signature, selector] of Object.entries({ ...SELECTORS, ...VALUATIONS })) {
    expect(selector).toBe(toFunctionSelector(signature))
  }
})
