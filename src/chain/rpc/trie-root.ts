import { keccak256 } from 'viem'
import { encodeRlp, type RlpItem } from './rlp.ts'

/** The root of an empty trie: keccak256(rlp('')). */
const EMPTY = keccak256(encodeRlp(new Uint8Array()))

/**
 * The root of the Merkle Patricia trie of a list, keyed by RLP of the index, as in headers for transactions and
 * receipts (Yellow Paper, section 4.3.2 and appendix D).
 */
export function orderedTrieRoot(values: readonly Uint8Array[]): `0x${string}` {
  if (values.length === 0) return EMPTY
  const leaves = values.map((value, index) => ({ path: nibblesOf(encodeRlp(quantityBytes(index))), value }))
  leaves.sort((a, b) => Buffer.compare(a.path, b.path))
  return keccak256(encodeRlp(nodeOf(leaves, 0)))
}

/** An integer in RLP form: big-endian without leading zeros, empty for zero. */
export function quantityBytes(value: number): Uint8Array {
  if (value === 0) return new Uint8Array()
  const text = value.toString(16)
  return Buffer.from(text.length % 2 === 0 ? text : `0${text}`, 'hex')
}

type Leaf = { path: Uint8Array; value: Uint8Array }

function nodeOf(leaves: readonly Leaf[], depth: number): RlpItem {
  const [first] = leaves
  if (first === undefined) return new Uint8Array()
  if (leaves.length === 1) return [compact(first.path.subarray(depth), true), first.value]
  const shared = sharedLength(leaves, depth)
  if (shared > 0) {
    const below = referenceTo(nodeOf(leaves, depth + shared))
    return [compact(first.path.subarray(depth, depth + shared), false), below]
  }
  return branchOf(leaves, depth)
}

function branchOf(leaves: readonly Leaf[], depth: number): RlpItem {
  const slots: RlpItem[] = []
  for (let nibble = 0; nibble < 16; nibble++) {
    const inside = leaves.filter(({ path }) => path[depth] === nibble)
    slots.push(inside.length === 0 ? new Uint8Array() : referenceTo(nodeOf(inside, depth + 1)))
  }
  // Keys are RLP of integers, none a prefix of another: a branch never holds a value itself.
  return [...slots, new Uint8Array()]
}

/** A node shorter than a hash is embedded in its parent. */
function referenceTo(node: RlpItem): RlpItem {
  const encoded = encodeRlp(node)
  return encoded.length < 32 ? node : keccak256(encoded, 'bytes')
}

function sharedLength(leaves: readonly Leaf[], depth: number): number {
  const first = leaves[0]?.path ?? new Uint8Array()
  const last = leaves.at(-1)?.path ?? new Uint8Array()
  let shared = 0
  // The leaves are sorted: a prefix shared by the first and the last is shared by all.
  while (depth + shared < first.length && first[depth + shared] === last[depth + shared]) shared++
  return shared
}

function nibblesOf(bytes: Uint8Array): Uint8Array {
  const nibbles = new Uint8Array(bytes.length * 2)
  bytes.forEach((byte, i) => {
    nibbles[2 * i] = byte >> 4
    nibbles[2 * i + 1] = byte & 15
  })
  return nibbles
}

/** Hex-prefix encoding (Yellow Paper, appendix C). */
function compact(nibbles: Uint8Array, isLeaf: boolean): Uint8Array {
  const flag = isLeaf ? 2 : 0
  const isOdd = nibbles.length % 2 === 1
  const padded = isOdd ? [flag + 1, ...nibbles] : [flag, 0, ...nibbles]
  const out = new Uint8Array(padded.length / 2)
  for (let i = 0; i < out.length; i++) out[i] = ((padded[2 * i] ?? 0) << 4) | (padded[2 * i + 1] ?? 0)
  return out
}
