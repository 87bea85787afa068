import type { ContainmentPlan, StandingAuthorisation } from '../../model/containment.ts'
import type { Address, Hash, Hex } from '../../model/hex.ts'
import { typedDataHash } from '../signers/signer.ts'
import { isSignedBy } from './canonical.ts'
import { domainOf, otherInstallation } from './domain.ts'

const TYPES = {
  StandingAuthorisation: [
    { name: 'chainId', type: 'uint256' },
    { name: 'targets', type: 'address[]' },
    { name: 'selectors', type: 'bytes4[]' },
    { name: 'maxActions', type: 'uint256' },
    { name: 'validFrom', type: 'uint256' },
    { name: 'validUntil', type: 'uint256' },
  ],
} as const

/** The terms that a person signs to let Cordon act alone. */
export type AuthorisationTerms = Omit<StandingAuthorisation, 'signer' | 'signature' | 'installation'> & {
  installation?: string | null | undefined
}

/** The EIP-712 message of a standing authorisation. */
export function authorisationTypedData(terms: AuthorisationTerms) {
  return {
    domain: domainOf(terms),
    types: TYPES,
    primaryType: 'StandingAuthorisation',
    message: {
      chainId: BigInt(terms.chainId),
      targets: terms.targets,
      selectors: terms.selectors,
      maxActions: BigInt(terms.maxActions),
      validFrom: BigInt(terms.validFrom),
      validUntil: BigInt(terms.validUntil),
    },
  } as const
}

/**
 * The identity by which an authorisation is counted and revoked: the hash of the message, independent of the signer and
 * the form of the signature.
 */
export function authorisationHash(terms: AuthorisationTerms): Hash {
  return typedDataHash(authorisationTypedData(terms))
}

export type AuthorisationContext = {
  /** The installation whose authorisations count; null in a drill. */
  installation: string | null
  /** The accounts that may give such an authorisation: the guardians and incident leaders of the config. */
  mayAuthorise: readonly Address[]
  /** When it was revoked and by whom, for people; undefined where it was not. */
  revocationOf: (hash: Hash) => Promise<string | undefined>
  /** Plans that were signed under it, other than the one being judged. */
  actionsSoFar: (hash: Hash) => Promise<number>
  /** Whether a contract, for example a Safe, accepts this as its own signature (EIP-1271). */
  isContractSignature: (signer: Address, hash: Hash, signature: Hex) => Promise<boolean>
  /** Seconds since the epoch. */
  now: number
}

export type AuthoriseOptions = AuthorisationContext & {
  plan: ContainmentPlan
  authorisations: readonly StandingAuthorisation[]
}

export type AuthorisationVerdict =
  | { allowed: true; by: Address; hash: Hash; left: number; terms: StandingAuthorisation }
  | { allowed: false; reasons: string[] }

/**
 * Whether Cordon may pull this plan's lever alone: some standing authorisation must cover chain, target and selector,
 * be for this installation, in force, not revoked, not used up, and be validly signed by a person who may give it.
 * Every refusal gives the reason.
 */
export async function authorise(options: AuthoriseOptions): Promise<AuthorisationVerdict> {
  const { authorisations, plan } = options
  const reasons: string[] = []
  for (const authorisation of authorisations) {
    const outside = uncoveredBy(authorisation, plan)
    const standing = outside === undefined ? await standingOf(authorisation, options) : undefined
    if (standing?.holds === true) {
      const { hash, left } = standing
      return { allowed: true, by: authorisation.signer, hash, left, terms: authorisation }
    }
    reasons.push(outside ?? standing?.reason ?? '')
  }
  if (reasons.length === 0) reasons.push('there is no standing authorisation')
  return { allowed: false, reasons: [...new Set(reasons)] }
}

/** Why a plan is outside the bounds of an authorisation; undefined where it is within. */
function uncoveredBy(terms: StandingAuthorisation, { lever }: ContainmentPlan): string | undefined {
  const selector = lever.calldata.slice(0, 10)
  if (terms.chainId !== lever.chainId)
    return `it is for chain ${terms.chainId}, the plan for chain ${lever.chainId}`
  if (!terms.targets.includes(lever.target)) return `it does not name the target ${lever.target}`
  if (!terms.selectors.some((item) => item === selector)) return `it does not name the function ${selector}`
  return undefined
}

/** The standing of an authorisation, independent of its use. `left`: the actions that it still allows. */
export type AuthorisationStanding =
  | { holds: true; hash: Hash; left: number }
  | { holds: false; hash: Hash; reason: string }

/** Whether an authorisation is in force here and now, and for how many actions. */
export async function standingOf(
  authorisation: StandingAuthorisation,
  context: AuthorisationContext,
): Promise<AuthorisationStanding> {
  const hash = authorisationHash(authorisation)
  const reason = await invalidityOf(authorisation, hash, context)
  if (reason !== undefined) return { holds: false, hash, reason }
  const left = authorisation.maxActions - (await context.actionsSoFar(hash))
  // read after the count, which waits for a revocation in progress
  const revocation = await context.revocationOf(hash)
  if (revocation !== undefined) return { holds: false, hash, reason: revocation }
  if (left <= 0) return { holds: false, hash, reason: `its ${authorisation.maxActions} actions are used up` }
  return { holds: true, hash, left }
}

const AGAIN = 'cordon levers authorize'

async function invalidityOf(
  { signer, signature, ...terms }: StandingAuthorisation,
  hash: Hash,
  { installation, mayAuthorise, isContractSignature, now }: AuthorisationContext,
): Promise<string | undefined> {
  const other = otherInstallation({ named: terms.installation, installation }, AGAIN)
  if (other !== undefined) return other
  if (now < terms.validFrom) return `it is valid only from ${iso(terms.validFrom)}`
  if (now >= terms.validUntil) return `it expired at ${iso(terms.validUntil)}`
  if (!mayAuthorise.includes(signer)) return `${signer} is neither guardian nor incident leader in the config`
  const isTrue =
    (await isSignedBy(signer, hash, signature)) || (await isContractSignature(signer, hash, signature))
  return isTrue ? undefined : `its signature is not ${signer}’s over these terms`
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}
