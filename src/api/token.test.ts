import { expect, test } from 'vitest'
import { apiToken, sameToken } from './token.ts'

test('a token is made of 32 random bytes unless one is given', () => {
  const [one, other] = [apiToken(undefined), apiToken('')]
  expect(one).toMatch(/^[A-Za-z0-9_-]{43}$/)
  expect(other).not.toBe(one)
  expect(apiToken('exactly-24-characters-ok')).toBe('exactly-24-characters-ok')
})

test.each([
  'hunter2',
  '23-characters-are-not-e',
  'with a space in the middle of it',
  'ünïcode-ünïcode-ünïcode-ünïcode',
])('“%s” is refused as a token, and the error does not repeat it', (given) => {
  expect(() => apiToken(given)).toThrow(expect.objectContaining({ code: 'app.InvalidToken' }))
  expect(() => apiToken(given)).not.toThrow(given)
})

test('the error says what to do', () => {
  expect(() => apiToken('short')).toThrowErrorMatchingInlineSnapshot(`
    [app.InvalidToken: CORDON_API_TOKEN is too short or has invalid characters.
      characters: 5
      shortest: 24
    Fix: Give it 24 or more visible ASCII characters without spaces (openssl rand -hex 32), or unset it: Cordon then makes a token at every start.]
  `)
})

test('only the same token is the same', () => {
  const token = apiToken(undefined)
  expect(sameToken(token, token)).toBe(true)
  for (const wrong of ['', token.slice(1), `${token}x`, token.toUpperCase()]) {
    expect(sameToken(wrong, token)).toBe(false)
  }
})
