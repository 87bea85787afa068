import { expect, test } from 'vitest'
import { createCollector } from './collector.ts'

const MB = 2 ** 20

test('garbage is collected when memory has grown past the bound, and not again before it has grown further', () => {
  let resident = 200 * MB
  let collections = 0
  const collect = createCollector({
    resident: () => resident,
    collect: () => {
      collections++
      resident -= 50 * MB
    },
  })
  collect()
  expect(collections).toBe(0)
  resident = 600 * MB
  collect()
  expect(collections).toBe(1)
  collect()
  expect(collections).toBe(1)
  resident += 33 * MB
  collect()
  expect(collections).toBe(2)
})

test('the collector of the running process can be had', () => {
  expect(() => createCollector({ resident: () => 2 ** 40 })()).not.toThrow()
})
