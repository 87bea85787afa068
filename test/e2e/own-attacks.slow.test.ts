import { describe, expect, test } from 'vitest'
import { describeCorpus } from '../harness/corpus.ts'
import { ownAttacks } from '../harness/own-attacks/all.ts'
import type { OwnAttack } from '../harness/own-attacks/attack.ts'
import { runOwnAttack } from '../harness/own-attacks/run.ts'

/** A farm whose only levers are an owner's calls that nothing takes back: they are never sent alone. */
const leverless = (own: OwnAttack): boolean => own.id === 'false-stake'

async function isContained(own: OwnAttack): Promise<void> {
  const { taken, alone, pulled, state, severity, authorised } = await runOwnAttack(own)
  expect(authorised[0]).toMatch(/^Cordon may make these calls alone/)
  // each call once, from however many contracts it is found
  expect(authorised).toEqual([...new Set(authorised)])
  expect(taken.first).toBeGreaterThan(0n)
  // without Cordon the second attack would have gone through
  expect(alone.second).toBeGreaterThan(0n)
  expect(['high', 'critical']).toContain(severity)
  expect(pulled?.blocks).toBeLessThanOrEqual(2)
  expect(state).toBe('contained')
  expect(taken.second).toBe(0n)
}

describe('attacks of our own on contracts as their packages publish them', () => {
  test.each(ownAttacks.filter((own) => 'package' in own))(
    '$kind, $package, $id: contained without people within two blocks, and the second attack takes nothing',
    isContained,
  )
})

describeCorpus('attacks of our own on real contracts', () => {
  const onStates = ownAttacks.filter((own) => 'state' in own)

  test.each(onStates.filter((own) => !leverless(own)))(
    '$kind, $state, $id: contained without people within two blocks, and the second attack takes nothing',
    isContained,
  )

  test.each(onStates.filter(leverless))(
    '$kind, $state, $id: there is nothing to pull alone, and nothing is pulled',
    async (own) => {
      const { pulled, authorised, taken } = await runOwnAttack(own, { patienceMs: 1_000, blocks: 2 })
      expect(authorised[0]).toMatch(/Cordon could pull no lever without people/)
      expect(pulled).toBeNull()
      expect(taken.second).toBeGreaterThan(0n)
    },
  )
})
