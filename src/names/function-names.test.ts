import { expect, test } from 'vitest'
import { functionNames } from './function-names.ts'

test('what takes a pause back has a name, as the pause has', () => {
  expect(functionNames.get('0x8456cb59')).toBe('pause()')
  expect(functionNames.get('0x3f4ba83a')).toBe('unpause()')
})
