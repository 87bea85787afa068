import { expect, test } from 'vitest'
import { silentLogger } from '../kit/logger.ts'
import { createGate } from './gate.ts'

test('few are let in at once, the gravest first, each once', async () => {
  const gate = createGate(silentLogger)
  const begun: string[] = []
  const admit = (id: string, severity: 'high' | 'critical') =>
    gate.admit({ id, severity }, async () => void begun.push(id))
  for (let n = 0; n < 20; n++) admit(`h${n}`, 'high')
  admit('late', 'critical')
  admit('h19', 'high')
  expect(begun).toHaveLength(16)
  gate.leave('h0')
  expect(begun.at(-1)).toBe('late')
  for (let n = 1; n < 16; n++) gate.leave(`h${n}`)
  expect(begun).toEqual([
    ...Array.from({ length: 16 }, (_, n) => `h${n}`),
    'late',
    'h16',
    'h17',
    'h18',
    'h19',
  ])
  expect(gate.holds('h19')).toBe(true)
  gate.leave('h19')
  expect(gate.holds('h19')).toBe(false)
  gate.close()
})

test('one that cannot begin makes room for the next', async () => {
  const gate = createGate(silentLogger)
  const begun: string[] = []
  for (let n = 0; n < 16; n++)
    gate.admit({ id: `f${n}`, severity: 'high' }, () => Promise.reject(new Error('away')))
  gate.admit({ id: 'good', severity: 'high' }, async () => void begun.push('good'))
  await expect.poll(() => begun).toEqual(['good'])
  gate.close()
})
