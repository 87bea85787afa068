import type { Address, Hex } from '../../model/hex.ts'
import { minHash, similarity } from '../../model/minhash.ts'
import { type Sibling, siblingMatches } from '../../model/scope-at-risk.ts'
import { LEAST_ALIKE } from '../actors/alike.ts'
import { functionBody, sharedBody } from './function-body.ts'
import { instructionsOf, withoutMetadata } from './opcodes.ts'

/** A contract and the code that runs there: its own, or that of its implementation. */
export type Coded = { address: Address; implementation: Address; code: Hex }

const PUSH32 = 0x7f
const MOST = 500
/** From this share on two function bodies count as the same; one block more or less comes from the compiler. */
const SAME_FUNCTION = 0.95

/**
 * The contracts with the code of the weak one, or, if a selector is given, with its weak function, the closest first.
 * `exact`: byte for byte; `metadata-apart`: except for the hashes that name the source; `immutables-apart`: except for
 * 32-byte constants, where solc puts immutables; `similar`: from 80 % of the opcode shingles on (MinHash).
 */
export function siblingsOf(
  weak: Coded,
  { candidates, selector }: { candidates: readonly Coded[]; selector: Hex | null },
): Sibling[] {
  if (weak.code.length <= 2) return []
  const body = selector === null ? undefined : functionBody(weak.code, selector)
  const own = { ...weak, plain: withoutMetadata(weak.code), hash: minHash(weak.code) }
  return candidates
    .slice(0, MOST)
    .filter(
      ({ address, code }) => address !== weak.address && address !== weak.implementation && code.length > 2,
    )
    .flatMap((other): Sibling[] => {
      const { address, implementation, code } = other
      const behind = implementation === address ? {} : { implementation }
      const theirs = body === undefined || selector === null ? undefined : functionBody(code, selector)
      const share = body === undefined || theirs === undefined ? undefined : rounded(sharedBody(body, theirs))
      const told = share === undefined || selector === null ? {} : { function: { selector, share } }
      const found = matchOf(own, other)
      if (found !== undefined) return [{ address, ...found, ...behind, ...told }]
      return share !== undefined && share >= SAME_FUNCTION
        ? [{ address, match: 'same-function', similarity: share, ...behind, ...told }]
        : []
    })
    .sort(
      (a, b) =>
        siblingMatches.indexOf(a.match) - siblingMatches.indexOf(b.match) || b.similarity - a.similarity,
    )
}

type Weak = Coded & { plain: Hex; hash: ReturnType<typeof minHash> }

function matchOf(weak: Weak, other: Coded): Pick<Sibling, 'match' | 'similarity'> | undefined {
  const isProxy = other.implementation !== other.address
  if (isProxy && other.implementation === weak.implementation)
    return { match: 'same-implementation', similarity: 1 }
  if (other.code === weak.code) return { match: 'exact', similarity: 1 }
  const plain = withoutMetadata(other.code)
  if (plain === weak.plain) return { match: 'metadata-apart', similarity: 1 }
  if (isApartByWords(plain, weak.plain)) return { match: 'immutables-apart', similarity: 1 }
  const hash = weak.hash === null ? null : minHash(other.code)
  if (hash === null || weak.hash === null) return undefined
  const share = similarity(weak.hash, hash)
  return share >= LEAST_ALIKE ? { match: 'similar', similarity: rounded(share) } : undefined
}

/** The same instructions throughout, with different operands only where 32 bytes are pushed. */
function isApartByWords(a: Hex, b: Hex): boolean {
  if (a.length !== b.length) return false
  const others = instructionsOf(b)
  return instructionsOf(a).every(({ op, pushed }, i) => {
    const other = others[i]
    return other !== undefined && other.op === op && (op === PUSH32 || other.pushed === pushed)
  })
}

function rounded(share: number): number {
  return Math.round(share * 1_000) / 1_000
}
