import type { Rpc } from '../../chain/rpc/rpc.ts'
import type { Clock } from '../../kit/clock.ts'
import type { Config } from '../../model/config.ts'
import type { StandingAuthorisation } from '../../model/containment.ts'
import type { Address, Hash } from '../../model/hex.ts'
import type { Incident } from '../../model/incident.ts'
import {
  countActions,
  findRevocation,
  listAuthorisations,
  lockAuthorisation,
} from '../../store/authorisations.ts'
import { installationOf } from '../../store/installation.ts'
import type { Store } from '../../store/store.ts'
import { type AuthorisationContext, authorisationHash } from './authorise.ts'
import { isContractSignature } from './contract-signature.ts'

/** The authorisations of the configuration and those stored with `cordon levers authorize`, each once. */
export async function allAuthorisations(
  store: Store,
  { authorisations }: Pick<Config, 'authorisations'>,
): Promise<StandingAuthorisation[]> {
  const all = [...authorisations, ...(await listAuthorisations(store))]
  const byWord = new Map(all.map((one) => [`${authorisationHash(one)}:${one.signer}`, one]))
  return [...byWord.values()]
}

/** The accounts that may authorise Cordon to act alone. */
export function mayAuthorise({ roles }: Pick<Config, 'roles'>): Address[] {
  const people = [...(roles.guardian ?? []), ...(roles['incident-leader'] ?? [])]
  return people.flatMap(({ address }) => address ?? [])
}

/**
 * The installation whose signatures count about an incident: this one; null in a drill, whose signatures count nowhere
 * else.
 */
export async function installationFor(
  store: Store,
  { kind }: Pick<Incident, 'kind'>,
): Promise<string | null> {
  return kind === 'drill' ? null : installationOf(store)
}

export type StandingSources = {
  /** Inside a transaction the authorisation in question is locked until its end. */
  store: Store
  clock: Clock
  config: Pick<Config, 'roles'>
  /** Verifies signatures of contracts. */
  rpc: Rpc
  installation: string | null
  /** A plan that does not count as a separate action. */
  exceptPlanId?: string
}

/** The inputs that decide whether an authorisation holds, read on each request and never cached. */
export function authorisationContext(sources: StandingSources): AuthorisationContext {
  const { store, clock, config, rpc, installation, exceptPlanId = '' } = sources
  return {
    installation,
    mayAuthorise: mayAuthorise(config),
    revocationOf: (hash) => revocationText(store, hash),
    async actionsSoFar(hash) {
      if (store.client !== null) await lockAuthorisation(store, hash)
      return countActions(store, { hash, exceptPlanId })
    },
    isContractSignature: (signer, hash, signature) => isContractSignature(rpc, { signer, hash, signature }),
    now: Math.floor(clock.now() / 1_000),
  }
}

async function revocationText(store: Store, hash: Hash): Promise<string | undefined> {
  const revocation = await findRevocation(store, hash)
  if (revocation === undefined) return undefined
  return `it was revoked by ${revocation.author} at ${new Date(revocation.revokedAt).toISOString()}`
}
