import { z } from 'zod'
import type { Detector, DetectorInput } from '../../model/detector.ts'
import type { TransactionFacts } from '../../model/fact.ts'
import type { Finding } from '../../model/finding.ts'
import type { Address } from '../../model/hex.ts'
import { addressSchema } from '../../model/hex.ts'
import { actorCluster } from '../actors.ts'
import type { Claim } from '../claims.ts'
import { findingFrom } from '../claims.ts'

const options = z.strictObject({
  /** Mixers, sanctioned and other sources that should make one look (lists loaded from disk by the app). */
  sources: z.array(addressSchema).default([]),
  /** An account that has sent no more transactions than this is fresh. */
  freshNonce: z.number().int().min(0).default(3),
})
type Options = z.infer<typeof options>

/** account funded from a listed source → the source */
type Funded = Map<Address, Address>

const MOST_FUNDED = 20_000

/**
 * Preparation: a fresh account, or one funded from a listed source, deploys code that embeds the address of a protected
 * contract. An alert to look at, never a reason to act: searchers and integrators do the same.
 */
export const preparation: Detector<Funded, Options> = {
  id: 'preparation',
  title: 'Somebody deployed code that knows a protected contract',
  layer: 'preparation',
  needs: ['traces'],
  options,
  init: () => new Map(),
  snapshot: (funded) => new Map(funded),
  evaluate: (input, funded, options) =>
    input.facts.transactions.flatMap((tx) => evaluate(tx, { input, funded, options })),
}

type Work = { input: DetectorInput; funded: Funded; options: Options }

function evaluate(tx: TransactionFacts, { input, funded, options }: Work): Finding[] {
  const { scope, facts } = input
  noteFunding(tx, funded, new Set(options.sources))
  if (scope.kind !== 'contracts') return []
  const { from, nonce, frames } = tx.transaction
  const source = from === null ? undefined : funded.get(from)
  const isFresh = nonce !== null && nonce <= options.freshNonce
  if (!isFresh && source === undefined) return []
  const why = source === undefined ? `which has sent ${nonce} transactions before` : `funded by ${source}`
  const claims = frames.flatMap((frame): Claim[] => {
    if ((frame.type !== 'CREATE' && frame.type !== 'CREATE2') || frame.reverted || frame.to === null)
      return []
    const embedded = [...scope.addresses].filter((address) => frame.output.includes(address.slice(2)))
    const [first] = embedded
    if (first === undefined) return []
    return [
      {
        contract: first,
        victims: embedded.slice(1),
        confidence: source === undefined ? 0.3 : 0.5,
        categories: ['preparation'],
        statement: `${from}, ${why}, deployed ${frame.to}, whose code names ${embedded.join(', ')} (frame ${frame.index}).`,
        frames: [frame.index],
      },
    ]
  })
  const actors = actorCluster(tx, scope)
  const most = source === undefined ? 'low' : 'medium'
  return findingFrom(claims, { detector: 'preparation', tx, actors, scope, bundle: facts.bundle, most })
}

/** Funds from a listed source mark the receiver, and whom he funds from there. */
function noteFunding(tx: TransactionFacts, funded: Funded, sources: ReadonlySet<Address>): void {
  for (const fact of tx.facts) {
    if (fact.kind !== 'transfer' || fact.asset !== 'native') continue
    const source = sources.has(fact.from) ? fact.from : funded.get(fact.from)
    if (source === undefined || sources.has(fact.to)) continue
    funded.set(fact.to, source)
    if (funded.size > MOST_FUNDED) for (const oldest of funded.keys()) if (funded.delete(oldest)) break
  }
}
