import { z } from 'zod'
import type { Frame } from '../../../model/block.ts'
import type { Detector, DetectorInput } from '../../../model/detector.ts'
import type { TransactionFacts } from '../../../model/fact.ts'
import type { Finding } from '../../../model/finding.ts'
import { givenAddressSchema } from '../../../model/given-address.ts'
import { type Address, hexSchema } from '../../../model/hex.ts'
import { type Likeness, type MinHash, minHash, nearest } from '../../../model/minhash.ts'
import { actorCluster } from '../../lib/actors.ts'
import type { Claim } from '../../lib/claims.ts'
import { findingFrom } from '../../lib/claims.ts'

const attackerSchema = z.strictObject({ name: z.string().min(1).max(100), code: hexSchema })

const options = z.strictObject({
  /** Mixers, sanctioned and other suspicious sources: addresses, or a file with one per line. */
  sources: z.array(givenAddressSchema).default([]),
  /** Runtime code of known attackers' contracts: a list, or a JSON file with one. */
  attackers: z.array(attackerSchema).max(10_000).default([]),
  /** Share of common opcode shingles from which code counts as a copy. */
  minSimilarity: z.number().min(0.5).max(1).default(0.8),
  /** An account that has sent at most this many transactions is fresh. */
  freshNonce: z.number().int().min(0).default(3),
})
type Options = z.infer<typeof options>

type Known = { name: string; minHash: MinHash }
type State = {
  /** account funded from a listed source → the source */
  funded: Map<Address, Address>
  listed: readonly Known[]
  /** Contracts created in transactions that other detectors suspected, the oldest first. */
  seen: Known[]
}

const MOST_FUNDED = 20_000
const MOST_SEEN = 500

/**
 * Preparation: a fresh account, or one funded from a listed source, deploys code that embeds the address of a protected
 * contract; or any account deploys a near copy of a known attacker's contract (MinHash over opcode shingles), known
 * from a list or from an attack seen here. An alert to review, never a reason to act: searchers and integrators do the
 * same.
 */
export const preparation: Detector<State, Options> = {
  id: 'preparation',
  title: 'Somebody deployed code that knows a protected contract, or a copy of an attacker’s',
  layer: 'preparation',
  needs: ['traces'],
  learns: true,
  options,
  files: {
    sources: { format: 'addresses', shipped: 'rules/lists/sources.txt' },
    attackers: { format: 'json' },
  },
  init: ({ attackers }) => ({
    funded: new Map(),
    seen: [],
    listed: attackers.flatMap(({ name, code }) => knownAs(name, minHash(code))),
  }),
  stateVersion: 1,
  snapshot: ({ funded, listed, seen }) => ({ funded: new Map(funded), listed, seen: [...seen] }),
  evaluate: (input, state, options) =>
    input.facts.transactions.flatMap((tx) => evaluate(tx, { input, state, options })),
}

type Work = { input: DetectorInput; state: State; options: Options }

function knownAs(name: string, hash: MinHash | null): Known[] {
  return hash === null ? [] : [{ name, minHash: hash }]
}

function evaluate(tx: TransactionFacts, work: Work): Finding[] {
  const { input, state, options } = work
  noteFunding(tx, state.funded, new Set(options.sources))
  const created = tx.transaction.frames.filter(isCreation)
  if (created.length === 0) return []
  const claims = [...embedded(tx, created, work), ...copies(tx, created, work)]
  if (input.suspects.has(tx.transaction.hash)) remember(created, state)
  const source = tx.transaction.from === null ? undefined : state.funded.get(tx.transaction.from)
  const isLoud = source !== undefined || claims.some(({ confidence }) => confidence >= 0.5)
  return findingFrom(claims, {
    detector: 'preparation',
    tx,
    actors: actorCluster(tx, input.scope),
    scope: input.scope,
    bundle: input.facts.bundle,
    most: isLoud ? 'medium' : 'low',
  })
}

type Creation = Frame & { to: Address }

function isCreation(frame: Frame): frame is Creation {
  return (frame.type === 'CREATE' || frame.type === 'CREATE2') && !frame.reverted && frame.to !== null
}

/** Code of a fresh account, or one from a listed source, that names a protected contract. */
function embedded(tx: TransactionFacts, created: readonly Creation[], work: Work): Claim[] {
  const { from, nonce } = tx.transaction
  const { input, state, options } = work
  const { scope } = input
  const source = from === null ? undefined : state.funded.get(from)
  const isFresh = nonce !== null && nonce <= options.freshNonce
  if (scope.kind !== 'contracts' || (!isFresh && source === undefined)) return []
  const why = source === undefined ? `which has sent ${nonce} transactions before` : `funded by ${source}`
  return created.flatMap((frame): Claim[] => {
    const [first, ...others] = [...scope.addresses].filter((address) =>
      frame.output.includes(address.slice(2)),
    )
    if (first === undefined) return []
    return [
      {
        contract: first,
        victims: others,
        confidence: source === undefined ? 0.3 : 0.5,
        categories: ['preparation'],
        statement: `${from}, ${why}, deployed ${frame.to}, whose code names ${[first, ...others].join(', ')} (frame ${frame.index}).`,
        frames: [frame.index],
      },
    ]
  })
}

/** Near copies of known attackers' code, by any deployer. */
function copies(tx: TransactionFacts, created: readonly Creation[], { state, options }: Work): Claim[] {
  const known = [...state.listed, ...state.seen]
  if (known.length === 0) return []
  return created.flatMap((frame): Claim[] => {
    const like: Likeness<Known> | undefined = nearest(frame.output, known)
    if (like === undefined || like.similarity < options.minSimilarity) return []
    const percent = Math.round(100 * like.similarity)
    return [
      {
        contract: frame.to,
        victims: [],
        confidence: 0.5,
        categories: ['preparation'],
        statement: `${tx.transaction.from ?? 'somebody'} deployed ${frame.to}, whose code is ${percent} % (±9) that of ${like.item.name} (frame ${frame.index}).`,
        frames: [frame.index],
      },
    ]
  })
}

/** Code that an attacker deployed in an attack seen here is known from then on. */
function remember(created: readonly Creation[], { seen }: State): void {
  for (const { to, output } of created) {
    seen.push(...knownAs(`${to}, deployed in an attack seen here`, minHash(output)))
    if (seen.length > MOST_SEEN) seen.shift()
  }
}

/** Funds from a listed source mark the receiver, and the accounts that it funds in turn. */
function noteFunding(tx: TransactionFacts, funded: State['funded'], sources: ReadonlySet<Address>): void {
  for (const fact of tx.facts) {
    if (fact.kind !== 'transfer' || fact.asset !== 'native') continue
    const source = sources.has(fact.from) ? fact.from : funded.get(fact.from)
    if (source === undefined || sources.has(fact.to)) continue
    funded.set(fact.to, source)
    if (funded.size > MOST_FUNDED) for (const oldest of funded.keys()) if (funded.delete(oldest)) break
  }
}
