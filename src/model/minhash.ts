import type { Hex } from './hex.ts'

/**
 * MinHash of a contract's code: the similarity of two codes, in 128 numbers each. The share of equal numbers estimates
 * the Jaccard similarity of their opcode shingles, with standard error √(s(1−s)/128), at most 4.4 points.
 * Source: A. Broder, On the resemblance and containment of documents, SEQUENCES 1997.
 *
 * The values that PUSH pushes are ignored, so another owner, target or amount is the same code; the metadata that solc
 * appends is not code.
 */
export type MinHash = readonly number[]

const MINHASH_SIZE = 128
/** Opcodes per shingle: five distinguish programs, and are robust against another order of functions. */
const SHINGLE = 5
/** Code shorter than this many shingles is a proxy or empty, and similar to all others of its kind. */
const LEAST_SHINGLES = 40
/** EIP-170 allows 24,576 bytes; initcode of EIP-3860 twice that. Longer code is truncated. */
const MOST_BYTES = 49_152

/** The MinHash of runtime code; null where it is too short to compare. */
export function minHash(code: Hex): MinHash | null {
  const opcodes = opcodesOf(code)
  if (opcodes.length < LEAST_SHINGLES + SHINGLE - 1) return null
  const least = new Uint32Array(MINHASH_SIZE).fill(0xffff_ffff)
  const seen = new Set<number>()
  for (let i = 0; i + SHINGLE <= opcodes.length; i++) {
    const shingle = hashOf(opcodes, i)
    if (seen.has(shingle)) continue
    seen.add(shingle)
    for (let k = 0; k < MINHASH_SIZE; k++) {
      const permuted = mix(shingle ^ Math.imul(k + 1, 0x9e37_79b9))
      if (permuted < (least[k] ?? 0)) least[k] = permuted
    }
  }
  return seen.size < LEAST_SHINGLES ? null : [...least]
}

/** Estimated share of common shingles, 0 to 1. */
export function similarity(a: MinHash, b: MinHash): number {
  let equal = 0
  for (let k = 0; k < MINHASH_SIZE; k++) if (a[k] === b[k]) equal++
  return equal / MINHASH_SIZE
}

const [PUSH1, PUSH32] = [0x60, 0x7f]

function opcodesOf(code: Hex): number[] {
  const end = Math.min(code.length, 2 + 2 * MOST_BYTES, codeEnd(code))
  const opcodes: number[] = []
  for (let at = 2; at + 1 < end; at += 2) {
    const opcode = Number.parseInt(code.slice(at, at + 2), 16)
    // every PUSH is the same opcode: solc uses the shortest that fits the number
    if (opcode >= PUSH1 && opcode <= PUSH32) at += 2 * (opcode - PUSH1 + 1)
    opcodes.push(opcode >= PUSH1 && opcode <= PUSH32 ? PUSH1 : opcode)
  }
  return opcodes
}

/** The offset at which solc's CBOR metadata begins: its length is in the last two bytes. */
function codeEnd(code: Hex): number {
  const length = Number.parseInt(code.slice(-4), 16)
  const start = code.length - 4 - 2 * length
  // the map of two or three entries that solc writes: a264… or a165…
  return start > 2 && /^a[1-4]6[0-9]/.test(code.slice(start, start + 4)) ? start : code.length
}

/** FNV-1a over one shingle. */
function hashOf(opcodes: readonly number[], from: number): number {
  let hash = 0x811c_9dc5
  for (let i = from; i < from + SHINGLE; i++) hash = Math.imul(hash ^ (opcodes[i] ?? 0), 0x0100_0193)
  return hash >>> 0
}

/** The finaliser of MurmurHash3: a permutation of 32-bit numbers. */
function mix(value: number): number {
  let hash = value
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

export type Likeness<Item> = { item: Item; similarity: number }

/** The known code that is most similar to this one; undefined where it is too short or no code is known. */
export function nearest<Item extends { minHash: MinHash }>(
  code: Hex,
  known: readonly Item[],
): Likeness<Item> | undefined {
  const hash = known.length === 0 ? null : minHash(code)
  if (hash === null) return undefined
  let best: Likeness<Item> | undefined
  for (const item of known) {
    const share = similarity(hash, item.minHash)
    if (best === undefined || share > best.similarity) best = { item, similarity: share }
  }
  return best
}
