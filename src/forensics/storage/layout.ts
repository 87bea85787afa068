/** solc's `storageLayout`, as far as it was understood. */
export type StorageLayout = {
  storage: readonly StorageVariable[]
  types: ReadonlyMap<string, StorageType>
}

export type StorageVariable = { label: string; slot: bigint; offset: number; type: string }

export type StorageType =
  | { kind: 'value'; label: string; bytes: number }
  | { kind: 'bytes'; label: string; bytes: number }
  | { kind: 'mapping'; label: string; key: string; value: string; bytes: number }
  | { kind: 'array'; label: string; base: string; length: bigint | null; bytes: number }
  | { kind: 'struct'; label: string; members: readonly StorageVariable[]; bytes: number }

const NAME = /^[A-Za-z_$][A-Za-z0-9_$]{0,119}$/
const LABEL = /^[A-Za-z0-9_$.,()[\] =>]{1,200}$/
const MOST = 5_000

type Raw = { readonly [name: string]: unknown }

/** Reads a layout as solc writes it; undefined if it is not one. Invalid parts are left out. Never throws. */
export function parseLayout(value: unknown): StorageLayout | undefined {
  if (!isRaw(value) || !Array.isArray(value['storage'])) return undefined
  const types = new Map<string, StorageType>()
  const raws = isRaw(value['types']) ? Object.entries(value['types']).slice(0, MOST) : []
  for (const [id, raw] of raws) {
    const type = isRaw(raw) ? typeFrom(raw) : undefined
    if (type !== undefined) types.set(id, type)
  }
  return { storage: variablesFrom(value['storage']), types }
}

function typeFrom(raw: Raw): StorageType | undefined {
  const { encoding } = raw
  const label = typeof raw['label'] === 'string' && LABEL.test(raw['label']) ? raw['label'] : 'unknown'
  const bytes = Number(raw['numberOfBytes'])
  if (!Number.isSafeInteger(bytes) || bytes < 0) return undefined
  if (encoding === 'bytes') return { kind: 'bytes', label, bytes }
  if (encoding === 'mapping') {
    const { key, value } = raw
    return typeof key === 'string' && typeof value === 'string'
      ? { kind: 'mapping', label, key, value, bytes }
      : undefined
  }
  const { base, members } = raw
  if (typeof base === 'string') {
    const length = encoding === 'dynamic_array' ? null : lengthIn(label)
    return length === undefined ? undefined : { kind: 'array', label, base, length, bytes }
  }
  if (Array.isArray(members)) return { kind: 'struct', label, members: variablesFrom(members), bytes }
  return encoding === 'inplace' && bytes <= 32 ? { kind: 'value', label, bytes } : undefined
}

/** A fixed array's length appears only in its label. */
function lengthIn(label: string): bigint | undefined {
  const match = /\[(\d{1,78})\]$/.exec(label)
  return match === null ? undefined : BigInt(match[1] ?? '0')
}

function variablesFrom(list: readonly unknown[]): StorageVariable[] {
  return list.slice(0, MOST).flatMap((item): StorageVariable[] => {
    if (!isRaw(item)) return []
    const { label, slot, offset, type } = item
    if (typeof label !== 'string' || !NAME.test(label) || typeof type !== 'string') return []
    if (typeof slot !== 'string' || !/^\d{1,78}$/.test(slot)) return []
    const byte = Number(offset)
    return Number.isInteger(byte) && byte >= 0 && byte < 32
      ? [{ label, slot: BigInt(slot), offset: byte, type }]
      : []
  })
}

function isRaw(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
