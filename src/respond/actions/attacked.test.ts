import { expect, test } from 'vitest'
import { address } from '../../../test/harness/build.ts'
import type { Finding } from '../../model/finding.ts'
import { attackedAmong } from './attacked.ts'

const [vault, market] = [address('vault'), address('market')]
type Said = Parameters<typeof attackedAmong>[1][number]
const said = (severity: Finding['severity'], parts: Partial<Said>): Said => ({
  ...{ severity, shadow: false, protected: [], loss: [] },
  ...parts,
})

test('a contract that the attack only touched is left as it is', () => {
  const robbed = said('critical', { protected: [vault] })
  const touched = said('medium', { protected: [market] })
  expect(attackedAmong([vault, market], [robbed, touched])).toEqual([vault])
})

test('one that loses something is attacked, whoever is named', () => {
  const loss = [{ account: market, asset: 'native' as const, amount: 1n }]
  expect(attackedAmong([vault, market], [said('high', { protected: [vault], loss })])).toEqual([
    vault,
    market,
  ])
})

test('where nothing is said at paging level nobody is left out', () => {
  expect(attackedAmong([vault, market], [said('medium', { protected: [vault] })])).toEqual([vault, market])
  const tried = said('critical', { protected: [vault], shadow: true })
  expect(attackedAmong([vault, market], [tried])).toEqual([vault, market])
})

test('one that takes part in what others lose is left as it is', () => {
  const robbed = said('critical', { protected: [vault] })
  const others = said('critical', { protected: [market], outside: true })
  expect(attackedAmong([vault, market], [robbed, others])).toEqual([vault])
})
