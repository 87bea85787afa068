import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { toFunctionSelector } from 'viem'
import { expect, test } from 'vitest'

test('every selector with a signature beside it is the keccak of that signature', () => {
  const files = readdirSync('src/detect', { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  )
  const pairs = files.flatMap((file) => [
    ...readFileSync(join('src/detect', file), 'utf8').matchAll(/'(0x[0-9a-f]{8})', \/\/ (\w+\([^\n]*\))\n/g),
  ])
  expect(pairs.length).toBeGreaterThan(20)
  for (const [, selector, signature] of pairs)
    expect(`${signature} ${selector}`).toBe(`${signature} ${toFunctionSelector(signature ?? '')}`)
})
