import { randomBytes, timingSafeEqual } from 'node:crypto'
import { CordonError } from '../kit/error.ts'
import { sha256 } from '../kit/json.ts'

const SHORTEST = 24

/**
 * The bearer token of the API: the given one, or 32 random bytes as base64url if none (or '') is given. Throws
 * `app.InvalidToken`.
 */
export function apiToken(given: string | undefined): string {
  if (given === undefined || given === '') return randomBytes(32).toString('base64url')
  if (given.length >= SHORTEST && /^[\x21-\x7e]+$/.test(given)) return given
  throw new CordonError({
    code: 'app.InvalidToken',
    message: 'CORDON_API_TOKEN is too short or has invalid characters.',
    facts: { characters: given.length, shortest: SHORTEST },
    fix: `Give it ${SHORTEST} or more visible ASCII characters without spaces (openssl rand -hex 32), or unset it: Cordon then makes a token at every start.`,
  })
}

/** Compares in a time that does not depend on where two tokens differ, nor on their lengths. */
export function sameToken(given: string, expected: string): boolean {
  return timingSafeEqual(Buffer.from(sha256(given)), Buffer.from(sha256(expected)))
}
