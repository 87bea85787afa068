import type { Hex } from '../../model/hex.ts'

/** The properties that contract code shows without being run. */
export type Opcodes = {
  /** Selectors that the dispatcher compares with: the arguments of PUSH4, and of PUSH3 before EQ (a leading zero byte). */
  selectors: ReadonlySet<Hex>
  /** Addresses embedded in the code: constants and immutables. */
  addresses: ReadonlySet<Hex>
  /** True where it may run another contract's code in its own storage. */
  delegates: boolean
}

const PUSH1 = 0x60
const PUSH3 = 0x62
const PUSH4 = 0x63
const PUSH20 = 0x73
const PUSH32 = 0x7f
const EQ = '14'
const CALLCODE = 0xf2
const DELEGATECALL = 0xf4

/** The start of solc’s metadata: this contract never runs the bytes after it. */
const METADATA = /a264697066735822|a165627a7a72/

/**
 * Reads code from its start and skips the arguments of PUSH. Bytes that only look like code (tables, arguments) are
 * read as code too.
 */
export function opcodesOf(bytecode: Hex): Opcodes {
  const selectors = new Set<Hex>()
  const addresses = new Set<Hex>()
  let delegates = false
  const metadata = bytecode.search(METADATA)
  const end = metadata < 0 ? bytecode.length : metadata
  for (let i = 2; i + 1 < bytecode.length; i += 2) {
    const op = Number.parseInt(bytecode.slice(i, i + 2), 16)
    if ((op === CALLCODE || op === DELEGATECALL) && i < end) delegates = true
    if (op < PUSH1 || op > PUSH32) continue
    const size = 2 * (op - PUSH1 + 1)
    const argument = bytecode.slice(i + 2, i + 2 + size)
    if (op === PUSH4 && argument.length === size) selectors.add(`0x${argument}`)
    if (op === PUSH3 && bytecode.startsWith(EQ, i + 2 + size)) selectors.add(`0x00${argument}`)
    if (op === PUSH20 && argument.length === size) addresses.add(`0x${argument}`)
    if (op === PUSH32 && argument.length === size && /^0{24}(?!0{8})/.test(argument))
      addresses.add(`0x${argument.slice(24)}`)
    i += size
  }
  return { selectors, addresses, delegates }
}
