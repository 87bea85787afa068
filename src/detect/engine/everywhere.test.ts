import { expect, test } from 'vitest'
import { address, call, pay } from '../../../test/harness/build.ts'
import { askAbout, everything, protecting } from '../../../test/harness/detect.ts'
import { alertsOf } from '../../incidents/alerts.ts'
import { opensIncident } from '../../incidents/correlate.ts'
import { reentrancy } from '../detectors/reentrancy/reentrancy.ts'

const [vault, usdc, thief, sender, stranger] = ['vault', 'usdc', 'thief', 'sender', 'stranger'].map(
  address,
) as [`0x${string}`, `0x${string}`, `0x${string}`, `0x${string}`, `0x${string}`]
const WITHDRAW = '0x2e1a7d4d'

/** The thief's contract enters the vault again from its fallback and is paid twice, in a token. */
const attack = call(
  thief,
  { input: '0xc0406226' },
  call(
    vault,
    { input: WITHDRAW },
    call(thief, { value: 5n }, call(vault, { input: WITHDRAW }, call(thief, { value: 5n }))),
    pay(usdc, { from: vault, to: thief, amount: 7n }),
  ),
)
const findIn = (...named: `0x${string}`[]) =>
  askAbout(reentrancy, named.length === 0 ? everything : protecting(...named), { from: sender, root: attack })

test('an attack on a protected contract is its own, whoever else takes part', () => {
  const [found, ...others] = findIn(vault)
  expect(found).toMatchObject({ protected: [vault], severity: findIn()[0]?.severity })
  expect(found?.outside).toBeUndefined()
  expect(others).toEqual([])
})

test('an attack on a stranger in which a protected token moves is reported as outside, with the token', () => {
  const [found] = findIn(usdc)
  expect(found).toMatchObject({ protected: [usdc], victims: [vault], outside: true })
  expect(found?.message).toContain(`Of the protected contracts ${usdc} takes part, and does not lose by it.`)
  expect(alertsOf(found === undefined ? [] : [found]).map(opensIncident)).toEqual([true])
})

test('an attack in which nothing protected takes part is recorded at its severity and opens no incident', () => {
  const [found] = findIn(stranger)
  expect(found).toMatchObject({ protected: [], victims: [vault], outside: true })
  expect(found?.severity).toBe(findIn()[0]?.severity)
  expect(found?.message).toContain('No protected contract takes part.')
  expect(alertsOf(found === undefined ? [] : [found]).map(opensIncident)).toEqual([false])
})
