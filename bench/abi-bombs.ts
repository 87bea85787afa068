import { decodeAbiParameters, parseAbiParameters } from 'viem'
import { parseSignature } from '../src/forensics/decode/abi-type.ts'
import { decodeParameters } from '../src/forensics/decode/codec.ts'
import { report } from './report.ts'

/*
 * Calldata that is small and decodes to a lot: offsets that all point to one array. How long viem and our own decoder take to
 * refuse it (docs/adr/0016-own-abi-codec.md).
 *
 * npm run build && node dist/bench/abi-bombs.js [--json]
 */
const word = (n: number): string => BigInt(n).toString(16).padStart(64, '0')

/** `uint256[]…[]`: at each level `length` offsets, all to the one array of the next level. */
function arrayBomb(length: number, depth: number): { type: string; data: string } {
  let level = word(length) + Array.from({ length }, (_, i) => word(i)).join('')
  for (let d = 1; d < depth; d++)
    level = word(length) + Array.from({ length }, () => word(length * 32)).join('') + level
  return { type: `uint256${'[]'.repeat(depth)}`, data: word(32) + level }
}

/** `bytes[]`: all to one long text. */
function bytesBomb(length: number, size: number): { type: string; data: string } {
  const offsets = Array.from({ length }, () => word(length * 32)).join('')
  return { type: 'bytes[]', data: word(32) + word(length) + offsets + word(size) + 'ab'.repeat(size) }
}

function milliseconds(act: () => unknown): { ms: number; ended: string } {
  const began = performance.now()
  let ended = 'refused'
  try {
    if (act() !== undefined) ended = 'decoded'
  } catch {}
  return { ms: performance.now() - began, ended }
}

const bombs = [arrayBomb(1_000, 2), arrayBomb(200, 3), arrayBomb(90, 4), bytesBomb(4_000, 100_000)]
report(
  'calldata that is small and decodes to a lot',
  bombs.map(({ type, data }) => {
    const parameters = parseSignature(`f(${type})`)?.inputs ?? []
    const viem = milliseconds(() => decodeAbiParameters(parseAbiParameters(type), `0x${data}`))
    const own = milliseconds(() => decodeParameters(parameters, data))
    return {
      what: type,
      KB: data.length / 2_048,
      'viem ms': viem.ms,
      'own ms': own.ms,
      viem: viem.ended,
      own: own.ended,
    }
  }),
)
