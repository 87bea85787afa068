import { describe, expect, test } from 'vitest'
import { artifact, contractNames, encode, readArtifact } from './artifacts.ts'
import { createRandom } from './random.ts'

describe('artifacts', () => {
  test('every contract of the drill is compiled', () => {
    for (const name of contractNames) expect(artifact(name).bytecode.length).toBeGreaterThan(100)
  })

  test('pause has the selector that everybody expects', () => {
    expect(encode('OptionsVault', 'pause')).toBe('0x8456cb59')
    expect(encode('LendingMarket', 'paused')).toBe('0x5c975abb')
  })

  test('a contract that was never compiled', () => {
    expect(() =>
      readArtifact('/nowhere/contracts/out/OptionsVault.json'),
    ).toThrowErrorMatchingInlineSnapshot(`
      [drill.ArtifactMissing: A contract of the drill is not compiled, or the compiler did not write its file.
        path: /nowhere/contracts/out/OptionsVault.json
      Fix: Run \`npm run build\` in the folder of Cordon.]
    `)
  })
})

describe('random numbers', () => {
  test('the same seed gives the same numbers, another seed others', () => {
    const ten = (seed: number): readonly number[] => {
      const random = createRandom(seed)
      return Array.from({ length: 10 }, () => random.between(0, 1_000))
    }
    expect(ten(1)).toEqual(ten(1))
    expect(ten(1)).not.toEqual(ten(2))
  })

  test('both bounds are reached and none is passed', () => {
    const random = createRandom(1)
    const seen = new Set(Array.from({ length: 200 }, () => random.between(3, 5)))
    expect([...seen].sort()).toEqual([3, 4, 5])
  })
})
