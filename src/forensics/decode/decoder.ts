import type { Frame, Log } from '../../model/block.ts'
import { type Address, type Hex, selectorOf } from '../../model/hex.ts'
import { type Abi, type Entry, entryOf, hashOfSignature } from './abi.ts'
import { isDynamic, type Parameter } from './abi-type.ts'
import { type AbiValue, decodeParameters, encodeParameters } from './codec.ts'
import { isPrecompile } from './precompiles.ts'

/** In order of trust: given by the caller, shipped, a 4-byte table, a guess from bytecode. */
export const decodingSources = ['given', 'shipped', 'table', 'guessed'] as const
export type DecodingSource = (typeof decodingSources)[number]

export type DecodedValue = Parameter & { value: AbiValue }

export type Decoded = {
  source: DecodingSource
  /** Null if only the types were guessed. */
  name: string | null
  signature: string
  /** Null if the data does not fit the signature. */
  arguments: readonly DecodedValue[] | null
  /** The data is the canonical encoding of the arguments, so nothing is left over or read twice. */
  isExact: boolean
}

export type DecoderSources = {
  /** `address` null: an ABI that does not name its contract. */
  abis?: readonly { address: Address | null; abi: Abi }[]
  /** Signatures by selector. */
  shipped: ReadonlyMap<Hex, string>
  shippedEvents?: readonly string[]
  /** Signatures by selector (functions, errors) or by topic (events). */
  tables?: ReadonlyMap<Hex, readonly string[]>
  /** code's address → selector → the types of its arguments, `(address,uint256)` */
  guessed?: ReadonlyMap<Address, ReadonlyMap<Hex, string>>
}

/** Decodes bytes, and names the source of each decoding. Never throws on data from a chain or a table. */
export type Decoder = {
  call(frame: Frame): Decoded | undefined
  /** The return values of a frame; undefined if no given ABI has their types, or it failed. */
  returned(frame: Frame): readonly DecodedValue[] | undefined
  /** The error that a failed frame returned. */
  error(frame: Frame): Decoded | undefined
  log(log: Log): Decoded | undefined
}

/** `Error` and `Panic` are built into the language. */
const BUILT_IN = ['Error(string)', 'Panic(uint256)']

type Candidate = { entry: Entry; source: DecodingSource }
type Kind = 'functions' | 'errors' | 'events'

/**
 * A decoder over sources in order of trust. A signature of a table or a guess counts only if its arguments, encoded
 * again, are exactly the bytes: 4-byte selectors collide, and a table can contain lies.
 */
export function createDecoder(sources: DecoderSources): Decoder {
  const index = indexOf(sources)
  const choose = (kind: Kind, place: Place): Decoded | undefined =>
    best(candidates(index, kind, place), place)
  return {
    call(frame) {
      const selector = selectorOf(frame.input)
      if (selector === undefined || isPlain(frame)) return undefined
      return choose('functions', { key: selector, address: frame.to, data: frame.input.slice(10) })
    },
    returned(frame) {
      const selector = selectorOf(frame.input)
      if (selector === undefined || isPlain(frame) || frame.error !== null) return undefined
      const place = { key: selector, address: frame.to, data: frame.output.slice(2) }
      for (const { entry } of candidates(index, 'functions', place)) {
        const values = entry.outputs === null ? undefined : decodeParameters(entry.outputs, place.data)
        if (values !== undefined) return named(entry.outputs ?? [], values)
      }
      return undefined
    },
    error(frame) {
      const selector = selectorOf(frame.output)
      if (selector === undefined || frame.error === null) return undefined
      return choose('errors', { key: selector, address: frame.to, data: frame.output.slice(10) })
    },
    log(log) {
      const [topic, ...topics] = log.topics
      if (topic === undefined) return undefined
      return choose('events', { key: topic, address: log.address, data: log.data.slice(2), topics })
    },
  }
}

/** Calls without a selector: code to run, or a precompile's raw input. */
function isPlain({ type, to }: Frame): boolean {
  return type.startsWith('CREATE') || type === 'SELFDESTRUCT' || isPrecompile(to)
}

type Place = { key: Hex; address: Address | null; data: string; topics?: readonly Hex[] }

type Index = {
  bound: ReadonlyMap<Address, readonly Abi[]>
  abis: readonly Abi[]
  shipped: ReadonlyMap<Hex, Entry>
  sources: DecoderSources
}

