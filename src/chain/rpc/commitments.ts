import { keccak256 } from 'viem'
import { array, hexOrEmpty, object, type Raw } from '../trace/fields.ts'
import { encodeRlp, type RlpItem } from './rlp.ts'
import { orderedTrieRoot } from './trie-root.ts'

/*
 * The commitments of a block's header, computed from the block's parts as JSON-RPC returns them. An unknown field or
 * type gives null: then there is no result. Fields of headers: execution-specs, forks London to Osaka. Types of
 * transactions: EIP-2718 with EIP-2930, 1559, 4844 and 7702, and deposits of the OP stack (0x7e).
 */

const HEADER = [
  'parentHash',
  'sha3Uncles',
  'miner',
  'stateRoot',
  'transactionsRoot',
  'receiptsRoot',
  'logsBloom',
  '#difficulty',
  '#number',
  '#gasLimit',
  '#gasUsed',
  '#timestamp',
  'extraData',
  'mixHash',
  'nonce',
] as const
/** Fields that forks added, in their order; a header ends where the first of them is missing. */
const ADDED = [
  '#baseFeePerGas',
  'withdrawalsRoot',
  '#blobGasUsed',
  '#excessBlobGas',
  'parentBeaconBlockRoot',
  'requestsHash',
] as const

export function headerHash(header: Raw): string | null {
  const missing = HEADER.some((field) => header[field.replace('#', '')] === undefined)
  if (missing) return null
  const added = ADDED.filter((field) => isThere(header[field.replace('#', '')]))
  return keccak256(encodeRlp([...HEADER, ...added].map((field) => part(header, field))))
}

const TRANSACTIONS: Readonly<Record<string, readonly string[]>> = {
  '0x0': ['#nonce', '#gasPrice', '#gas', 'to', '#value', 'input', '#v', '#r', '#s'],
  '0x1': [
    ...['#chainId', '#nonce', '#gasPrice', '#gas', 'to', '#value', 'input', '@accessList'],
    ...['#yParity', '#r', '#s'],
  ],
  '0x2': [
    ...['#chainId', '#nonce', '#maxPriorityFeePerGas', '#maxFeePerGas', '#gas', 'to', '#value', 'input'],
    ...['@accessList', '#yParity', '#r', '#s'],
  ],
  '0x3': [
    ...['#chainId', '#nonce', '#maxPriorityFeePerGas', '#maxFeePerGas', '#gas', 'to', '#value', 'input'],
    ...['@accessList', '#maxFeePerBlobGas', '@blobVersionedHashes', '#yParity', '#r', '#s'],
  ],
  '0x4': [
    ...['#chainId', '#nonce', '#maxPriorityFeePerGas', '#maxFeePerGas', '#gas', 'to', '#value', 'input'],
    ...['@accessList', '@authorizationList', '#yParity', '#r', '#s'],
  ],
  '0x7e': ['sourceHash', 'from', 'to', '#mint', '#value', '#gas', '?isSystemTx', 'input'],
}

export function transactionsRoot(transactions: readonly Raw[]): string | null {
  const encoded = transactions.map(encodedTransaction)
  return encoded.every((it) => it !== null) ? orderedTrieRoot(encoded) : null
}

function encodedTransaction(transaction: Raw): Uint8Array | null {
  const type = typeOf(transaction)
  const fields = TRANSACTIONS[type]
  if (fields === undefined) return null
  return withType(
    type,
    fields.map((field) => part(transaction, field)),
  )
}

export function receiptsRoot(receipts: readonly Raw[]): string | null {
  const encoded = receipts.map(encodedReceipt)
  return encoded.every((it) => it !== null) ? orderedTrieRoot(encoded) : null
}

function encodedReceipt(receipt: Raw): Uint8Array | null {
  const type = typeOf(receipt)
  if (TRANSACTIONS[type] === undefined || !Array.isArray(receipt['logs'])) return null
  const logs = array(receipt['logs'], 'receipt.logs').map((item) => {
    const log = object(item, 'receipt.logs')
    return [part(log, 'address'), part(log, '@topics'), part(log, 'data')]
  })
  // Before Byzantium (EIP-658) a receipt has the state root instead of the status.
  const status = isThere(receipt['status']) ? part(receipt, '#status') : part(receipt, 'root')
  const deposit = ['#depositNonce', '#depositReceiptVersion'].filter((field) =>
    isThere(receipt[field.slice(1)]),
  )
  return withType(type, [
    status,
    part(receipt, '#cumulativeGasUsed'),
    part(receipt, 'logsBloom'),
    logs,
    ...deposit.map((field) => part(receipt, field)),
  ])
}

function typeOf({ type }: Raw): string {
  return isThere(type) ? `0x${Number(type).toString(16)}` : '0x0'
}

function withType(type: string, items: readonly RlpItem[]): Uint8Array {
  const body = encodeRlp(items)
  return type === '0x0' ? body : Buffer.concat([Buffer.from([Number(type)]), body])
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null
}

/** `#` a quantity, `@` a list, `?` a flag, else bytes. Throws `chain.MalformedField`. */
function part(from: Raw, field: string): RlpItem {
  const name = field.replace(/^[#@?]/, '')
  const value = from[name] ?? (name === 'yParity' ? from['v'] : undefined)
  switch (field[0]) {
    case '#':
      return quantity(value, name)
    case '@':
      return list(value, name)
    case '?':
      return value === true ? Buffer.from([1]) : Buffer.alloc(0)
    default:
      return bytes(value, name)
  }
}

function list(value: unknown, name: string): RlpItem {
  return array(value ?? [], name).map((item) => {
    if (typeof item === 'string') return bytes(item, name)
    const entry = object(item, name)
    if (name === 'accessList')
      return [bytes(entry['address'], name), list(entry['storageKeys'], 'storageKeys')]
    return ['#chainId', 'address', '#nonce', '#yParity', '#r', '#s'].map((field) => part(entry, field))
  })
}

function bytes(value: unknown, name: string): Buffer {
  return Buffer.from(hexOrEmpty(value, name).slice(2), 'hex')
}

function quantity(value: unknown, name: string): Buffer {
  const digits = hexOrEmpty(value, name).slice(2).replace(/^0+/, '')
  return Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex')
}
