import type { Actor } from '../../model/actor.ts'
import type { Address } from '../../model/hex.ts'
import { FRESH_NONCE } from './accomplices.ts'
import { codeCreatedIn, LEAST_ALIKE, similarTo } from './alike.ts'
import type { ActorsOptions, Cast, Told } from './cast.ts'
import type { Cluster } from './clusters.ts'
import { fundersOf } from './funders.ts'
import type { Origin } from './known.ts'

type ProfileOptions = ActorsOptions & { told: Told; clusters: readonly Cluster[] }

/** An attacker is never certain by its history alone. */
const SUREST = 0.95
const MOST_INCIDENTS = 20

/** Adds to each actor its origin, its funders, the known code that it resembles and its other appearances. */
export function profiled(
  cast: readonly Cast[],
  options: ProfileOptions,
): { actors: Actor[]; unexplained: string[] } {
  const { known, investigated, told } = options
  const code = new Map([...known.code, ...codeCreatedIn([...known.before, ...investigated, ...known.near])])
  const unexplained: string[] = []
  const actors = cast.map((actor): Actor => {
    const { address, role } = actor
    const kind = told.contracts.has(address) ? 'contract' : 'account'
    const seenIn = incidentsOf(address, known.incidents)
    const began = beginningOf(told.origins.get(address))
    const seen = seenIn.length === 0 ? {} : { seenIn }
    if (role === 'victim' || role === 'beneficiary') return { ...actor, kind, ...began, ...seen }
    const { funders, isCut } = fundersOf(address, {
      payments: told.payments,
      labels: known.labels,
      own: ownOf(actor, options.clusters),
    })
    if (isCut) unexplained.push(`${address}: more funders than were followed`)
    const bytes = code.get(address)
    const alike = bytes === undefined ? [] : similarTo(bytes, known.attackersCode)
    return weighed(
      {
        ...actor,
        kind,
        ...began,
        ...seen,
        ...(funders.length === 0 ? {} : { funders }),
        ...(alike.length === 0 ? {} : { similarTo: alike }),
      },
      options,
    )
  })
  return { actors, unexplained }
}

function beginningOf(origin: Origin | undefined): Pick<Actor, 'deployer' | 'createdAt'> {
  const { deployer, createdAt } = origin ?? {}
  return {
    ...(deployer === undefined ? {} : { deployer }),
    ...(createdAt === undefined ? {} : { createdAt }),
  }
}

function ownOf({ address }: Cast, clusters: readonly Cluster[]): ReadonlySet<Address> {
  return clusters.find(({ members }) => members.has(address))?.members ?? new Set()
}

/** Its history as reasons; for an attacker each also adds a little confidence. */
function weighed(actor: Actor, { told, investigated }: ProfileOptions): Actor {
  const weights = [
    ...ofFreshness(actor, told.origins.get(actor.address), investigated[0]?.block ?? 0),
    ...ofFunders(actor),
    ...(actor.similarTo ?? []).map(
      ({ name, similarity }): Weight => [
        0.2,
        `its code is ${Math.round(similarity * 100)} % (±9) that of ${name}, from ${LEAST_ALIKE * 100} % on as detector preparation has it`,
      ],
    ),
    ...(actor.seenIn === undefined
      ? []
      : [[0.2, `on record in ${actor.seenIn.slice(0, 5).join(', ')}`] satisfies Weight]),
  ]
  const more = actor.role === 'attacker' ? weights.reduce((sum, [weight]) => sum + weight, 0) : 0
  const confidence =
    more === 0 ? actor.confidence : Math.max(actor.confidence, Math.min(SUREST, actor.confidence + more))
  return {
    ...actor,
    confidence: Math.round(confidence * 1_000) / 1_000,
    reasons: [...actor.reasons, ...weights.map(([, reason]) => reason)],
  }
}

type Weight = [number, string]

function ofFreshness({ kind }: Actor, origin: Origin | undefined, first: number): Weight[] {
  if (origin === undefined) return []
  const { nonce, createdAt, deployer } = origin
  if (kind === 'account')
    return nonce !== undefined && nonce <= FRESH_NONCE
      ? [[0.05, `fresh: it had sent ${nonce} transactions before the first that was read`]]
      : []
  if (createdAt === undefined) return []
  const age = first - createdAt.block
  const when = age <= 0 ? 'in the attack itself' : `${age} blocks before the attack`
  const by = deployer === undefined ? '' : ` by ${deployer}`
  return [[0, `created ${when}${by}, in ${createdAt.transactionHash}`]]
}

function ofFunders({ funders = [] }: Actor): Weight[] {
  return funders.slice(0, 6).map(({ from, to, asset, amount, transactionHash, hop, label }): Weight => {
    const who = label === undefined ? from : `${from} (${label.kind} ${label.name}, says ${label.source})`
    const whom = hop === 1 ? 'it' : to
    const weight = label?.kind === 'mixer' ? 0.1 : 0
    return [weight, `${who} paid ${whom} ${amount} of ${asset} in ${transactionHash}`]
  })
}

function incidentsOf(address: Address, incidents: ActorsOptions['known']['incidents']): string[] {
  return incidents
    .filter(({ actors }) => actors.includes(address))
    .map(({ id }) => id)
    .slice(0, MOST_INCIDENTS)
}