function indexOf(sources: DecoderSources): Index {
  const bound = new Map<Address, Abi[]>()
  for (const { address, abi } of sources.abis ?? [])
    if (address !== null) bound.set(address, [...(bound.get(address) ?? []), abi])
  const shipped = new Map<Hex, Entry>()
  for (const text of [...sources.shipped.values(), ...BUILT_IN]) {
    const entry = entryOf(text)
    if (entry !== undefined) shipped.set(hashOfSignature(entry.signature).slice(0, 10) as Hex, entry)
  }
  for (const text of sources.shippedEvents ?? []) {
    const entry = entryOf(text)
    if (entry !== undefined) shipped.set(hashOfSignature(entry.signature), entry)
  }
  return { bound, abis: (sources.abis ?? []).map(({ abi }) => abi), shipped, sources }
}

/** The contract's own ABI first, then the other given ones: a proxy runs code that another contract's ABI describes. */
function* candidates(index: Index, kind: Kind, { key, address }: Place): Generator<Candidate> {
  const own = address === null ? [] : (index.bound.get(address) ?? [])
  for (const abi of [...own, ...index.abis])
    for (const entry of abi[kind].get(key) ?? []) yield { entry, source: 'given' }
  const shipped = index.shipped.get(key)
  if (shipped !== undefined) yield { entry: shipped, source: 'shipped' }
  for (const text of index.sources.tables?.get(key) ?? []) {
    const entry = entryOf(text)
    if (entry !== undefined && hashOfSignature(entry.signature).startsWith(key))
      yield { entry, source: 'table' }
  }
  const guess = kind === 'functions' && address !== null ? index.sources.guessed?.get(address) : undefined
  const types = guess?.get(key)
  const entry = types === undefined ? undefined : entryOf(`guessed${types}`)
  if (entry !== undefined) yield { entry, source: 'guessed' }
}

/** The first that fits exactly; otherwise the first that a person vouches for, with the part that could be read. */
function best(all: Iterable<Candidate>, place: Place): Decoded | undefined {
  let spare: Decoded | undefined
  for (const candidate of all) {
    const decoded = decodedAs(candidate, place)
    if (decoded.isExact) return decoded
    if (candidate.source === 'given' || candidate.source === 'shipped') spare ??= decoded
  }
  return spare
}

function decodedAs({ entry, source }: Candidate, place: Place): Decoded {
  const read = place.topics === undefined ? readData(entry, place) : readLog(entry, place, place.topics)
  const isGuess = source === 'guessed'
  return {
    source,
    name: isGuess ? null : entry.name,
    signature: isGuess ? entry.signature.replace(/^guessed/, place.key) : entry.signature,
    arguments: read === undefined ? null : named(entry.inputs, read.values),
    isExact: read?.isExact === true,
  }
}

type Read = { values: readonly AbiValue[]; isExact: boolean }

function readData({ inputs }: Entry, { data }: Place): Read | undefined {
  const values = decodeParameters(inputs, data)
  return values === undefined ? undefined : { values, isExact: encodeParameters(inputs, values) === data }
}

/**
 * Topics and data joined again. A signature alone does not show which inputs are indexed: they are assumed to be the
 * first ones, as is customary. A dynamic indexed argument has only its hash.
 */
function readLog(entry: Entry, { data }: Place, topics: readonly Hex[]): Read | undefined {
  const isIndexed = (i: number): boolean => entry.indexed?.[i] ?? i < topics.length
  const inTopics = entry.inputs.filter((_, i) => isIndexed(i)).map(asTopic)
  const inData = entry.inputs.filter((_, i) => !isIndexed(i))
  if (inTopics.length !== topics.length) return undefined
  const fromTopics = decodeParameters(inTopics, topics.map((topic) => topic.slice(2)).join(''))
  const fromData = readData({ ...entry, inputs: inData }, { key: '0x', address: null, data })
  if (fromTopics === undefined || fromData === undefined) return undefined
  let topic = 0
  let word = 0
  const values = entry.inputs.map((_, i) =>
    isIndexed(i) ? (fromTopics[topic++] ?? 0n) : (fromData.values[word++] ?? 0n),
  )
  return { values, isExact: fromData.isExact }
}

function asTopic(parameter: Parameter): Parameter {
  const { type } = parameter
  const isHashed = isDynamic(type) || type.kind === 'array' || type.kind === 'tuple'
  return isHashed ? { ...parameter, type: { kind: 'fixedBytes', size: 32 } } : parameter
}

function named(parameters: readonly Parameter[], values: readonly AbiValue[]): DecodedValue[] {
  return parameters.map((parameter, i) => ({ ...parameter, value: values[i] ?? 0n }))
}
