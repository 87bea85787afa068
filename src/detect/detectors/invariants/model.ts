import { z } from 'zod'
import { type Address, addressSchema } from '../../../model/hex.ts'
import { NO_TRIALS, type Trials } from './support.ts'

const count = z.number().int().min(0)
const seenSchema = z.object({ times: count, first: count, last: count }).readonly()
/** How often an item was seen, and the first and last block. */
export type Seen = z.infer<typeof seenSchema>

const functionSchema = z.object({ times: count, first: count, last: count, direct: count }).readonly()
/** A function: how often it was called, and how often directly by the sender of the transaction. */
export type FunctionSeen = z.infer<typeof functionSchema>

const rangeSchema = z.object({ times: count, first: count, last: count, most: z.number().min(0) }).readonly()
/** The largest value of a quantity. */
export type Range = z.infer<typeof rangeSchema>

/** Kinds of invariant. `step`: which functions follow one another; `function`: which are called at all. */
export const families = ['step', 'function', 'caller', 'range'] as const
export type Family = (typeof families)[number]

/** Fields that a recording may lack, and that an invariant requires for learning. */
export const fields = ['senders', 'storage', 'values', 'gas', 'tokens'] as const
export type Field = (typeof fields)[number]

const trialsSchema = z.object({ asked: z.number().min(0), broken: z.number().min(0) }).readonly()

/**
 * New things so far, and how often. `sums`: transactions by the sum of their surprises, a quarter of a decade a bin;
 * `through`: by whether a contract called; then new functions by class, and contracts where only senders called.
 */
const noveltySchema = z.strictObject({
  sums: z.array(z.number().min(0)).readonly(),
  through: trialsSchema,
  alone: trialsSchema,
  within: trialsSchema,
  elsewhere: trialsSchema,
  callers: trialsSchema,
})
export type NoveltyRecord = Readonly<z.infer<typeof noveltySchema>>
const NO_RECORD: NoveltyRecord = {
  sums: [],
  through: NO_TRIALS,
  alone: NO_TRIALS,
  within: NO_TRIALS,
  elsewhere: NO_TRIALS,
  callers: NO_TRIALS,
}

function mapOf<T extends z.ZodType>(value: T) {
  return z.record(z.string(), value).transform((record) => new Map(Object.entries(record)))
}

const protocolSchema = z.strictObject({
  name: z.string().min(1),
  addresses: z.array(addressSchema).transform((list): Set<Address> => new Set(list)),
  transactions: count,
  reads: count,
  clones: count,
  alarmed: count,
  first: count,
  last: count,
  functions: mapOf(functionSchema),
  steps: mapOf(seenSchema),
  ranges: mapOf(rangeSchema),
  held: mapOf(count),
  doubles: count,
  latest: z.object({ block: count, accounts: z.array(addressSchema).readonly() }).readonly(),
  trials: z.record(z.enum(families), trialsSchema),
  alarms: trialsSchema,
  recorded: z.record(z.enum(fields), count),
  /** Missing in version 1: then the surprises of other protocols alone are the measure at first. */
  novelty: noveltySchema.default(NO_RECORD),
})

/** The learned model in its file format: versioned, so that an older Cordon refuses a newer file. */
export const modelSchema = z.strictObject({
  format: z.literal('cordon-invariants'),
  version: z.union([z.literal(1), z.literal(2)]),
  protocols: z.array(protocolSchema),
})
export type ModelFile = z.input<typeof modelSchema>

/**
 * The learned data about one protocol. The maps are bounded and ordered by last use; their values are never changed in
 * place, so a snapshot copies maps only.
 */
export type ProtocolModel = {
  name: string
  addresses: ReadonlySet<Address>
  /** Transactions learned from: with changes, with reads only, and with its code run for others. */
  transactions: number
  reads: number
  clones: number
  /** Transactions that raised an alarm: counted, not learned from. */
  alarmed: number
  /** First and last block learned from. */
  first: number
  last: number
  /** `address:selector` → … */
  functions: Map<string, FunctionSeen>
  /** `selector>selector` → … */
  steps: Map<string, Seen>
  /** quantity → … */
  ranges: Map<string, Range>
  /** step under alarm → block of the first alarm */
  held: Map<string, number>
  /** How often one account acted twice in a block. */
  doubles: number
  /** The accounts that acted in the latest block. */
  latest: { readonly block: number; readonly accounts: readonly Address[] }
  trials: Record<Family, Trials>
  /** How often something that was not reported before raised an alarm. */
  alarms: Trials
  /** field → transactions in which it was recorded */
  recorded: Record<Field, number>
  /** Replaced, never changed in place. */
  novelty: NoveltyRecord
}

export function emptyProtocol(name: string, addresses: Iterable<Address>): ProtocolModel {
  return {
    name,
    addresses: new Set(addresses),
    transactions: 0,
    reads: 0,
    clones: 0,
    alarmed: 0,
    first: 0,
    last: 0,
    functions: new Map(),
    steps: new Map(),
    ranges: new Map(),
    held: new Map(),
    doubles: 0,
    latest: { block: 0, accounts: [] },
    trials: { step: NO_TRIALS, function: NO_TRIALS, caller: NO_TRIALS, range: NO_TRIALS },
    alarms: NO_TRIALS,
    recorded: { senders: 0, storage: 0, values: 0, gas: 0, tokens: 0 },
    novelty: NO_RECORD,
  }
}

export function copyProtocol(protocol: ProtocolModel): ProtocolModel {
  return {
    ...protocol,
    addresses: new Set(protocol.addresses),
    functions: new Map(protocol.functions),
    steps: new Map(protocol.steps),
    ranges: new Map(protocol.ranges),
    held: new Map(protocol.held),
    trials: { ...protocol.trials },
    recorded: { ...protocol.recorded },
  }
}

/** All transactions that the model has seen without an alarm. */
export function historyOf({ transactions, reads, clones, first, last }: ProtocolModel): Seen {
  return { times: transactions + reads + clones, first, last }
}

/** The model as plain JSON, which {@link modelSchema} reads back. */
export function saveModel(protocols: readonly ProtocolModel[]): ModelFile {
  return {
    format: 'cordon-invariants',
    version: 2,
    protocols: protocols.map((protocol) => ({
      ...protocol,
      addresses: [...protocol.addresses],
      functions: Object.fromEntries(protocol.functions),
      steps: Object.fromEntries(protocol.steps),
      ranges: Object.fromEntries(protocol.ranges),
      held: Object.fromEntries(protocol.held),
    })),
  }
}

/** Maximum entries per map; the one unused for longest is forgotten first. */
const MOST = { functions: 2_000, steps: 4_000, ranges: 4_000, held: 500 }

export function remember<T>(
  protocol: ProtocolModel,
  map: keyof typeof MOST,
  entry: readonly [key: string, value: T],
): void {
  const target = protocol[map] as Map<string, T>
  target.delete(entry[0])
  target.set(...entry)
  if (target.size > MOST[map]) for (const oldest of target.keys()) return void target.delete(oldest)
}

/** Adds a sighting in a block. */
export function seenAgain(known: Seen | undefined, block: number): Seen {
  return known === undefined
    ? { times: 1, first: block, last: block }
    : { times: known.times + 1, first: known.first, last: block }
}
