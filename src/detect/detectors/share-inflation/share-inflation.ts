import { z } from 'zod'
import type { Asset } from '../../../model/block.ts'
import type { Detector, DetectorInput } from '../../../model/detector.ts'
import type { TransactionFacts } from '../../../model/fact.ts'
import type { AssetChange, Finding } from '../../../model/finding.ts'
import type { Address } from '../../../model/hex.ts'
import type { Claim } from '../../lib/claims.ts'
import { findingFrom } from '../../lib/claims.ts'
import { type Dealing, dealingOf } from './dealing.ts'
import { inflatedInOne } from './in-one.ts'

const options = z.strictObject({
  /** The minimum factor by which a share's price must have risen since the last dealing. */
  minTimes: z.number().int().min(2).default(2),
  /** Blocks after which a gift is forgotten. */
  memoryBlocks: z.number().int().min(1).default(50_000),
})
type Options = z.infer<typeof options>

type Gift = { from: Address; asset: Asset; amount: bigint; block: number }
/** The price of a share at the last dealing with the vault, and the gifts to the vault since then without a call. */
type Book = Pick<Dealing, 'share' | 'asset' | 'paid' | 'shares'> & { gifts: Gift[] }
type State = Map<Address, Book>

/** Maximum gifts remembered per vault; the oldest are forgotten first. */
const MOST_GIFTS = 32

/**
 * Share inflation: an account makes the shares of a vault many times more expensive by a gift to it, over any number of
 * transactions; then a saver receives almost no shares for a deposit, or the giver redeems at the new price. Interest
 * and rewards raise the price only slightly; an account that shares a profit with all savers gains nothing by it.
 */
export const shareInflation: Detector<State, Options> = {
  id: 'share-inflation',
  title: 'A gift made the shares of a vault many times dearer, and somebody dealt at that price',
  layer: 'pattern',
  everywhere: true,
  needs: ['traces'],
  pending: 'ignored',
  options,
  init: () => new Map(),
  stateVersion: 1,
  snapshot: (state) => structuredClone(state),
  evaluate(input, state, options) {
    const { scope, facts } = input
    if (scope.kind !== 'contracts') return []
    const findings: Finding[] = []
    for (const tx of facts.transactions) {
      if (tx.transaction.succeeded === false) continue
      for (const vault of vaultsIn(tx, scope.addresses))
        findings.push(...look({ tx, vault, state, options, input }))
    }
    return findings
  },
}

/** Protected contracts that an asset moved to or from, or that are the asset that moved. */
function vaultsIn({ facts }: TransactionFacts, watched: ReadonlySet<Address>): ReadonlySet<Address> {
  const vaults = new Set<Address>()
  for (const fact of facts) {
    if (fact.kind !== 'transfer') continue
    for (const address of [fact.from, fact.to, fact.asset])
      if (address !== 'native' && watched.has(address)) vaults.add(address)
  }
  return vaults
}

type Look = { tx: TransactionFacts; vault: Address; state: State; options: Options; input: DetectorInput }

function look(looked: Look): Finding[] {
  const { tx, vault, options, input } = looked
  const inOne = inflatedInOne({ tx, vault, scope: input.scope, minTimes: options.minTimes })
  if (inOne.length === 0) return lookAcross(looked)
  const givers = new Set(inOne.flatMap((claim) => claim.givers))
  const actors = tx.transaction.from === null ? givers : new Set([tx.transaction.from, ...givers])
  const { scope, facts } = input
  return findingFrom(inOne, { detector: 'share-inflation', tx, actors, scope, bundle: facts.bundle })
}

/** Over any number of transactions: compares this transaction with what is remembered of the vault. */
function lookAcross({ tx, vault, state, options, input }: Look): Finding[] {
  const block = input.facts.bundle.number
  const { dealing, gifts } = dealingOf(tx, vault)
  const book = state.get(vault)
  const claim =
    book === undefined || dealing === undefined
      ? undefined
      : judge({ tx, vault, book, dealing, options, block })
  if (claim === undefined && dealing !== undefined) remember(state, vault, dealing)
  const kept = state.get(vault)
  if (kept !== undefined)
    kept.gifts = [...kept.gifts, ...gifts.map((gift) => ({ ...gift, block }))]
      .filter(({ asset }) => asset === kept.asset)
      .slice(-MOST_GIFTS)
  if (claim === undefined) return []
  const { scope, facts } = input
  const actors = new Set(claim.givers)
  const found = findingFrom([claim], { detector: 'share-inflation', tx, actors, scope, bundle: facts.bundle })
  // part of the vault's payment was the giver's own: only the others' part is lost
  return found.map((finding) => ({ ...finding, loss: claim.amounts }))
}

function remember(state: State, vault: Address, { share, asset, paid, shares }: Dealing): void {
  state.set(vault, { share, asset, paid, shares, gifts: [] })
}

type Judged = Claim & { givers: Address[]; amounts: AssetChange[] }

type Case = {
  tx: TransactionFacts
  vault: Address
  book: Book
  dealing: Dealing
  options: Options
  block: number
}

function judge({ tx, vault, book, dealing, options, block }: Case): Judged | undefined {
  const { share, asset, paid, shares, side, account } = dealing
  const gifts = book.gifts.filter(
    (gift) => gift.asset === asset && gift.block + options.memoryBlocks >= block,
  )
  // paid / shares against book.paid / book.shares
  if (asset !== book.asset || share !== book.share) return undefined
  if (paid * book.shares < book.paid * shares * BigInt(options.minTimes)) return undefined
  const given = gifts.reduce((sum, { amount }) => sum + amount, 0n)
  const atOldPrice = (shares * book.paid) / book.shares
  // a gift too small to explain it: the price has another cause
  if (given * 4n < paid - atOldPrice) return undefined
  const givers = [...new Set(gifts.map(({ from }) => from))]
  if (side === 'deposit')
    return givers.includes(account)
      ? undefined
      : {
          ...shared({ vault, givers, tx, frames: dealing.frames }),
          victims: [account],
          confidence: 0.75,
          statement: `${account} paid ${paid} of ${asset} into ${vault} for ${shares} of ${share}, which cost ${atOldPrice} of ${asset} before ${givers.join(', ')} gave it ${given} of ${asset} without a deposit.`,
          amounts: [{ account, asset, amount: paid - atOldPrice }],
        }
  const isByGiver = givers.some((giver) => tx.transaction.from === giver || dealing.parties.has(giver))
  const gain = paid - atOldPrice - given
  if (!isByGiver || gain <= 0n) return undefined
  return {
    ...shared({ vault, givers: [...new Set([...givers, ...dealing.parties])], tx, frames: dealing.frames }),
    victims: [],
    confidence: 0.87,
    statement: `${shares} of ${share} were cashed in for ${paid} of ${asset}; they cost ${atOldPrice} of ${asset} before ${givers.join(', ')} gave ${vault} ${given} of ${asset} without a deposit: ${gain} of ${asset} is other savers’.`,
    amounts: [{ account: vault, asset, amount: gain }],
  }
}

type Shared = { vault: Address; givers: Address[]; tx: TransactionFacts; frames: readonly number[] }

function shared({ vault, givers, tx, frames }: Shared) {
  const { from } = tx.transaction
  const parties = from !== null && givers.includes(from) ? [from, ...givers] : givers
  return { contract: vault, categories: ['donation'] as const, frames, givers: [...new Set(parties)] }
}
